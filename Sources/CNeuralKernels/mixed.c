// Matrix products of float32 operands rounded to bfloat16, with float32 sums: the products of
// training in mixed precision.
#include <string.h>

#include "image.h"

typedef void nk_mixed_tile(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t pairs, const float *a, const float *b, float *c,
    ptrdiff_t c_stride, int accumulate);

#if defined(__x86_64__)
#include <immintrin.h>

// 12 rows by 32 columns in 24 registers; a step of a pair is 24 dot products.
__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16"))) static void nk_mixed_dot(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t pairs, const float *a, const float *b, float *c,
    ptrdiff_t c_stride, int accumulate) {
  __m512 sums[12][2];
#pragma clang loop unroll(full)
  for (int i = 0; i < 12; i++) sums[i][0] = sums[i][1] = _mm512_setzero_ps();
  for (ptrdiff_t pair = 0; pair < pairs; pair++, a += 12, b += nk_panel) {
    __m512bh low = (__m512bh)_mm512_loadu_ps(b), high = (__m512bh)_mm512_loadu_ps(b + 16);
#pragma clang loop unroll(full)
    for (int i = 0; i < 12; i++) {
      __m512bh left = (__m512bh)_mm512_set1_ps(a[i]);
      sums[i][0] = _mm512_dpbf16_ps(sums[i][0], left, low);
      sums[i][1] = _mm512_dpbf16_ps(sums[i][1], left, high);
    }
  }
  uint32_t inside = columns >= nk_panel ? UINT32_MAX : ((uint32_t)1 << columns) - 1;
#pragma clang loop unroll(full)
  for (int i = 0; i < 12; i++) {
    if (i >= rows) return;
#pragma clang loop unroll(full)
    for (int j = 0; j < 2; j++) {
      __mmask16 mask = (__mmask16)(inside >> (16 * j));
      float *line = c + i * c_stride + 16 * j;
      __m512 sum = sums[i][j];
      if (!mask) continue;
      if (accumulate) sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(mask, line));
      _mm512_mask_storeu_ps(line, mask, sum);
    }
  }
}

int nk_mixed_fast(void) {
  return nk_active() == &nk_avx512 && __builtin_cpu_supports("avx512bf16");
}
static nk_mixed_tile *nk_mixed_best(const nk_kernels *kernels) {
  return kernels == &nk_avx512 && nk_mixed_fast() ? nk_mixed_dot : kernels->mixed_tile;
}
#else
int nk_mixed_fast(void) { return 0; }
static nk_mixed_tile *nk_mixed_best(const nk_kernels *kernels) { return kernels->mixed_tile; }
#endif

enum { nk_pairs = 384 };

typedef struct {
  const nk_kernels *kernels;
  nk_mixed_tile *tile;
  nk_matrix a, b;  // at the present step of k
  ptrdiff_t m, n, k, pairs, a_panels, b_panels;
  float *packed_a, *packed_b, *c;
  ptrdiff_t c_stride, block_rows, block_columns, row_blocks;
  int accumulate;
  const nk_epilogue *epilogue;  // in the last step of k
} nk_mixed_job;

static void nk_mixed_pack_chunk(void *context, size_t chunk) {
  const nk_mixed_job *job = context;
  ptrdiff_t panel = (ptrdiff_t)chunk, height = job->kernels->gemm_rows;
  if (panel < job->a_panels) {
    ptrdiff_t row = panel * height;
    job->kernels->mixed_pack(
        job->a.values + row * job->a.row_stride, job->a.row_stride, job->a.column_stride,
        nk_least(height, job->m - row), job->k, height, job->packed_a + row * job->pairs);
  } else {
    ptrdiff_t column = (panel - job->a_panels) * nk_panel;
    job->kernels->mixed_pack(
        job->b.values + column * job->b.column_stride, job->b.column_stride, job->b.row_stride,
        nk_least(nk_panel, job->n - column), job->k, nk_panel,
        job->packed_b + column * job->pairs);
  }
}

