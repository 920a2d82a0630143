// Pooling, resampling and attention.
#ifndef ROENTGEN_NK_SPATIAL_H
#define ROENTGEN_NK_SPATIAL_H

#include <stddef.h>
#include <stdint.h>

typedef enum nk_pool_kind { NK_POOL_MAX, NK_POOL_AVERAGE, NK_POOL_SUM } nk_pool_kind;

/// Windows over `planes` images of three axes, the leading ones of size 1.
typedef struct nk_pool {
  ptrdiff_t planes;
  ptrdiff_t in[3], out[3], kernel[3], stride[3], before[3], after[3], dilation[3];
  /// Whether an average counts the margin's zeros.
  int counts_margin;
} nk_pool;

/// y = the largest, mean or sum of each window. `index`, when given with NK_POOL_MAX, receives the
/// place in its plane of the first largest element. NaN wins; a window of margin only gives −∞ or 0.
void nk_pool_run(
    const nk_pool *_Nonnull pool, nk_pool_kind kind, const float *_Nonnull x, float *_Nonnull y,
    int64_t *_Nullable index);

/// dx of an average or sum; for a maximum use the indices.
void nk_pool_gradient(
    const nk_pool *_Nonnull pool, nk_pool_kind kind, const float *_Nonnull dy, float *_Nonnull dx);

/// y[o, i, r] = Σ over t of weights[i·taps + t] · x[o, indices[i·taps + t], r]; an index of −1 stands
/// for `outside`.
void nk_resample(
    const float *_Nonnull x, float *_Nonnull y, size_t outer, size_t in, size_t inner, size_t out,
    size_t taps, const int32_t *_Nonnull indices, const float *_Nonnull weights, float outside);
/// dx of the same.
void nk_resample_gradient(
    const float *_Nonnull dy, float *_Nonnull dx, size_t outer, size_t in, size_t inner,
    size_t out, size_t taps, const int32_t *_Nonnull indices, const float *_Nonnull weights);

/// A stack of matrices of an attention: element (batch, head, row, column) lies at
/// batch · batch_stride + head · head_stride + row · row_stride + column.
typedef struct nk_heads {
  const float *_Nonnull values;
  ptrdiff_t batch_stride, head_stride, row_stride;
} nk_heads;

typedef struct nk_attention {
  ptrdiff_t batch, heads, key_heads, queries, keys, width, value_width;
  float scale;
  /// Query i sees keys up to i + keys − queries.
  int causal;
  /// Added to the scores where given: strides of batch, head, query and key, 0 where it repeats.
  const float *_Nullable bias;
  ptrdiff_t bias_strides[4];
} nk_attention;

/// softmax(scale · q·kᵀ + bias)·v, [batch, heads, queries, value_width] contiguous, with memory linear
/// in the count of keys. A query that sees no key gives zeros. `statistics`, when given, receives
/// the logarithm of each query's sum of exponentials. Returns 0 when memory cannot be had.
int nk_attention_run(
    const nk_attention *_Nonnull attention, nk_heads q, nk_heads k, nk_heads v,
    float *_Nonnull y, float *_Nullable statistics);

#endif
