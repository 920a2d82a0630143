// JPEG 2000 with Part 15 through the system's libopenjp2; empty unless the trait HTJ2K is on.
#ifndef ROENTGEN_COPENJPEG_H
#define ROENTGEN_COPENJPEG_H
#include <stddef.h>
#include <stdint.h>

/// What a codestream says of itself.
typedef struct {
  uint32_t width, height, components, precision;
  int is_signed;
} rg_opj_header;

/// Decodes a codestream or JP2 file of exactly the given size into `samples`, interleaved by pixel.
///
/// Where `samples` is NULL only the header is read and compared. Returns 0; 1 where the stream is damaged, 2 where its size is another (`header` has it; nothing was
/// decoded). `message` gets the library's own words, cut to `message_count` bytes with the final zero.
int rg_opj_decode(const uint8_t *bytes, size_t count, uint32_t width, uint32_t height,
                  uint32_t components, rg_opj_header *header, int32_t *samples, char *message,
                  size_t message_count);
#endif
