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

// An operand on its way into panels. Its unit is a float, or two neighbouring steps of k as bfloat16.
typedef struct {
  const char *values;
  ptrdiff_t line, k;  // the distances between lines of a panel and between steps of k
  ptrdiff_t bytes;    // of one number
} nk_operand;

// Panels of pairs: as `nk_pack_rows`, with a zero after the last step where k is odd.
static void nk_pack_pairs(
    const nk_kernels *kernels, nk_operand source, ptrdiff_t rows, ptrdiff_t k, ptrdiff_t height,
    uint32_t *packed) {
  ptrdiff_t pairs = (k + 1) / 2;
  if (rows < height) memset(packed, 0, (size_t)(height * pairs) * sizeof *packed);
  if (source.k == 1) {
    uint32_t lines[nk_panel * nk_depth];
    for (ptrdiff_t row = 0; row < rows; row++) {
      const char *from = source.values + row * source.line * source.bytes;
      uint16_t *to = (uint16_t *)(lines + row * pairs);
      if (k % 2) to[k] = 0;
      if (source.bytes == 2)
        memcpy(to, from, (size_t)k * 2);
      else
        kernels->to_bf16((const float *)from, to, (size_t)k);
    }
    kernels->transpose(
        (const float *)lines, pairs, NULL, rows, pairs, (float *)packed, height);
    return;
  }
  for (ptrdiff_t pair = 0; pair < pairs; pair++) {
    uint16_t low[nk_panel], high[nk_panel];
    for (int half = 0; half < 2; half++) {
      uint16_t *to = half ? high : low;
      ptrdiff_t step = 2 * pair + half;
      const char *from = source.values + step * source.k * source.bytes;
      if (step >= k) {
        memset(to, 0, (size_t)rows * 2);
      } else if (source.line == 1 && source.bytes == 2) {
        memcpy(to, from, (size_t)rows * 2);
      } else if (source.line == 1) {
        kernels->to_bf16((const float *)from, to, (size_t)rows);
      } else {
        for (ptrdiff_t row = 0; row < rows; row++)
          if (source.bytes == 2)
            memcpy(to + row, from + row * source.line * 2, 2);
          else
            kernels->to_bf16((const float *)(from + row * source.line * 4), to + row, 1);
      }
    }
    uint32_t *to = packed + pair * height;
    for (ptrdiff_t row = 0; row < rows; row++) to[row] = low[row] | (uint32_t)high[row] << 16;
  }
}

typedef struct {
  const nk_kernels *kernels;
  ptrdiff_t m, n, k;         // of the present step of k, in units
  nk_operand a, b;           // at the present step
  // The tile for pairs, and the numbers in the present step of k; NULL for floats.
  nk_pair_tile_function *pair_tile;
  ptrdiff_t numbers;
  float *packed_a, *packed_b;
  const float *right;        // packed B of this step
  float *c;
  ptrdiff_t c_stride;
  int accumulate;
  const nk_epilogue *epilogue;
  ptrdiff_t a_panels, b_panels, block_rows, block_columns, row_blocks, column_blocks;
} nk_gemm_job;

static void nk_pack_panel(
    const nk_gemm_job *job, nk_operand source, ptrdiff_t line, ptrdiff_t lines, ptrdiff_t height,
    float *packed) {
  source.values += line * source.line * source.bytes;
  if (job->pair_tile)
    nk_pack_pairs(job->kernels, source, lines, job->numbers, height, (uint32_t *)packed);
  else
    nk_pack_rows(
        job->kernels, (const float *)source.values, source.line, source.k, lines, job->k, height,
        packed);
}

