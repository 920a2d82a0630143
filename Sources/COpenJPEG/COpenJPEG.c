#include "COpenJPEG.h"

#ifdef ROENTGEN_HTJ2K
#if __has_include(<openjpeg.h>)
#include <openjpeg.h>
#elif __has_include(<openjpeg-2.5/openjpeg.h>)
#include <openjpeg-2.5/openjpeg.h>
#elif __has_include(<openjpeg-2.6/openjpeg.h>)
#include <openjpeg-2.6/openjpeg.h>
#else
#error "the trait HTJ2K needs libopenjp2 2.5: apt-get install libopenjp2-7-dev, or brew install openjpeg"
#endif
#include <string.h>

// Bytes in memory and the place that was reached.
typedef struct {
  const uint8_t *bytes;
  size_t count, position;
} memory;

static OPJ_SIZE_T read_bytes(void *target, OPJ_SIZE_T count, void *user) {
  memory *m = user;
  size_t left = m->count - m->position;
  if (left == 0) return (OPJ_SIZE_T)-1;
  if (count > left) count = left;
  memcpy(target, m->bytes + m->position, count);
  m->position += count;
  return count;
}

static OPJ_OFF_T skip_bytes(OPJ_OFF_T count, void *user) {
  memory *m = user;
  if (count < 0) return -1;
  size_t left = m->count - m->position;
  if ((uint64_t)count > left) count = (OPJ_OFF_T)left;
  m->position += (size_t)count;
  return count;
}

static OPJ_BOOL seek_bytes(OPJ_OFF_T place, void *user) {
  memory *m = user;
  if (place < 0 || (uint64_t)place > m->count) return OPJ_FALSE;
  m->position = (size_t)place;
  return OPJ_TRUE;
}

typedef struct {
  char *text;
  size_t count;
} note;

static void keep_message(const char *text, void *user) {
  note *n = user;
  if (n->count == 0 || n->text[0] != 0) return;
  size_t length = strcspn(text, "\n");
  if (length >= n->count) length = n->count - 1;
  memcpy(n->text, text, length);
  n->text[length] = 0;
}

static int matches(const opj_image_t *image, const rg_opj_header *h) {
  for (uint32_t c = 0; c < h->components; c++) {
    const opj_image_comp_t *part = &image->comps[c];
    if (part->w != h->width || part->h != h->height) return 0;
    if (part->prec != h->precision || (part->sgnd != 0) != h->is_signed) return 0;
  }
  return 1;
}

int rg_opj_decode(const uint8_t *bytes, size_t count, uint32_t width, uint32_t height,
                  uint32_t components, rg_opj_header *header, int32_t *samples, char *message,
                  size_t message_count) {
  memory source = {bytes, count, 0};
  note words = {message, message_count};
  if (message_count > 0) message[0] = 0;
  int is_file = count >= 12 && memcmp(bytes + 4, "jP  ", 4) == 0;
  opj_codec_t *codec = opj_create_decompress(is_file ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K);
  opj_stream_t *stream = opj_stream_create(1 << 16, OPJ_TRUE);
  opj_image_t *image = NULL;
  int result = 1;
  if (codec == NULL || stream == NULL) goto end;
  opj_stream_set_user_data(stream, &source, NULL);
  opj_stream_set_user_data_length(stream, count);
  opj_stream_set_read_function(stream, read_bytes);
  opj_stream_set_skip_function(stream, skip_bytes);
  opj_stream_set_seek_function(stream, seek_bytes);
  opj_set_error_handler(codec, keep_message, &words);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  if (!opj_setup_decoder(codec, &parameters)) goto end;
  if (!opj_read_header(stream, codec, &image) || image->numcomps == 0) goto end;
  header->width = image->x1 - image->x0;
  header->height = image->y1 - image->y0;
  header->components = image->numcomps;
  header->precision = image->comps[0].prec;
  header->is_signed = image->comps[0].sgnd != 0;
  if (header->width != width || header->height != height || header->components != components) {
    result = 2;
    goto end;
  }
  if (samples == NULL) {
    result = 0;
    goto end;
  }
  if (!opj_decode(codec, stream, image) || !opj_end_decompress(codec, stream)) goto end;
  // Subsampled components and those of unlike depth are not what DICOM's HTJ2K may hold.
  if (!matches(image, header)) goto end;
  for (uint32_t c = 0; c < components; c++) {
    const int32_t *from = image->comps[c].data;
    if (from == NULL) goto end;
    for (size_t i = 0; i < (size_t)width * height; i++) samples[i * components + c] = from[i];
  }
  result = 0;
end:
  if (image != NULL) opj_image_destroy(image);
  if (stream != NULL) opj_stream_destroy(stream);
  if (codec != NULL) opj_destroy_codec(codec);
  return result;
}
#endif
