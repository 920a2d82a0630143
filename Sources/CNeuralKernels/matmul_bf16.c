// Products of matrices in bfloat16, of which two neighbouring steps of k are one unit.
#include "matmul.h"

static nk_operand nk_half_operand(nk_half_matrix x, int right) {
  return (nk_operand){
      x.values, right ? x.column_stride : x.row_stride, right ? x.row_stride : x.column_stride,
      x.is_bf16 ? 2 : 4, 1};
}

int nk_bgemm(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, nk_half_matrix a, nk_half_matrix b, float *c,
    ptrdiff_t c_stride, int accumulate, const nk_epilogue *epilogue) {
  nk_result result = {c, NULL, c_stride, accumulate, epilogue};
  return nk_product(m, n, k, nk_half_operand(a, 0), nk_half_operand(b, 1), NULL, &result);
}

int nk_bgemm_rounded(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, nk_half_matrix a, nk_half_matrix b, void *c) {
  size_t bytes = k > 2 * nk_pair_depth ? (size_t)m * (size_t)n * sizeof(float) : 0;
  float *sums = bytes ? nk_arena_take(bytes) : NULL;
  if (bytes && !sums) return 0;
  nk_result result = {sums, c, n, 0, NULL};
  int done = nk_product(m, n, k, nk_half_operand(a, 0), nk_half_operand(b, 1), NULL, &result);
  if (bytes) nk_arena_give(sums, bytes);
  return done;
}

int nk_bgemm_is_fast(void) {
  const nk_kernels *kernels = nk_active();
  return nk_pair_tile_for(kernels) != kernels->pair_tile;
}

size_t nk_bgemm_packed_size(ptrdiff_t n, ptrdiff_t k) {
  return (size_t)(nk_up(n, nk_panel) * ((k + 1) / 2)) * sizeof(uint32_t);
}

typedef struct {
  const nk_kernels *kernels;
  ptrdiff_t n, k;
  nk_operand b;
  uint32_t *packed;
} nk_prepack_pairs_job;

static void nk_prepack_pairs_chunk(void *context, size_t chunk) {
  const nk_prepack_pairs_job *job = context;
  ptrdiff_t padded = nk_up(job->n, nk_panel), column = (ptrdiff_t)chunk * nk_panel;
  ptrdiff_t pairs = (job->k + 1) / 2;
  for (ptrdiff_t step = 0; step < pairs; step += nk_pair_depth) {
    ptrdiff_t depth = nk_least(nk_pair_depth, pairs - step);
    nk_operand from = job->b;
    from.values += (2 * step * from.k + column * from.line) * from.bytes;
    nk_pack_pairs(
        job->kernels, from, nk_least(nk_panel, job->n - column),
        nk_least(2 * depth, job->k - 2 * step), nk_panel,
        job->packed + step * padded + column * depth);
  }
}

void nk_bgemm_pack(ptrdiff_t n, ptrdiff_t k, nk_half_matrix b, void *packed) {
  nk_prepack_pairs_job job = {nk_active(), n, k, nk_half_operand(b, 1), packed};
  nk_parallel((size_t)((n + nk_panel - 1) / nk_panel), nk_prepack_pairs_chunk, &job);
}

int nk_bgemm_packed(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, nk_half_matrix a, const void *packed, float *c,
    ptrdiff_t c_stride, const nk_epilogue *epilogue) {
  nk_operand none = {0};
  nk_result result = {c, NULL, c_stride, 0, epilogue};
  return nk_product(m, n, k, nk_half_operand(a, 0), none, packed, &result);
}
