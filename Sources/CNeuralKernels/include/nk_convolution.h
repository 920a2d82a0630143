// Convolutions in one to three dimensions; fewer dimensions have leading axes of size 1.
#ifndef ROENTGEN_NK_CONVOLUTION_H
#define ROENTGEN_NK_CONVOLUTION_H

#include <stddef.h>
#include <stdint.h>

#include "nk_matmul.h"

/// Images are [batch, channels, depth, height, width], filters [filters, channels / groups, …].
typedef struct nk_conv {
  ptrdiff_t batch, channels, filters, groups;
  ptrdiff_t in[3], out[3], kernel[3], stride[3], before[3], dilation[3];
} nk_conv;

typedef enum nk_conv_algorithm { NK_CONV_DIRECT, NK_CONV_WINOGRAD } nk_conv_algorithm;

/// Whether Winograd's F(4×4, 3×3) can compute this convolution, and whether it is worth while.
int nk_conv_winograd_possible(const nk_conv *_Nonnull conv);
int nk_conv_winograd_faster(const nk_conv *_Nonnull conv);

/// Filters in the order the kernel reads them; bytes, and the packing. The order belongs to the
/// instruction set in use at the time, which the packed filters remember.
size_t nk_conv_packed_size(const nk_conv *_Nonnull conv, nk_conv_algorithm algorithm);
void nk_conv_pack(
    const nk_conv *_Nonnull conv, nk_conv_algorithm algorithm, const float *_Nonnull filters,
    float *_Nonnull packed);

/// The same for the convolution that is another's input gradient: `conv` is the former, `filters`
/// are the latter's, [conv.channels, conv.filters / groups, source_taps]; tap i is their tap order[i].
/// For Winograd the taps are all of them, backwards.
void nk_conv_pack_turned(
    const nk_conv *_Nonnull conv, nk_conv_algorithm algorithm, const float *_Nonnull filters,
    ptrdiff_t source_taps, const ptrdiff_t *_Nonnull order, float *_Nonnull packed);

/// y = x ∗ filters, then bias per filter (`row_bias`), residual and activation of the epilogue.
/// Returns 0 when memory for packing cannot be had, and 2 when Winograd's transforms met numbers
/// that are not finite, which spread over a tile there: then y is to be computed directly.
int nk_conv_run(
    const nk_conv *_Nonnull conv, nk_conv_algorithm algorithm, const float *_Nonnull x,
    const float *_Nonnull packed, float *_Nonnull y, const nk_epilogue *_Nullable epilogue);

/// dx of a convolution. `most` is the fastest algorithm that is allowed: with NK_CONV_WINOGRAD it is
/// used where it is faster.
int nk_conv_input_gradient(
    const nk_conv *_Nonnull conv, nk_conv_algorithm most, const float *_Nonnull filters,
    const float *_Nonnull dy, float *_Nonnull dx);

/// dW of a convolution: Σ over batch and pixels of dy · columns(x)ᵀ. `most` as above.
int nk_conv_weight_gradient(
    const nk_conv *_Nonnull conv, nk_conv_algorithm most, const float *_Nonnull x,
    const float *_Nonnull dy, float *_Nonnull dw);

#endif
