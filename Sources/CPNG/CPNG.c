#include "CPNG.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

const char *cpng_version(void) { return png_get_libpng_ver(0); }

void cpng_free(uint8_t *bytes) { free(bytes); }

/// Everything that a call needs after a `longjmp`: it lives outside the jumping frame.
typedef struct {
  jmp_buf jump;
  char *message;
  // Reading.
  const uint8_t *data;
  size_t size;
  size_t place;
  // Writing.
  uint8_t *bytes;
  size_t used;
  size_t capacity;
} state;

static void fail(png_structp png, png_const_charp text) {
  state *s = (state *)png_get_error_ptr(png);
  strncpy(s->message, text, CPNG_MESSAGE_SIZE - 1);
  s->message[CPNG_MESSAGE_SIZE - 1] = 0;
  longjmp(s->jump, 1);
}

static void ignore(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void take(png_structp png, png_bytep out, size_t count) {
  state *s = (state *)png_get_io_ptr(png);
  if (count > s->size - s->place) png_error(png, "the file ends too early");
  memcpy(out, s->data + s->place, count);
  s->place += count;
}

static void give(png_structp png, png_bytep in, size_t count) {
  state *s = (state *)png_get_io_ptr(png);
  if (count > s->capacity - s->used) {
    size_t wanted = s->capacity * 2;
    if (wanted < s->used + count) wanted = s->used + count;
    uint8_t *more = realloc(s->bytes, wanted);
    if (more == NULL) png_error(png, "out of memory");
    s->bytes = more;
    s->capacity = wanted;
  }
  memcpy(s->bytes + s->used, in, count);
  s->used += count;
}

static void flush(png_structp png) { (void)png; }

/// Reads up to the header and sets the conversions that `cpng_header` tells.
static void read_header(png_structp png, png_infop info, state *s, cpng_header *header) {
  png_set_read_fn(png, s, take);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  png_set_chunk_cache_max(png, 1000);
  png_set_chunk_malloc_max(png, 8000000);
  png_read_info(png, info);
  header->width = png_get_image_width(png, info);
  header->height = png_get_image_height(png, info);
  header->stored_bit_depth = png_get_bit_depth(png, info);
  header->stored_color_type = png_get_color_type(png, info);
  header->is_interlaced = png_get_interlace_type(png, info) != PNG_INTERLACE_NONE;
  header->x_per_meter = png_get_x_pixels_per_meter(png, info);
  header->y_per_meter = png_get_y_pixels_per_meter(png, info);
  png_set_expand(png);
  const uint16_t one = 1;
  if (*(const uint8_t *)&one == 1 && header->stored_bit_depth == 16) png_set_swap(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  header->bit_depth = png_get_bit_depth(png, info);
  header->channels = png_get_channels(png, info);
  header->row_bytes = png_get_rowbytes(png, info);
}

/// One reading, of the header only where `pixels` is NULL.
static int read_png(state *s, cpng_header *header, uint8_t *pixels, size_t row_bytes) {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, s, fail, ignore);
  png_infop info = png == NULL ? NULL : png_create_info_struct(png);
  if (info == NULL) {
    png_destroy_read_struct(&png, NULL, NULL);
    strcpy(s->message, "out of memory");
    return 1;
  }
  png_structp volatile keptPNG = png;
  png_infop volatile keptInfo = info;
  int status = setjmp(s->jump);
  if (status == 0) {
    read_header(png, info, s, header);
    if (pixels != NULL) {
      if (header->row_bytes != row_bytes) png_error(png, "the header changed between readings");
      int passes = header->is_interlaced ? 7 : 1;
      for (int pass = 0; pass < passes; pass++)
        for (uint32_t y = 0; y < header->height; y++)
          png_read_row(png, pixels + (size_t)y * row_bytes, NULL);
      png_read_end(png, NULL);
    }
  }
  png = keptPNG;
  info = keptInfo;
  png_destroy_read_struct(&png, &info, NULL);
  return status != 0;
}

int cpng_read_header(const uint8_t *data, size_t size, cpng_header *header, char *message) {
  state s = {.message = message, .data = data, .size = size};
  memset(header, 0, sizeof *header);
  return read_png(&s, header, NULL, 0);
}

int cpng_read(
  const uint8_t *data, size_t size, const cpng_header *header, uint8_t *pixels, char *message) {
  state s = {.message = message, .data = data, .size = size};
  cpng_header again;
  memset(&again, 0, sizeof again);
  return read_png(&s, &again, pixels, header->row_bytes);
}

/// Writes everything before the pixels.
static void write_header(png_structp png, png_infop info, const cpng_picture *p) {
  png_set_IHDR(
    png, info, p->width, p->height, p->bit_depth, p->color_type, PNG_INTERLACE_NONE,
    PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (p->palette_count > 0) {
    png_color colors[256];
    if (p->palette_count > 256) png_error(png, "more than 256 colours");
    for (size_t i = 0; i < p->palette_count; i++) {
      colors[i].red = p->palette[3 * i];
      colors[i].green = p->palette[3 * i + 1];
      colors[i].blue = p->palette[3 * i + 2];
    }
    png_set_PLTE(png, info, colors, (int)p->palette_count);
    if (p->palette_alpha != NULL)
      png_set_tRNS(png, info, p->palette_alpha, (int)p->palette_count, NULL);
  }
  if (p->x_per_meter > 0 && p->y_per_meter > 0)
    png_set_pHYs(png, info, p->x_per_meter, p->y_per_meter, PNG_RESOLUTION_METER);
  for (size_t i = 0; i < p->text_count; i++) {
    png_text text;
    memset(&text, 0, sizeof text);
    text.compression = PNG_ITXT_COMPRESSION_NONE;
    text.key = (png_charp)p->text[2 * i];
    text.text = (png_charp)p->text[2 * i + 1];
    text.itxt_length = strlen(p->text[2 * i + 1]);
    text.lang = (png_charp) "";
    text.lang_key = (png_charp) "";
    png_set_text(png, info, &text, 1);
  }
  png_write_info(png, info);
}

static void write_stream(png_structp png, const cpng_picture *p) {
  const size_t most = 0x7fffffff;
  size_t place = 0;
  while (place < p->stream_size) {
    size_t count = p->stream_size - place;
    if (count > most) count = most;
    png_write_chunk(png, (png_const_bytep) "IDAT", p->stream + place, count);
    place += count;
  }
  png_write_chunk(png, (png_const_bytep) "IEND", NULL, 0);
}

static void write_rows(
  png_structp png, png_infop info, const cpng_picture *p, const uint8_t *pixels,
  size_t row_bytes) {
  const uint16_t one = 1;
  if (*(const uint8_t *)&one == 1 && p->bit_depth == 16) png_set_swap(png);
  for (uint32_t y = 0; y < p->height; y++)
    png_write_row(png, pixels + (size_t)y * row_bytes);
  png_write_end(png, info);
}

static int write_png(
  state *s, const cpng_picture *p, const uint8_t *pixels, size_t row_bytes,
  const cpng_zlib_settings *z) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, s, fail, ignore);
  png_infop info = png == NULL ? NULL : png_create_info_struct(png);
  if (info == NULL || s->bytes == NULL) {
    png_destroy_write_struct(&png, info == NULL ? NULL : &info);
    strcpy(s->message, "out of memory");
    return 1;
  }
  png_structp volatile keptPNG = png;
  png_infop volatile keptInfo = info;
  int status = setjmp(s->jump);
  if (status == 0) {
    png_set_write_fn(png, s, give, flush);
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
    if (z != NULL) {
      png_set_compression_level(png, z->level);
      png_set_compression_strategy(png, z->strategy);
      png_set_compression_mem_level(png, z->mem_level);
      png_set_filter(png, 0, z->filters);
    }
    write_header(png, info, p);
    if (z == NULL)
      write_stream(png, p);
    else
      write_rows(png, info, p, pixels, row_bytes);
  }
  png = keptPNG;
  info = keptInfo;
  png_destroy_write_struct(&png, &info);
  return status != 0;
}

static int write_all(
  const cpng_picture *p, const uint8_t *pixels, size_t row_bytes, const cpng_zlib_settings *z,
  uint8_t **bytes, size_t *size, char *message) {
  state s = {.message = message, .capacity = p->stream_size + 4096};
  s.bytes = malloc(s.capacity);
  int status = write_png(&s, p, pixels, row_bytes, z);
  if (status != 0) {
    free(s.bytes);
    return 1;
  }
  *bytes = s.bytes;
  *size = s.used;
  return 0;
}

int cpng_write(const cpng_picture *picture, uint8_t **bytes, size_t *size, char *message) {
  return write_all(picture, NULL, 0, NULL, bytes, size, message);
}

int cpng_write_rows(
  const cpng_picture *picture, const uint8_t *pixels, size_t row_bytes,
  const cpng_zlib_settings *settings, uint8_t **bytes, size_t *size, char *message) {
  return write_all(picture, pixels, row_bytes, settings, bytes, size, message);
}
