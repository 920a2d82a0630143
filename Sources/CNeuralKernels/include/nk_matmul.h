// Products of matrices.
#ifndef ROENTGEN_NK_MATMUL_H
#define ROENTGEN_NK_MATMUL_H

#include <stddef.h>
#include <stdint.h>

/// What happens to a product before it is stored.
typedef enum nk_activation {
  NK_NO_ACTIVATION, NK_ACT_RELU, NK_ACT_GELU, NK_ACT_GELU_TANH, NK_ACT_SILU, NK_ACT_SIGMOID,
  NK_ACT_TANH, NK_ACT_LEAKY_RELU, NK_ACT_HARD_SWISH, NK_ACT_CLAMP,
} nk_activation;

typedef struct nk_epilogue {
  /// Added to each column, or to each row, before the activation.
  const float *_Nullable column_bias;
  const float *_Nullable row_bias;
  /// Added after the bias and before the activation: same strides as the result.
  const float *_Nullable residual;
  nk_activation activation;
  /// The activation's constants: slope, or lower and upper bound.
  float p, q;
} nk_epilogue;

/// A matrix operand: element (row, column) is at `row * row_stride + column * column_stride`.
typedef struct nk_matrix {
  const float *_Nonnull values;
  ptrdiff_t row_stride, column_stride;
} nk_matrix;

/// C = A·B (+ C when `accumulate`), A m×k, B k×n, C row-major with `c_stride`, then the epilogue.
///
/// Every element is summed in ascending k with one accumulator for each 384 of k, fused where the
/// machine fuses, so the bits depend neither on threads nor, among machines that fuse, on the
/// instruction set. Returns 0 when memory for packing cannot be had.
int nk_sgemm(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, nk_matrix a, nk_matrix b, float *_Nonnull c,
    ptrdiff_t c_stride, int accumulate, const nk_epilogue *_Nullable epilogue);

/// The same for `batch` products whose operands lie at the given offsets from each other.
int nk_sgemm_batch(
    ptrdiff_t batch, const ptrdiff_t *_Nonnull a_offsets, const ptrdiff_t *_Nonnull b_offsets,
    ptrdiff_t c_offset, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, nk_matrix a, nk_matrix b,
    float *_Nonnull c, ptrdiff_t c_stride);

/// A matrix of floats, or of bfloat16.
typedef struct nk_half_matrix {
  const void *_Nonnull values;
  ptrdiff_t row_stride, column_stride;
  int is_bf16;
} nk_half_matrix;

/// Whether the machine, with the instruction set in use, has a dot product of bfloat16.
int nk_bgemm_is_fast(void);

/// C = A·B (+ C when `accumulate`) with both operands rounded to bfloat16 and sums in float32, then the
/// epilogue.
///
/// Sums go in ascending k, two steps at a time, one accumulator for each 1,024 of k. Machines with a
/// dot product of bfloat16 flush denormals and may round within a pair in another way than others;
/// the bits do not depend on threads. Returns 0 when memory for packing cannot be had.
int nk_bgemm(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, nk_half_matrix a, nk_half_matrix b, float *_Nonnull c,
    ptrdiff_t c_stride, int accumulate, const nk_epilogue *_Nullable epilogue);

/// C = A·B, rounded once to bfloat16 and stored row after row.
int nk_bgemm_rounded(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, nk_half_matrix a, nk_half_matrix b, void *_Nonnull c);

/// The same as `nk_bgemm` with a right operand that was packed; bytes for k×n.
size_t nk_bgemm_packed_size(ptrdiff_t n, ptrdiff_t k);
void nk_bgemm_pack(ptrdiff_t n, ptrdiff_t k, nk_half_matrix b, void *_Nonnull packed);
int nk_bgemm_packed(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, nk_half_matrix a, const void *_Nonnull packed,
    float *_Nonnull c, ptrdiff_t c_stride, const nk_epilogue *_Nullable epilogue);

#endif
