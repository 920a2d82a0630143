// Convolutions of bytes: activations of 8 bits without sign, weights of 8 bits with sign.
#ifndef ROENTGEN_NK_INT8_H
#define ROENTGEN_NK_INT8_H

#include <stddef.h>
#include <stdint.h>

/// Images are [batch, height, width, channels] with `channels` a multiple of 4; filters are
/// [filters, height, width, channels]. The margin counts as `zero`.
typedef struct nk_int8_conv {
  ptrdiff_t batch, channels, filters;
  ptrdiff_t in[2], out[2], kernel[2], stride[2], before[2], dilation[2];
  uint8_t zero;
} nk_int8_conv;

/// From the sum of products to the result: sum · scale[filter] + shift[filter], plus the residual
/// (r · residual_scale + residual_shift), at least 0 with `relu`; stored as it is, or as the
/// nearest of 0…255 to value · inverse + out_zero, ties to even.
typedef struct nk_int8_finish {
  const float *_Nonnull scale;
  const float *_Nonnull shift;
  const uint8_t *_Nullable residual;
  float residual_scale, residual_shift;
  int relu;
  float inverse, out_zero;
} nk_int8_finish;

/// Filters in the order that the kernel reads them; bytes, and the packing.
size_t nk_int8_packed_size(const nk_int8_conv *_Nonnull conv);
void nk_int8_pack(
    const nk_int8_conv *_Nonnull conv, const int8_t *_Nonnull filters, int8_t *_Nonnull packed);

/// The convolution with exact 32-bit sums (the caller keeps channels · taps below 2¹⁶), into bytes
/// or, where `floats` is given, into floats; both [batch, height, width, filters]. Every
/// instruction set gives the same bits. Returns 0 when memory cannot be had.
int nk_int8_conv_run(
    const nk_int8_conv *_Nonnull conv, const uint8_t *_Nonnull x, const int8_t *_Nonnull packed,
    const nk_int8_finish *_Nonnull finish, uint8_t *_Nullable bytes, float *_Nullable floats);

/// Floats [batch, channels, pixels] as bytes [batch, pixels, padded], `padded` at least `channels`:
/// the nearest of 0…255 to x · inverse + zero; channels that are added hold `zero`.
void nk_int8_from_planes(
    const float *_Nonnull x, uint8_t *_Nonnull y, ptrdiff_t batch, ptrdiff_t channels,
    ptrdiff_t padded, ptrdiff_t pixels, float inverse, float zero);

/// The largest byte of each window; the geometry is that of a convolution, filters unused.
void nk_int8_max_pool(
    const nk_int8_conv *_Nonnull window, const uint8_t *_Nonnull x, uint8_t *_Nonnull y);

/// Σ over pixels of [batch, pixels, channels], as [batch, channels].
void nk_int8_sum(
    const uint8_t *_Nonnull x, int64_t *_Nonnull sums, ptrdiff_t batch, ptrdiff_t pixels,
    ptrdiff_t channels);

#endif
