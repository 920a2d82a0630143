// Matrix products: pack both operands, then multiply tiles.
//
// For each 384 of k, A is packed in panels as tall as the tile and B in panels of 32 columns; the
// tiles of C are then claimed in blocks small enough that A's block stays in the second-level cache.
#include "matmul.h"

#include <string.h>

typedef struct {
  const nk_kernels *kernels;
  ptrdiff_t m, n, k;         // of the present step of k, in units
  nk_operand a, b;           // at the present step
  nk_pair_tile_function *pair_tile;  // NULL for floats
  ptrdiff_t numbers;                 // in the present step of k
  float *packed_a, *packed_b;
  const float *right;        // packed B of this step
  nk_result c;               // of the present step
  ptrdiff_t a_panels, b_panels, block_rows, block_columns, row_blocks, column_blocks;
} nk_gemm_job;

static void nk_pack_chunk(void *context, size_t chunk) {
  const nk_gemm_job *job = context;
  ptrdiff_t panel = (ptrdiff_t)chunk * 2, height = job->kernels->gemm_rows;
  for (ptrdiff_t end = panel + 2; panel < end; panel++) {
    if (panel < job->a_panels) {
      ptrdiff_t row = panel * height;
      nk_pack_panel(
          job->kernels, job->a, row, nk_least(height, job->m - row), job->numbers, height,
          job->packed_a + row * job->k);
    } else if (panel < job->a_panels + job->b_panels) {
      ptrdiff_t column = (panel - job->a_panels) * nk_panel;
      nk_pack_panel(
          job->kernels, job->b, column, nk_least(nk_panel, job->n - column), job->numbers, nk_panel,
          job->packed_b + column * job->k);
    }
  }
}

void nk_product_tile(
    const nk_kernels *kernels, nk_pair_tile_function *pair_tile, ptrdiff_t rows, ptrdiff_t wide,
    ptrdiff_t k, const float *a, const float *b, const nk_result *c, ptrdiff_t row,
    ptrdiff_t column) {
  float tile[nk_panel * nk_panel];
  // Rounded numbers of a single step need no place for their sums.
  int in_place = !c->rounded || c->accumulate;
  float *sums = in_place ? c->sums + row * c->stride + column : tile;
  ptrdiff_t stride = in_place ? c->stride : nk_panel;
  if (!pair_tile) {
    kernels->gemm_tile(
        rows, wide, k, a, b, sums, stride, c->accumulate, c->epilogue, row, column);
    return;
  }
  pair_tile(
      rows, wide, k, (const uint32_t *)a, (const uint32_t *)b, sums, stride, c->accumulate);
  if (c->epilogue) kernels->finish(rows, wide, sums, stride, c->epilogue, row, column);
  for (ptrdiff_t i = 0; c->rounded && i < rows; i++)
    kernels->to_bf16(
        sums + i * stride, c->rounded + (row + i) * c->stride + column, (size_t)wide);
}

static void nk_multiply_chunk(void *context, size_t chunk) {
  const nk_gemm_job *job = context;
  ptrdiff_t height = job->kernels->gemm_rows;
  ptrdiff_t row0 = (ptrdiff_t)chunk % job->row_blocks * job->block_rows;
  ptrdiff_t column0 = (ptrdiff_t)chunk / job->row_blocks * job->block_columns;
  ptrdiff_t row1 = nk_least(row0 + job->block_rows, job->m);
  ptrdiff_t column1 = nk_least(column0 + job->block_columns, job->n);
  for (ptrdiff_t row = row0; row < row1; row += height)
    for (ptrdiff_t column = column0; column < column1; column += nk_panel) {
      ptrdiff_t rows = nk_least(height, row1 - row), wide = nk_least(nk_panel, column1 - column);
      const float *a = job->packed_a + row * job->k, *b = job->right + column * job->k;
      nk_product_tile(
          job->kernels, job->pair_tile, rows, wide, job->k, a, b, &job->c, row, column);
    }
}

// k is zero, so the product is: one tile call with k = 0 stores (or keeps) and finishes.
static void nk_product_of_nothing(
    const nk_kernels *kernels, ptrdiff_t m, ptrdiff_t n, const nk_result *c) {
  for (ptrdiff_t row = 0; c->rounded && row < m; row++)
    memset(c->rounded + row * c->stride, 0, (size_t)n * sizeof *c->rounded);
  if (c->rounded) return;
  float nothing[1] = {0};
  for (ptrdiff_t row = 0; row < m; row += kernels->gemm_rows)
    for (ptrdiff_t column = 0; column < n; column += nk_panel)
      kernels->gemm_tile(
          nk_least(kernels->gemm_rows, m - row), nk_least(nk_panel, n - column), 0, nothing,
          nothing, c->sums + row * c->stride + column, c->stride, c->accumulate, c->epilogue, row,
          column);
}

static nk_operand nk_left(nk_matrix a) {
  return (nk_operand){(const char *)a.values, a.row_stride, a.column_stride, sizeof(float), 0};
}
static nk_operand nk_right(nk_matrix b) {
  return (nk_operand){(const char *)b.values, b.column_stride, b.row_stride, sizeof(float), 0};
}

