// Products of floats whose left operand is read from where it lies: its rows are like the pixels of an
// image with channels innermost, and only the right operand is packed, in panels of 64 columns.
//
// Sums are taken as in `nk_product`, one for each 384 of k, so the bits are the same.
#include <stdatomic.h>

#include "matmul.h"

typedef struct {
  const nk_kernels *kernels;
  ptrdiff_t m, n, k;
  nk_operand a, b;
  nk_result c;
  // Where B is packed for all rows at once: its columns and step of k, and the blocks of C.
  float *packed;
  ptrdiff_t column, columns, step, depth;
  ptrdiff_t block_rows, block_panels, row_blocks;
  _Atomic int failed;
} nk_rows_job;

int nk_reads_rows_in_place(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, nk_operand a, const void *prepacked,
    const nk_result *c) {
  if (a.pairs || a.k != 1 || prepacked || (c->epilogue && c->epilogue->row_bias)) return 0;
  // With many rows and columns a packed A, which stays in the first-level cache, is worth its packing.
  return n <= 512 || nk_has_few_rows(m, n, k, 0);
}

// Rows from `row` to `end` by one panel of B that begins at `column`, for one step of k.
static void nk_rows_by_panel(
    const nk_rows_job *job, const float *panel, ptrdiff_t column, ptrdiff_t step, ptrdiff_t depth,
    ptrdiff_t row, ptrdiff_t end) {
  const ptrdiff_t tap = 0;
  const nk_epilogue *e = step + depth == job->k ? job->c.epilogue : NULL;
  nk_pixel_tile t = {
      .taps = &tap, .tap_count = 1, .length = depth, .weights = panel,
      .weight_stride = nk_filter_panel, .columns = nk_least(nk_filter_panel, job->n - column),
      .accumulate = job->c.accumulate || step > 0, .finishes = e != NULL};
  if (e) {
    t.bias = e->column_bias ? e->column_bias + column : NULL;
    t.has_residual = e->residual != NULL;
    t.activation = e->activation;
    t.p = e->p;
    t.q = e->q;
  }
  const float *a = (const float *)job->a.values + step;
  for (; row < end; row += nk_pixel_rows) {
    t.rows = nk_least(nk_pixel_rows, end - row);
    for (ptrdiff_t i = 0; i < nk_pixel_rows; i++) {
      ptrdiff_t at = row + (i < t.rows ? i : 0), place = at * job->c.stride + column;
      t.pixels[i] = a + at * job->a.line;
      t.results[i] = job->c.sums + place;
      if (t.has_residual) t.residuals[i] = e->residual + place;
    }
    job->kernels->pixels_by_filters(&t);
  }
}

static void nk_pack_columns(
    const nk_rows_job *job, ptrdiff_t column, ptrdiff_t step, ptrdiff_t depth, float *packed) {
  nk_operand b = job->b;
  b.values += step * b.k * b.bytes;
  nk_pack_panel(
      job->kernels, b, column, nk_least(nk_filter_panel, job->n - column), depth, nk_filter_panel,
      packed);
}

// Few rows: each panel of B is packed by the chunk that multiplies it, and taken through all of k.
static void nk_rows_panel_chunk(void *context, size_t chunk) {
  nk_rows_job *job = context;
  ptrdiff_t column = (ptrdiff_t)chunk * nk_filter_panel;
  size_t bytes = (size_t)(nk_filter_panel * job->depth) * sizeof(float);
  float *packed = nk_arena_take(bytes);
  if (!packed) {
    job->failed = 1;
    return;
  }
  for (ptrdiff_t step = 0; step < job->k; step += job->depth) {
    ptrdiff_t depth = nk_least(job->depth, job->k - step);
    nk_pack_columns(job, column, step, depth, packed);
    nk_rows_by_panel(job, packed, column, step, depth, 0, job->m);
  }
  nk_arena_give(packed, bytes);
}

// Many rows: all panels of a step are packed first.
static void nk_rows_pack_chunk(void *context, size_t chunk) {
  const nk_rows_job *job = context;
  ptrdiff_t column = (ptrdiff_t)chunk * nk_filter_panel;
  nk_pack_columns(
      job, job->column + column, job->step, job->depth, job->packed + column * job->depth);
}

static void nk_rows_block_chunk(void *context, size_t chunk) {
  const nk_rows_job *job = context;
  ptrdiff_t row = (ptrdiff_t)chunk % job->row_blocks * job->block_rows;
  ptrdiff_t end = nk_least(row + job->block_rows, job->m);
  ptrdiff_t first = (ptrdiff_t)chunk / job->row_blocks * job->block_panels * nk_filter_panel;
  ptrdiff_t last = nk_least(first + job->block_panels * nk_filter_panel, job->columns);
  for (ptrdiff_t column = first; column < last; column += nk_filter_panel)
    nk_rows_by_panel(
        job, job->packed + column * job->depth, job->column + column, job->step, job->depth, row,
        end);
}

static ptrdiff_t nk_parts(ptrdiff_t whole, ptrdiff_t part) { return (whole + part - 1) / part; }

int nk_product_of_rows(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, nk_operand a, nk_operand b, const nk_result *c) {
  nk_rows_job job = {
      .kernels = nk_active(), .m = m, .n = n, .k = k, .a = a, .b = b, .c = *c,
      .depth = nk_least(k, nk_depth)};
  if (nk_has_few_rows(m, n, k, 0)) {
    nk_parallel((size_t)nk_parts(n, nk_filter_panel), nk_rows_panel_chunk, &job);
    return !job.failed;
  }
  // Columns of B that are packed at a time: 384 × 4096 numbers are 6 MB.
  ptrdiff_t wide = nk_least(nk_up(n, nk_filter_panel), 4096);
  size_t bytes = (size_t)(wide * job.depth) * sizeof(float);
  job.packed = nk_arena_take(bytes);
  if (!job.packed) return 0;
  for (job.column = 0; job.column < n; job.column += wide) {
    job.columns = nk_least(wide, n - job.column);
    ptrdiff_t panels = nk_parts(job.columns, nk_filter_panel);
    // Blocks of about 96 rows by 256 columns, smaller where threads would wait for the last one.
    job.block_rows = nk_up(nk_parts(m, nk_parts(m, 96)), nk_pixel_rows);
    job.block_panels = nk_least(panels, 4);
    while (job.block_panels > 1 && nk_parts(m, job.block_rows) * nk_parts(panels, job.block_panels) < 40)
      job.block_panels = (job.block_panels + 1) / 2;
    while (job.block_rows > 24 && nk_parts(m, job.block_rows) * panels < 16)
      job.block_rows = nk_up(job.block_rows / 2, nk_pixel_rows);
    job.row_blocks = nk_parts(m, job.block_rows);
    for (job.step = 0; job.step < k; job.step += nk_depth) {
      job.depth = nk_least(nk_depth, k - job.step);
      nk_parallel((size_t)panels, nk_rows_pack_chunk, &job);
      nk_parallel(
          (size_t)(job.row_blocks * nk_parts(panels, job.block_panels)), nk_rows_block_chunk, &job);
    }
  }
  nk_arena_give(job.packed, bytes);
  return 1;
}