static void nk_mixed_chunk(void *context, size_t chunk) {
  const nk_mixed_job *job = context;
  ptrdiff_t height = job->kernels->gemm_rows;
  ptrdiff_t row0 = (ptrdiff_t)chunk % job->row_blocks * job->block_rows;
  ptrdiff_t column0 = (ptrdiff_t)chunk / job->row_blocks * job->block_columns;
  ptrdiff_t row1 = nk_least(row0 + job->block_rows, job->m);
  ptrdiff_t column1 = nk_least(column0 + job->block_columns, job->n);
  for (ptrdiff_t column = column0; column < column1; column += nk_panel)
    for (ptrdiff_t row = row0; row < row1; row += height) {
      ptrdiff_t rows = nk_least(height, row1 - row), wide = nk_least(nk_panel, column1 - column);
      float *c = job->c + row * job->c_stride + column;
      job->tile(
          rows, wide, job->pairs, job->packed_a + row * job->pairs,
          job->packed_b + column * job->pairs, c, job->c_stride, job->accumulate);
      if (job->epilogue)
        job->kernels->finish(rows, wide, c, job->c_stride, job->epilogue, row, column);
    }
}

int nk_mixed_product(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, nk_matrix a, nk_matrix b, float *c, ptrdiff_t c_stride,
    int accumulate, const nk_epilogue *epilogue) {
  if (m <= 0 || n <= 0) return 1;
  if (k <= 0) {
    for (ptrdiff_t row = 0; row < m && !accumulate; row++)
      memset(c + row * c_stride, 0, (size_t)n * sizeof(float));
    if (epilogue) nk_active()->finish(m, n, c, c_stride, epilogue, 0, 0);
    return 1;
  }
  const nk_kernels *kernels = nk_active();
  nk_mixed_job job = {.kernels = kernels, .tile = nk_mixed_best(kernels), .m = m, .n = n, .c = c};
  ptrdiff_t height = kernels->gemm_rows, depth = nk_least((k + 1) / 2, nk_pairs);
  job.a_panels = (m + height - 1) / height;
  job.b_panels = (n + nk_panel - 1) / nk_panel;
  size_t bytes =
      (size_t)((job.a_panels * height + job.b_panels * nk_panel) * depth) * sizeof(float);
  job.packed_a = nk_arena_take(bytes);
  if (!job.packed_a) return 0;
  job.packed_b = job.packed_a + job.a_panels * height * depth;
  job.c_stride = c_stride;
  // About 144 rows by 256 columns, smaller where that leaves threads idle.
  job.block_rows = nk_up(nk_least(m, 144), height);
  job.block_columns = nk_least(job.b_panels * nk_panel, 256);
  job.row_blocks = (m + job.block_rows - 1) / job.block_rows;
  while (job.block_columns > nk_panel &&
         job.row_blocks * ((n + job.block_columns - 1) / job.block_columns) < 16)
    job.block_columns = nk_up(job.block_columns / 2, nk_panel);
  ptrdiff_t column_blocks = (n + job.block_columns - 1) / job.block_columns;
  for (ptrdiff_t step = 0; step < k; step += 2 * nk_pairs) {
    job.k = nk_least(k - step, 2 * nk_pairs);
    job.pairs = (job.k + 1) / 2;
    job.a = a;
    job.b = b;
    job.a.values += step * a.column_stride;
    job.b.values += step * b.row_stride;
    job.accumulate = accumulate || step > 0;
    job.epilogue = step + job.k < k ? NULL : epilogue;
    nk_parallel((size_t)(job.a_panels + job.b_panels), nk_mixed_pack_chunk, &job);
    nk_parallel((size_t)(job.row_blocks * column_blocks), nk_mixed_chunk, &job);
  }
  nk_arena_give(job.packed_a, bytes);
  return 1;
}