int nk_product(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t numbers, nk_operand a, nk_operand b,
    const void *prepacked, const nk_result *c) {
  int pairs = a.pairs;
  const nk_kernels *kernels = nk_active();
  if (m <= 0 || n <= 0) return 1;
  ptrdiff_t k = pairs ? (numbers + 1) / 2 : numbers;
  if (k <= 0) {
    nk_product_of_nothing(kernels, m, n, c);
    return 1;
  }
  if (nk_reads_rows_in_place(m, n, k, a, prepacked, c))
    return nk_product_of_rows(m, n, k, a, b, c);
  if (nk_has_few_rows(m, n, k, pairs))
    return nk_product_of_few_rows(m, n, numbers, a, b, prepacked, c);
  ptrdiff_t deepest = pairs ? nk_pair_depth : nk_depth, depth = nk_least(k, deepest);
  ptrdiff_t height = kernels->gemm_rows;
  ptrdiff_t padded_m = nk_up(m, height), padded_n = nk_up(n, nk_panel);
  // Columns of B that are packed at a time: 384 × 4096 numbers are 6 MB.
  ptrdiff_t wide = prepacked ? padded_n : nk_least(padded_n, 4096);
  size_t a_bytes = (size_t)(padded_m * depth) * sizeof(float);
  size_t b_bytes = prepacked ? 0 : (size_t)(wide * depth) * sizeof(float);
  float *scratch = nk_arena_take(a_bytes + b_bytes);
  if (!scratch) return 0;
  nk_gemm_job job = {.kernels = kernels, .packed_a = scratch, .c = *c};
  job.packed_b = scratch + padded_m * depth;
  job.a = a;
  job.b = b;
  job.m = m;
  if (pairs) job.pair_tile = nk_pair_tile_for(kernels);
  for (ptrdiff_t column = 0; column < n; column += wide) {
    job.n = nk_least(wide, n - column);
    job.c.sums = c->sums ? c->sums + column : NULL;
    nk_epilogue shifted;
    for (ptrdiff_t step = 0; step < k; step += deepest) {
      job.k = nk_least(deepest, k - step);
      ptrdiff_t first = pairs ? 2 * step : step;
      job.numbers = pairs ? nk_least(2 * deepest, numbers - first) : job.k;
      job.a.values = a.values + first * a.k * a.bytes;
      job.a_panels = padded_m / height;
      job.b_panels = 0;
      if (prepacked) {
        job.right = (const float *)prepacked + step * padded_n;
      } else {
        job.b.values = b.values + (first * b.k + column * b.line) * b.bytes;
        job.b_panels = nk_up(job.n, nk_panel) / nk_panel;
        job.right = job.packed_b;
      }
      nk_parallel((size_t)((job.a_panels + job.b_panels + 1) / 2), nk_pack_chunk, &job);
      int is_last = step + job.k == k;
      job.c.accumulate = c->accumulate || step > 0;
      job.c.rounded = c->rounded && is_last ? c->rounded + column : NULL;
      job.c.epilogue = NULL;
      if (c->epilogue && is_last) {  // it is told columns of this part of B
        shifted = *c->epilogue;
        if (shifted.column_bias) shifted.column_bias += column;
        if (shifted.residual) shifted.residual += column;
        job.c.epilogue = &shifted;
      }
      // Blocks of at most 144 rows (216 KB of A), equally tall, by 256 columns; smaller where threads
      // would wait for the last one.
      job.row_blocks = (m + 143) / 144;
      job.block_rows = nk_up((m + job.row_blocks - 1) / job.row_blocks, height);
      job.block_columns = nk_least(nk_up(job.n, nk_panel), 256);
      while (job.block_columns > nk_panel &&
             job.row_blocks * ((job.n + job.block_columns - 1) / job.block_columns) < 40)
        job.block_columns = nk_up(job.block_columns / 2, nk_panel);
      while (job.block_rows > height &&
             job.row_blocks * ((job.n + job.block_columns - 1) / job.block_columns) < 16) {
        job.block_rows = nk_up(job.block_rows / 2, height);
        job.row_blocks = (m + job.block_rows - 1) / job.block_rows;
      }
      job.column_blocks = (job.n + job.block_columns - 1) / job.block_columns;
      nk_parallel((size_t)(job.row_blocks * job.column_blocks), nk_multiply_chunk, &job);
    }
  }
  nk_arena_give(scratch, a_bytes + b_bytes);
  return 1;
}

int nk_sgemm(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, nk_matrix a, nk_matrix b, float *c, ptrdiff_t c_stride,
    int accumulate, const nk_epilogue *epilogue) {
  nk_result result = {c, NULL, c_stride, accumulate, epilogue};
  return nk_product(m, n, k, nk_left(a), nk_right(b), NULL, &result);
}

typedef struct {
  const ptrdiff_t *a_offsets, *b_offsets;
  ptrdiff_t c_offset, m, n, k, c_stride;
  nk_matrix a, b;
  float *c;
  _Atomic int failed;
} nk_batch_job;

static void nk_batch_chunk(void *context, size_t chunk) {
  nk_batch_job *job = context;
  nk_matrix a = job->a, b = job->b;
  a.values += job->a_offsets[chunk];
  b.values += job->b_offsets[chunk];
  nk_result result = {job->c + (ptrdiff_t)chunk * job->c_offset, NULL, job->c_stride, 0, NULL};
  if (!nk_product(job->m, job->n, job->k, nk_left(a), nk_right(b), NULL, &result))
    job->failed = 1;
}

int nk_sgemm_batch(
    ptrdiff_t batch, const ptrdiff_t *a_offsets, const ptrdiff_t *b_offsets, ptrdiff_t c_offset,
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, nk_matrix a, nk_matrix b, float *c,
    ptrdiff_t c_stride) {
  nk_batch_job job = {a_offsets, b_offsets, c_offset, m, n, k, c_stride, a, b, c, 0};
  // Many small products share the threads among them; few large ones share each product.
  if (batch >= 4 && (double)m * (double)n * (double)k < 64e6) {
    nk_parallel((size_t)batch, nk_batch_chunk, &job);
  } else {
    for (ptrdiff_t i = 0; i < batch; i++) nk_batch_chunk(&job, (size_t)i);
  }
  return !job.failed;
}
