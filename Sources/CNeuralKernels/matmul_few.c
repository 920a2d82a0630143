// Products with so few rows that all of A stays in the second-level cache while columns of B pass by.
//
// Each chunk is a panel of 32 columns of B: packed into the nearest caches, multiplied with all rows and
// taken through all of k before the next, so that B is read once and its packed form never reaches memory.
// Sums are taken in the order of `nk_product`: the bits are the same.
#include <stdatomic.h>

#include "matmul.h"

typedef struct {
  const nk_kernels *kernels;
  nk_pair_tile_function *pair_tile;
  ptrdiff_t m, n, k, numbers, depth;  // k and depth in units
  nk_operand a, b;
  const float *prepacked;
  float *packed_a;  // each step of k after the last: panels as tall as the tile
  nk_result c;
  _Atomic int failed;
} nk_few_job;

int nk_has_few_rows(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, int pairs) {
  ptrdiff_t depth = nk_least(k, pairs ? nk_pair_depth : nk_depth);
  // 512 KB, and enough panels of B for every thread to have several.
  return m * depth <= 131072 && n >= 16 * nk_panel;
}

// The numbers of A and B from step `step` of k on.
static nk_operand nk_from_step(nk_operand source, ptrdiff_t step) {
  source.values += (source.pairs ? 2 * step : step) * source.k * source.bytes;
  return source;
}
static ptrdiff_t nk_numbers_of_step(const nk_few_job *job, ptrdiff_t step, ptrdiff_t k) {
  return job->pair_tile ? nk_least(2 * k, job->numbers - 2 * step) : k;
}

static void nk_pack_few_rows(void *context, size_t chunk) {
  const nk_few_job *job = context;
  ptrdiff_t height = job->kernels->gemm_rows, padded = nk_up(job->m, height);
  ptrdiff_t row = (ptrdiff_t)chunk * height;
  for (ptrdiff_t step = 0; step < job->k; step += job->depth) {
    ptrdiff_t k = nk_least(job->depth, job->k - step);
    nk_pack_panel(
        job->kernels, nk_from_step(job->a, step), row, nk_least(height, job->m - row),
        nk_numbers_of_step(job, step, k), height, job->packed_a + step * padded + row * k);
  }
}

static void nk_multiply_panel(void *context, size_t chunk) {
  nk_few_job *job = context;
  ptrdiff_t height = job->kernels->gemm_rows, padded = nk_up(job->m, height);
  ptrdiff_t column = (ptrdiff_t)chunk * nk_panel, wide = nk_least(nk_panel, job->n - column);
  size_t bytes = job->prepacked ? 0 : (size_t)(nk_panel * job->depth) * sizeof(float);
  float *packed = bytes ? nk_arena_take(bytes) : NULL;
  if (bytes && !packed) {
    job->failed = 1;
    return;
  }
  for (ptrdiff_t step = 0; step < job->k; step += job->depth) {
    ptrdiff_t k = nk_least(job->depth, job->k - step);
    int is_last = step + k == job->k;
    nk_result c = job->c;
    c.accumulate = c.accumulate || step > 0;
    if (!is_last) c.rounded = NULL, c.epilogue = NULL;
    const float *b = packed;
    if (job->prepacked)
      b = job->prepacked + step * nk_up(job->n, nk_panel) + column * k;
    else
      nk_pack_panel(
          job->kernels, nk_from_step(job->b, step), column, wide, nk_numbers_of_step(job, step, k),
          nk_panel, packed);
    for (ptrdiff_t row = 0; row < job->m; row += height)
      nk_product_tile(
          job->kernels, job->pair_tile, nk_least(height, job->m - row), wide, k,
          job->packed_a + step * padded + row * k, b, &c, row, column);
  }
  if (bytes) nk_arena_give(packed, bytes);
}

int nk_product_of_few_rows(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t numbers, nk_operand a, nk_operand b,
    const void *prepacked, const nk_result *c) {
  const nk_kernels *kernels = nk_active();
  nk_few_job job = {
      .kernels = kernels, .m = m, .n = n, .numbers = numbers, .a = a, .b = b,
      .prepacked = prepacked, .c = *c};
  job.k = a.pairs ? (numbers + 1) / 2 : numbers;
  job.depth = nk_least(job.k, a.pairs ? nk_pair_depth : nk_depth);
  if (a.pairs) job.pair_tile = nk_pair_tile_for(kernels);
  ptrdiff_t panels = (m + kernels->gemm_rows - 1) / kernels->gemm_rows;
  size_t bytes = (size_t)(panels * kernels->gemm_rows * job.k) * sizeof(float);
  job.packed_a = nk_arena_take(bytes);
  if (!job.packed_a) return 0;
  nk_parallel((size_t)panels, nk_pack_few_rows, &job);
  nk_parallel((size_t)((n + nk_panel - 1) / nk_panel), nk_multiply_panel, &job);
  nk_arena_give(job.packed_a, bytes);
  return !job.failed;
}
