// Winograd's minimal filtering F(4×4, 3×3): 36 products instead of 144 for a 4×4 tile of outputs.
// Source: A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016.
#ifndef ROENTGEN_WINOGRAD_H
#define ROENTGEN_WINOGRAD_H

#include "image.h"

enum { nk_points = 36 };

/// U = G·g·Gᵀ for the 3×3 filter of one channel.
void nk_winograd_filter(const float *g, float *u);

size_t nk_winograd_packed_size(const nk_conv *conv);
void nk_winograd_pack(
    const nk_conv *conv, const nk_kernels *kernels, const float *filters, int turned,
    float *packed);

/// Whether tiles of several slices share a panel, and the convolution with such panels.
int nk_winograd_stacks(const nk_conv *conv);
int nk_winograd_stack_run(
    const nk_conv *conv, const nk_kernels *kernels, const float *x, const float *packed, float *y,
    const nk_epilogue *epilogue);

int nk_winograd_run(
    const nk_conv *conv, const nk_kernels *kernels, const float *x, const float *packed, float *y,
    const nk_epilogue *epilogue);

#endif
