// Convolution of images with channels innermost: the tile, and Winograd's transforms of one tile.
#ifndef ROENTGEN_CHANNELS_H
#define ROENTGEN_CHANNELS_H

#include <stddef.h>

#include "nk_convolution.h"

// Pixels of a tile, and filters of a panel of packed weights.
enum { nk_pixel_rows = 6, nk_filter_panel = 64 };

/// A tile: `rows` pixels by `columns` filters.
typedef struct nk_pixel_tile {
  /// Where each pixel's first number lies, and from there to each tap, counted in floats.
  const float *pixels[nk_pixel_rows];
  const ptrdiff_t *taps;
  /// Numbers that lie next to each other at each tap.
  ptrdiff_t tap_count, length;
  /// [tap][length][weight_stride].
  const float *weights;
  ptrdiff_t weight_stride;
  ptrdiff_t rows, columns;
  float *results[nk_pixel_rows];
  /// Whether the sums begin with what is stored.
  int accumulate;
  /// Applied after the last product where `finishes`.
  int finishes;
  const float *bias;
  const float *residuals[nk_pixel_rows];
  int has_residual;
  nk_activation activation;
  float p, q;
} nk_pixel_tile;

/// One 6×6 tile of an image: where each of its pixels lies, those outside at zeros; and the pixels of the
/// tile after it, which are fetched meanwhile.
typedef struct nk_tile_input {
  const float *const *pixels;
  const float *const *next;
  ptrdiff_t channels;
  /// The tile's numbers of point p begin at v + p · point_stride.
  float *v;
  ptrdiff_t point_stride;
} nk_tile_input;

/// One 4×4 tile of results.
typedef struct nk_tile_output {
  /// The tile's sums of point p begin at m + p · point_stride.
  const float *m;
  ptrdiff_t point_stride;
  ptrdiff_t columns;
  float *y;
  ptrdiff_t row_stride, pixel_stride, high, wide;
  const float *bias;
  const float *residual;  // strides of y
  nk_activation activation;
  float p, q;
} nk_tile_output;

/// Outputs next to each other of a convolution with a filter for each channel.
typedef struct {
  const float *x;  // the first tap of the first output
  const ptrdiff_t *taps;  // distances from there
  ptrdiff_t tap_count, step, count, channels;  // step: from one output's pixels to the next one's
  const float *weights, *bias;
  float *y;
  int relu;
} nk_channel_run;

#endif
