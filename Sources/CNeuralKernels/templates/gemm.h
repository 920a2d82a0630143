// The inner loop of every matrix product: a tile of C from a panel of A and a panel of B.
//
// A lies as k steps of nk_tile_rows numbers, B as k steps of 32. The tile is held in registers:
// 12×32 in 24 of AVX-512's 32, 6×16 in 12 of AVX2's 16, 4×8 in 8 of SSE2's 16 (NEON has 32: 6×16).

#if NK_LANES == 16
enum { nk_tile_rows = 12, nk_tile_vectors = 2 };
#elif NK_LANES == 8
enum { nk_tile_rows = 6, nk_tile_vectors = 2 };
#elif defined(__aarch64__)
enum { nk_tile_rows = 6, nk_tile_vectors = 4 };
#else
enum { nk_tile_rows = 4, nk_tile_vectors = 2 };
#endif
enum { nk_tile_columns = nk_tile_vectors * NK_LANES };

// The epilogue over a finished tile, which is still in the first-level cache.
static __attribute__((noinline)) void nk_finish_tile(
    ptrdiff_t rows, ptrdiff_t columns, float *c, ptrdiff_t c_stride, const nk_epilogue *e,
    ptrdiff_t row, ptrdiff_t column) {
  for (ptrdiff_t i = 0; i < rows; i++)
    for (ptrdiff_t at = 0; at < columns; at += NK_LANES) {
      size_t width = (size_t)(columns - at);
      float *place = c + i * c_stride + at;
      vf v = nk_beside(place, 0, width, 0.0f);
      if (e->row_bias) v += e->row_bias[row + i];
      if (e->column_bias) v += nk_beside(e->column_bias + column + at, 0, width, 0.0f);
      if (e->residual)
        v += nk_beside(e->residual + (row + i) * c_stride + column + at, 0, width, 0.0f);
      nk_put(place, vf_activation(v, e->activation, e->p, e->q), 0, width);
    }
}

NK_INLINE void nk_gemm_columns(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t k, const float *restrict a,
    const float *restrict b, float *c, ptrdiff_t c_stride, int accumulate, int height,
    int vectors) {
  vf sums[nk_tile_rows][nk_tile_vectors] = {};
  for (ptrdiff_t step = 0; step < k; step++) {
    vf right[nk_tile_vectors];
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) right[j] = vf_load(b + j * NK_LANES);
#pragma clang loop unroll(full)
    for (int i = 0; i < height; i++) {
      vf left = vf_all(a[i]);
#pragma clang loop unroll(full)
      for (int j = 0; j < vectors; j++) sums[i][j] = left * right[j] + sums[i][j];
    }
    a += nk_tile_rows;
    b += nk_panel;
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < height; i++) {
    if (i >= rows) return;
    float *line = c + i * c_stride;
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) {
      ptrdiff_t at = j * NK_LANES;
      if (at >= columns) break;
      size_t width = (size_t)(columns - at);
      vf v = sums[i][j];
      if (accumulate) v = nk_beside(line + at, 0, width, 0.0f) + v;
      nk_put(line + at, v, 0, width);
    }
  }
}

static __attribute__((noinline)) void nk_gemm_wide(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t k, const float *a, const float *b, float *c,
    ptrdiff_t c_stride, int accumulate) {
  nk_gemm_columns(rows, columns, k, a, b, c, c_stride, accumulate, nk_tile_rows, nk_tile_vectors);
}
// The last rows of a product, where they fill half a panel at most.
static __attribute__((noinline)) void nk_gemm_low(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t k, const float *a, const float *b, float *c,
    ptrdiff_t c_stride, int accumulate) {
  nk_gemm_columns(
      rows, columns, k, a, b, c, c_stride, accumulate, nk_tile_rows / 2, nk_tile_vectors);
}
static __attribute__((noinline)) void nk_gemm_narrow(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t k, const float *a, const float *b, float *c,
    ptrdiff_t c_stride, int accumulate) {
  nk_gemm_columns(rows, columns, k, a, b, c, c_stride, accumulate, nk_tile_rows, 1);
}

// A tile as wide as the panel.
static void nk_gemm_one_tile(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t k, const float *a, const float *b, float *c,
    ptrdiff_t c_stride, int accumulate, const nk_epilogue *epilogue, ptrdiff_t row,
    ptrdiff_t column) {
  for (ptrdiff_t at = 0; at < columns; at += nk_tile_columns)
    if (columns - at > NK_LANES)
      (rows <= nk_tile_rows / 2 ? nk_gemm_low : nk_gemm_wide)(
          rows, columns - at < nk_tile_columns ? columns - at : nk_tile_columns, k, a, b + at,
          c + at, c_stride, accumulate);
    else
      nk_gemm_narrow(rows, columns - at, k, a, b + at, c + at, c_stride, accumulate);
  if (epilogue) nk_finish_tile(rows, columns, c, c_stride, epilogue, row, column);
}
