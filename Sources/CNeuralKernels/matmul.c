// Matrix products: pack both operands, then multiply tiles.
//
// For each 384 of k, A is packed in panels as tall as the tile and B in panels of 32 columns; the
// tiles of C are then claimed in blocks small enough that A's block stays in the second-level cache.
#include <string.h>

#include "image.h"

// Panels of `height` rows from a strided matrix: panel-major, then k, then row; zeros below.
void nk_pack_rows(
    const nk_kernels *kernels, const float *source, ptrdiff_t row_stride, ptrdiff_t k_stride,
    ptrdiff_t rows, ptrdiff_t k, ptrdiff_t height, float *packed) {
  if (rows < height) memset(packed, 0, (size_t)(height * k) * sizeof(float));
  if (row_stride == 1) {
    if (rows == nk_panel && height == nk_panel)
      for (ptrdiff_t step = 0; step < k; step++)
        memcpy(packed + step * nk_panel, source + step * k_stride, nk_panel * sizeof(float));
    else if (rows == 12 && height == 12)  // a length that the compiler knows is no call
      for (ptrdiff_t step = 0; step < k; step++)
        memcpy(packed + step * 12, source + step * k_stride, 12 * sizeof(float));
    else
      for (ptrdiff_t step = 0; step < k; step++)
        memcpy(packed + step * height, source + step * k_stride, (size_t)rows * sizeof(float));
  } else if (k_stride == 1) {
    kernels->transpose(source, row_stride, NULL, rows, k, packed, height);
  } else {
    for (ptrdiff_t step = 0; step < k; step++)
      for (ptrdiff_t row = 0; row < rows; row++)
        packed[step * height + row] = source[row * row_stride + step * k_stride];
  }
}

typedef struct {
  const nk_kernels *kernels;
  ptrdiff_t m, n, k;         // of the present step of k
  const float *a, *b;        // at the present step
  ptrdiff_t a_row, a_k, b_column, b_k;
  float *packed_a, *packed_b;
  const float *right;        // packed B of this step
  float *c;
  ptrdiff_t c_stride;
  int accumulate;
  const nk_epilogue *epilogue;
  ptrdiff_t a_panels, b_panels, block_rows, block_columns, row_blocks, column_blocks;
} nk_gemm_job;

static void nk_pack_chunk(void *context, size_t chunk) {
  const nk_gemm_job *job = context;
  ptrdiff_t panel = (ptrdiff_t)chunk * 4, height = job->kernels->gemm_rows;
  for (ptrdiff_t end = panel + 4; panel < end; panel++) {
    if (panel < job->a_panels) {
      ptrdiff_t row = panel * height;
      nk_pack_rows(
          job->kernels, job->a + row * job->a_row, job->a_row, job->a_k, nk_least(height, job->m - row), job->k,
          height, job->packed_a + row * job->k);
    } else if (panel < job->a_panels + job->b_panels) {
      ptrdiff_t column = (panel - job->a_panels) * nk_panel;
      nk_pack_rows(
          job->kernels, job->b + column * job->b_column, job->b_column, job->b_k,
          nk_least(nk_panel, job->n - column), job->k, nk_panel, job->packed_b + column * job->k);
    }
  }
}

static void nk_multiply_chunk(void *context, size_t chunk) {
  const nk_gemm_job *job = context;
  ptrdiff_t height = job->kernels->gemm_rows;
  ptrdiff_t row0 = (ptrdiff_t)chunk % job->row_blocks * job->block_rows;
  ptrdiff_t column0 = (ptrdiff_t)chunk / job->row_blocks * job->block_columns;
  ptrdiff_t row1 = nk_least(row0 + job->block_rows, job->m);
  ptrdiff_t column1 = nk_least(column0 + job->block_columns, job->n);
  for (ptrdiff_t column = column0; column < column1; column += nk_panel)
    for (ptrdiff_t row = row0; row < row1; row += height)
      job->kernels->gemm_tile(
          nk_least(height, row1 - row), nk_least(nk_panel, column1 - column), job->k,
          job->packed_a + row * job->k, job->right + column * job->k,
          job->c + row * job->c_stride + column, job->c_stride, job->accumulate, job->epilogue,
          row, column);
}

static void nk_apply_epilogue_only(
    const nk_kernels *kernels, ptrdiff_t m, ptrdiff_t n, float *c, ptrdiff_t c_stride,
    int accumulate, const nk_epilogue *epilogue) {
  // k is zero: the product is zero; one tile call with k = 0 stores (or keeps) and finishes.
  float nothing[1] = {0};
  for (ptrdiff_t row = 0; row < m; row += kernels->gemm_rows)
    for (ptrdiff_t column = 0; column < n; column += nk_panel)
      kernels->gemm_tile(
          nk_least(kernels->gemm_rows, m - row), nk_least(nk_panel, n - column), 0, nothing,
          nothing, c + row * c_stride + column, c_stride, accumulate, epilogue, row, column);
}

