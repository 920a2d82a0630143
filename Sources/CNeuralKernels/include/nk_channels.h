// Convolution, pooling and layout of images with channels innermost: [batch, depth, height, width,
// channels]. The descriptions are those of nk_convolution.h and nk_spatial.h.
#ifndef ROENTGEN_NK_CHANNELS_H
#define ROENTGEN_NK_CHANNELS_H

#include <stddef.h>

#include "nk_convolution.h"
#include "nk_spatial.h"

/// Whether `nk_channels_conv_run` can compute this convolution: one group, groups of at least 16
/// filters, or a filter for each channel.
int nk_channels_possible(const nk_conv *_Nonnull conv);
/// Whether Winograd's F(4×4, 3×3) is worth while with channels innermost.
int nk_channels_winograd_faster(const nk_conv *_Nonnull conv);

/// Filters [filters, channels / groups, …taps] in the order the kernel reads them, the same for
/// every instruction set; bytes, and the packing. `scale`, when given, is multiplied into each filter.
size_t nk_channels_packed_size(const nk_conv *_Nonnull conv, nk_conv_algorithm algorithm);
void nk_channels_pack(
    const nk_conv *_Nonnull conv, nk_conv_algorithm algorithm, const float *_Nonnull filters,
    const float *_Nullable scale, float *_Nonnull packed);

/// As `nk_conv_run`; `row_bias` of the epilogue is per filter, `residual` lies as y.
int nk_channels_conv_run(
    const nk_conv *_Nonnull conv, nk_conv_algorithm algorithm, const float *_Nonnull x,
    const float *_Nonnull packed, float *_Nonnull y, const nk_epilogue *_Nullable epilogue);

/// The same by Winograd for two images whose channels follow one another: `channels` of the first, a
/// multiple of 16, and the rest of the convolution's in the second.
int nk_channels_joined_run(
    const nk_conv *_Nonnull conv, const float *_Nonnull first, ptrdiff_t channels,
    const float *_Nullable second, const float *_Nonnull packed, float *_Nonnull y,
    const nk_epilogue *_Nullable epilogue);

/// A transposed convolution whose taps do not overlap (stride = taps, no margin): `in` are the small
/// image's axes, `out` = in · stride. Filters are [channels, filters, …taps].
size_t nk_channels_rise_packed_size(const nk_conv *_Nonnull conv);
void nk_channels_rise_pack(
    const nk_conv *_Nonnull conv, const float *_Nonnull filters, float *_Nonnull packed);
int nk_channels_rise_run(
    const nk_conv *_Nonnull conv, const float *_Nonnull x, const float *_Nonnull packed,
    float *_Nonnull y, const nk_epilogue *_Nullable epilogue);

/// As `nk_pool_run` without indices; `planes` is the batch.
void nk_channels_pool(
    const nk_pool *_Nonnull pool, ptrdiff_t channels, nk_pool_kind kind, const float *_Nonnull x,
    float *_Nonnull y);

/// [batch, channels, pixels] as [batch, pixels, channels].
void nk_channels_last(
    const float *_Nonnull x, float *_Nonnull y, ptrdiff_t batch, ptrdiff_t channels,
    ptrdiff_t pixels);

#endif
