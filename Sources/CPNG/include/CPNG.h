// libpng behind calls that return a status: `longjmp` never leaves this target.
#ifndef ROENTGEN_CPNG_H
#define ROENTGEN_CPNG_H

#include <stddef.h>
#include <stdint.h>

/// The room for libpng's message, with its closing zero.
#define CPNG_MESSAGE_SIZE 200

/// The version of libpng that is linked, such as "1.6.39".
const char *cpng_version(void);

/// What a PNG's header says, and how its pixels come out of `cpng_read`.
typedef struct {
  uint32_t width;
  uint32_t height;
  /// As stored: 1, 2, 4, 8 or 16, and PNG's colour type 0, 2, 3, 4 or 6.
  uint8_t stored_bit_depth;
  uint8_t stored_color_type;
  uint8_t is_interlaced;
  /// As read: 8 or 16 bits, 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) channels.
  uint8_t bit_depth;
  uint8_t channels;
  /// Bytes a row, as read.
  size_t row_bytes;
  /// Pixels a metre, 0 where the file does not tell.
  uint32_t x_per_meter;
  uint32_t y_per_meter;
} cpng_header;

/// Reads the header. 0, or 1 with a message.
int cpng_read_header(const uint8_t *data, size_t size, cpng_header *header, char *message);

/// Reads all pixels, top row first, 16-bit ones in the machine's byte order, palettes and small
/// depths expanded, transparency as alpha. `pixels` has `row_bytes · height` bytes for the header
/// that `cpng_read_header` gave. 0, or 1 with a message.
int cpng_read(
  const uint8_t *data, size_t size, const cpng_header *header, uint8_t *pixels, char *message);

/// What to write.
typedef struct {
  uint32_t width;
  uint32_t height;
  uint8_t bit_depth;   // 1, 2, 4, 8, 16
  uint8_t color_type;  // 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA
  /// Pixels a metre, 0 for none.
  uint32_t x_per_meter;
  uint32_t y_per_meter;
  /// `palette_count` entries of red, green, blue; then as many alphas, or NULL.
  const uint8_t *palette;
  const uint8_t *palette_alpha;
  size_t palette_count;
  /// `text_count` pairs of keyword (Latin-1) and text (UTF-8), each closed by a zero.
  const char *const *text;
  size_t text_count;
  /// A whole zlib stream of filtered rows, written as one IDAT chunk (several above 2³¹ − 1 bytes).
  const uint8_t *stream;
  size_t stream_size;
} cpng_picture;

/// Writes a PNG into memory that the caller gives back with `cpng_free`. 0, or 1 with a message.
int cpng_write(const cpng_picture *picture, uint8_t **bytes, size_t *size, char *message);

/// How libpng and zlib are to compress, where this module's own compressor is not used.
typedef struct {
  int level;      // 0…9
  int strategy;   // 0 default, 1 filtered, 2 Huffman only, 3 run lengths, 4 fixed
  int mem_level;  // 1…9
  int filters;    // PNG_FILTER_… bits: 8 none, 16 sub, 32 up, 64 average, 128 Paeth
} cpng_zlib_settings;

/// Writes a PNG from rows (16-bit ones in the machine's byte order) through libpng's filters and
/// zlib's compressor; `picture->stream` is not used. The bytes depend on the zlib that is linked.
int cpng_write_rows(
  const cpng_picture *picture, const uint8_t *pixels, size_t row_bytes,
  const cpng_zlib_settings *settings, uint8_t **bytes, size_t *size, char *message);

/// Gives back what `cpng_write` made.
void cpng_free(uint8_t *bytes);

#endif
