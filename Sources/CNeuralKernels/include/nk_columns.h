// Pictures as the columns of a matrix, and back: what a convolution's gradients are products of.
#ifndef ROENTGEN_NK_COLUMNS_H
#define ROENTGEN_NK_COLUMNS_H

#include <stddef.h>

/// A convolution's extents; a picture has a depth of 1.
typedef struct nk_windows {
  /// Pictures and channels of the part that is laid out, and the step from picture to picture.
  ptrdiff_t batch, channels, batch_stride;
  ptrdiff_t size[3], taps[3], stride[3], padding[3], dilation[3], output[3];
} nk_windows;

/// columns[(channel, tap), (picture, output place)] = x[picture, channel, place], 0 outside.
void nk_lay_out(const nk_windows *_Nonnull windows, const float *_Nonnull x, float *_Nonnull columns);
/// x[picture, channel, place] = the sum of all elements of `columns` that `nk_lay_out` reads from
/// there.
void nk_lay_back(
    const nk_windows *_Nonnull windows, const float *_Nonnull columns, float *_Nonnull x);

#endif