static int nk_product(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, nk_matrix a, nk_matrix b, const float *prepacked,
    float *c, ptrdiff_t c_stride, int accumulate, const nk_epilogue *epilogue) {
  const nk_kernels *kernels = nk_active();
  if (m <= 0 || n <= 0) return 1;
  if (k <= 0) {
    nk_apply_epilogue_only(kernels, m, n, c, c_stride, accumulate, epilogue);
    return 1;
  }
  ptrdiff_t height = kernels->gemm_rows, depth = nk_least(k, nk_depth);
  ptrdiff_t padded_m = nk_up(m, height), padded_n = nk_up(n, nk_panel);
  // Columns of B that are packed at a time: 384 × 4096 numbers are 6 MB.
  ptrdiff_t wide = prepacked ? padded_n : nk_least(padded_n, 4096);
  size_t a_bytes = (size_t)(padded_m * depth) * sizeof(float);
  size_t b_bytes = prepacked ? 0 : (size_t)(wide * depth) * sizeof(float);
  float *scratch = nk_arena_take(a_bytes + b_bytes);
  if (!scratch) return 0;
  nk_gemm_job job = {.kernels = kernels, .packed_a = scratch, .c_stride = c_stride};
  job.packed_b = scratch + padded_m * depth;
  job.a_row = a.row_stride;
  job.a_k = a.column_stride;
  job.b_column = b.column_stride;
  job.b_k = b.row_stride;
  job.m = m;
  for (ptrdiff_t column = 0; column < n; column += wide) {
    job.n = nk_least(wide, n - column);
    job.c = c + column;
    nk_epilogue shifted;
    for (ptrdiff_t step = 0; step < k; step += nk_depth) {
      job.k = nk_least(nk_depth, k - step);
      job.a = a.values + step * a.column_stride;
      job.a_panels = padded_m / height;
      job.b_panels = 0;
      if (prepacked) {
        job.right = prepacked + step * padded_n;
      } else {
        job.b = b.values + step * b.row_stride + column * b.column_stride;
        job.b_panels = nk_up(job.n, nk_panel) / nk_panel;
        job.right = job.packed_b;
      }
      nk_parallel((size_t)((job.a_panels + job.b_panels + 3) / 4), nk_pack_chunk, &job);
      job.accumulate = accumulate || step > 0;
      job.epilogue = NULL;
      if (epilogue && step + job.k == k) {
        shifted = *epilogue;
        if (shifted.column_bias) shifted.column_bias += column;
        if (shifted.residual) shifted.residual += column;
        job.epilogue = &shifted;
      }
      // Blocks: about 144 rows (216 KB of A) by 256 columns, smaller where that leaves threads idle.
      job.block_rows = nk_up(nk_least(m, 144), height);
      job.block_columns = nk_least(nk_up(job.n, nk_panel), 256);
      job.row_blocks = (m + job.block_rows - 1) / job.block_rows;
      while (job.block_columns > nk_panel &&
             job.row_blocks * ((job.n + job.block_columns - 1) / job.block_columns) < 16)
        job.block_columns = nk_up(job.block_columns / 2, nk_panel);
      while (job.block_rows > height &&
             job.row_blocks * ((job.n + job.block_columns - 1) / job.block_columns) < 8) {
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
  return nk_product(m, n, k, a, b, NULL, c, c_stride, accumulate, epilogue);
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
  if (!nk_product(
          job->m, job->n, job->k, a, b, NULL, job->c + (ptrdiff_t)chunk * job->c_offset,
          job->c_stride, 0, NULL))
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

size_t nk_sgemm_packed_size(ptrdiff_t n, ptrdiff_t k) {
  return (size_t)(nk_up(n, nk_panel) * k) * sizeof(float);
}

typedef struct {
  ptrdiff_t n, k;
  nk_matrix b;
  float *packed;
} nk_prepack_job;

static void nk_prepack_chunk(void *context, size_t chunk) {
  const nk_prepack_job *job = context;
  ptrdiff_t padded = nk_up(job->n, nk_panel), column = (ptrdiff_t)chunk * nk_panel;
  for (ptrdiff_t step = 0; step < job->k; step += nk_depth) {
    ptrdiff_t depth = nk_least(nk_depth, job->k - step);
    nk_pack_rows(
        nk_active(), job->b.values + step * job->b.row_stride + column * job->b.column_stride,
        job->b.column_stride, job->b.row_stride, nk_least(nk_panel, job->n - column), depth,
        nk_panel, job->packed + step * padded + column * depth);
  }
}

void nk_sgemm_pack(ptrdiff_t n, ptrdiff_t k, nk_matrix b, float *packed) {
  nk_prepack_job job = {n, k, b, packed};
  nk_parallel((size_t)((n + nk_panel - 1) / nk_panel), nk_prepack_chunk, &job);
}

int nk_sgemm_packed(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, nk_matrix a, const float *packed, float *c,
    ptrdiff_t c_stride, int accumulate, const nk_epilogue *epilogue) {
  nk_matrix none = {packed, 0, 0};
  return nk_product(m, n, k, a, none, packed, c, c_stride, accumulate, epilogue);
}
