// The tile of a convolution of bytes.
#ifndef ROENTGEN_INT8_H
#define ROENTGEN_INT8_H

#include "kernels.h"

// Pixels by filters of a tile: 6 × 64 sums are 24 registers of AVX-512.
enum { nk_int8_rows = 6, nk_int8_columns = 64 };

typedef struct nk_int8_tile {
  /// Where each pixel's first tap lies, and the bytes from there to every tap.
  const uint8_t *pixels[nk_int8_rows];
  const ptrdiff_t *taps;
  ptrdiff_t tap_count, quads;  // quads: channels / 4
  /// [tap][quad][64 filters][4].
  const int8_t *weights;
  const nk_int8_finish *finish;
  /// The first filter, and how many filters and pixels are stored.
  ptrdiff_t filter, columns, rows;
  /// Where each pixel's results go, counted in numbers from `bytes` or `floats`.
  ptrdiff_t places[nk_int8_rows];
  uint8_t *bytes;
  float *floats;
} nk_int8_tile;

typedef void nk_int8_tile_function(const nk_int8_tile *tile);

/// The tile with the best instruction.
nk_int8_tile_function *nk_int8_tile_for(const nk_kernels *kernels);

#endif
