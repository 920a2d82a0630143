// An image laid out so that every tap of a filter reads contiguous runs.
//
// Rows are padded with stored zeros. With a stride s along the row, a row is stored as s phases,
// each the columns that are equal modulo s: what the tap at column q reads for neighbouring outputs
// is then contiguous in phase q mod s.
#ifndef ROENTGEN_IMAGE_H
#define ROENTGEN_IMAGE_H

#include "kernels.h"

// Floats that may be read past the end of a laid-out image.
enum { nk_slack = 64 };

typedef struct nk_image {
  /// The batch's first plane, and the distance between channels and samples.
  const float *values;
  ptrdiff_t channel_stride, sample_stride;
  /// Distances between padded rows and slices.
  ptrdiff_t row_stride, slice_stride;
  /// Floats in one phase of a row.
  ptrdiff_t phase_stride;
  /// Whether runs may be read beyond their end: memory that was laid out has slack.
  int slack;
  /// The whole plane is one row: 1×1 filters with stride 1 and no padding.
  int flat;
  void *memory;
  size_t bytes;
} nk_image;

/// Lays out `x`; returns 0 when memory cannot be had.
int nk_image_make(const nk_conv *conv, const float *x, nk_image *image);
void nk_image_free(nk_image *image);

/// Where tap (z, y, x) of a filter reads, from the place of the output pixel.
ptrdiff_t nk_image_tap(const nk_conv *conv, const nk_image *image, ptrdiff_t z, ptrdiff_t y, ptrdiff_t x);

/// Runs of neighbouring output pixels that read neighbouring floats.
typedef struct nk_run {
  ptrdiff_t start, length, place;
} nk_run;

/// The runs of `count` pixels from `first`; at most `count` of them.
int nk_image_runs(
    const nk_conv *conv, const nk_image *image, ptrdiff_t first, ptrdiff_t count, nk_run *runs);

static inline ptrdiff_t nk_pixels(const nk_conv *conv) {
  return conv->out[0] * conv->out[1] * conv->out[2];
}
static inline ptrdiff_t nk_taps(const nk_conv *conv) {
  return conv->kernel[0] * conv->kernel[1] * conv->kernel[2];
}
/// A filter for each channel.
static inline int nk_is_depthwise(const nk_conv *conv) {
  return conv->groups > 1 && conv->groups == conv->channels && conv->filters == conv->channels;
}
static inline ptrdiff_t nk_up(ptrdiff_t value, ptrdiff_t step) {
  return (value + step - 1) / step * step;
}
static inline ptrdiff_t nk_least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
static inline ptrdiff_t nk_most(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }

/// Panels of `height` rows from a strided matrix: panel-major, then k, then row; zeros below.
void nk_pack_rows(
    const nk_kernels *kernels, const float *source, ptrdiff_t row_stride, ptrdiff_t k_stride,
    ptrdiff_t rows, ptrdiff_t k, ptrdiff_t height, float *packed);

#endif