static void nk_pack_chunk(void *context, size_t chunk) {
  const nk_gemm_job *job = context;
  ptrdiff_t panel = (ptrdiff_t)chunk * 4, height = job->kernels->gemm_rows;
  for (ptrdiff_t end = panel + 4; panel < end; panel++) {
    if (panel < job->a_panels) {
      ptrdiff_t row = panel * height;
      nk_pack_panel(
          job, job->a, row, nk_least(height, job->m - row), height, job->packed_a + row * job->k);
    } else if (panel < job->a_panels + job->b_panels) {
      ptrdiff_t column = (panel - job->a_panels) * nk_panel;
      nk_pack_panel(
          job, job->b, column, nk_least(nk_panel, job->n - column), nk_panel,
          job->packed_b + column * job->k);
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
  for (ptrdiff_t row = row0; row < row1; row += height)
    for (ptrdiff_t column = column0; column < column1; column += nk_panel) {
      ptrdiff_t rows = nk_least(height, row1 - row), wide = nk_least(nk_panel, column1 - column);
      const float *a = job->packed_a + row * job->k, *b = job->right + column * job->k;
      float *c = job->c + row * job->c_stride + column;
      if (!job->pair_tile) {
        job->kernels->gemm_tile(
            rows, wide, job->k, a, b, c, job->c_stride, job->accumulate, job->epilogue, row,
            column);
        continue;
      }
      job->pair_tile(
          rows, wide, job->k, (const uint32_t *)a, (const uint32_t *)b, c, job->c_stride,
          job->accumulate);
      if (job->epilogue)
        job->kernels->finish(rows, wide, c, job->c_stride, job->epilogue, row, column);
    }
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

static nk_operand nk_left(nk_matrix a) {
  return (nk_operand){(const char *)a.values, a.row_stride, a.column_stride, sizeof(float)};
}
static nk_operand nk_right(nk_matrix b) {
  return (nk_operand){(const char *)b.values, b.column_stride, b.row_stride, sizeof(float)};
}

// With `pairs`, operands are rounded to bfloat16 where they are not, and a unit of k is two steps.
static int nk_product(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t numbers, nk_operand a, nk_operand b,
    const void *prepacked, float *c, ptrdiff_t c_stride, int accumulate,
    const nk_epilogue *epilogue, int pairs) {
  const nk_kernels *kernels = nk_active();
  if (m <= 0 || n <= 0) return 1;
  ptrdiff_t k = pairs ? (numbers + 1) / 2 : numbers;
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
  job.a = a;
  job.b = b;
  job.m = m;
  if (pairs) job.pair_tile = nk_pair_tile_for(kernels);
  for (ptrdiff_t column = 0; column < n; column += wide) {
    job.n = nk_least(wide, n - column);
    job.c = c + column;
    nk_epilogue shifted;
    for (ptrdiff_t step = 0; step < k; step += nk_depth) {
      job.k = nk_least(nk_depth, k - step);
      ptrdiff_t first = pairs ? 2 * step : step;
      job.numbers = pairs ? nk_least(2 * nk_depth, numbers - first) : job.k;
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
  return nk_product(
      m, n, k, nk_left(a), nk_right(b), NULL, c, c_stride, accumulate, epilogue, 0);
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
          job->m, job->n, job->k, nk_left(a), nk_right(b), NULL,
          job->c + (ptrdiff_t)chunk * job->c_offset, job->c_stride, 0, NULL, 0))
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
  nk_operand none = {0};
  return nk_product(
      m, n, k, nk_left(a), none, packed, c, c_stride, accumulate, epilogue, 0);
}

static nk_operand nk_half_operand(nk_half_matrix x, int right) {
  return (nk_operand){
      x.values, right ? x.column_stride : x.row_stride, right ? x.row_stride : x.column_stride,
      x.is_bf16 ? 2 : 4};
}

int nk_bgemm(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, nk_half_matrix a, nk_half_matrix b, float *c,
    ptrdiff_t c_stride, int accumulate, const nk_epilogue *epilogue) {
  return nk_product(
      m, n, k, nk_half_operand(a, 0), nk_half_operand(b, 1), NULL, c, c_stride, accumulate,
      epilogue, 1);
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
  for (ptrdiff_t step = 0; step < pairs; step += nk_depth) {
    ptrdiff_t depth = nk_least(nk_depth, pairs - step);
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
  return nk_product(
      m, n, k, nk_half_operand(a, 0), none, packed, c, c_stride, 0, epilogue, 1);
}
