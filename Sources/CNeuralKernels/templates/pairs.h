// bfloat16: the upper half of a float, and products of pairs of them where no instruction does it.

typedef uint32_t vu __attribute__((vector_size(NK_LANES * 4)));
typedef uint16_t vh __attribute__((vector_size(NK_LANES * 2)));
typedef uint16_t vh_unaligned __attribute__((vector_size(NK_LANES * 2), aligned(2), may_alias));
typedef uint32_t vu_unaligned __attribute__((vector_size(NK_LANES * 4), aligned(4), may_alias));

static void nk_to_bf16_row(const float *x, uint16_t *y, size_t count) {
  size_t i = 0;
  for (; i + NK_LANES <= count; i += NK_LANES) {
    vf value = vf_load(x + i);
    vu bits = (vu)value, rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    vu nan = (vu)(value != value);
    rounded = (nan & ((bits >> 16) | 0x40)) | (~nan & rounded);
    *(vh_unaligned *)(y + i) = __builtin_convertvector(rounded, vh);
  }
  for (; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, x + i, 4);
    uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    y[i] = (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? (bits >> 16) | 0x40 : rounded);
  }
}

static void nk_from_bf16_row(const uint16_t *x, float *y, size_t count) {
  size_t i = 0;
  for (; i + NK_LANES <= count; i += NK_LANES) {
    vh bits = *(const vh_unaligned *)(x + i);
    vf_store(y + i, (vf)(__builtin_convertvector(bits, vu) << 16));
  }
  for (; i < count; i++) {
    uint32_t bits = (uint32_t)x[i] << 16;
    memcpy(y + i, &bits, 4);
  }
}

// The tile of gemm.h over pairs: A holds nk_tile_rows pairs a step, B 32.
NK_INLINE void nk_pair_columns(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t pairs, const uint32_t *restrict a,
    const uint32_t *restrict b, float *c, ptrdiff_t c_stride, int accumulate) {
  vf sums[nk_tile_rows][nk_tile_vectors] = {};
  for (ptrdiff_t step = 0; step < pairs; step++) {
    vf low[nk_tile_vectors], high[nk_tile_vectors];
#pragma clang loop unroll(full)
    for (int j = 0; j < nk_tile_vectors; j++) {
      vu both = *(const vu_unaligned *)(b + j * NK_LANES);
      low[j] = (vf)(both << 16);
      high[j] = (vf)(both & 0xffff0000u);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < nk_tile_rows; i++) {
      vu both = a[i] - (vu){};
      vf first = (vf)(both << 16), second = (vf)(both & 0xffff0000u);
#pragma clang loop unroll(full)
      for (int j = 0; j < nk_tile_vectors; j++)
        sums[i][j] = first * low[j] + (second * high[j] + sums[i][j]);
    }
    a += nk_tile_rows;
    b += nk_panel;
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < nk_tile_rows; i++) {
    if (i >= rows) return;
    float *line = c + i * c_stride;
#pragma clang loop unroll(full)
    for (int j = 0; j < nk_tile_vectors; j++) {
      ptrdiff_t at = j * NK_LANES;
      if (at >= columns) break;
      size_t width = (size_t)(columns - at);
      vf v = sums[i][j];
      if (accumulate) v = nk_beside(line + at, 0, width, 0.0f) + v;
      nk_put(line + at, v, 0, width);
    }
  }
}

static __attribute__((noinline)) void nk_pair_tile(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t pairs, const uint32_t *a, const uint32_t *b,
    float *c, ptrdiff_t c_stride, int accumulate) {
  for (ptrdiff_t at = 0; at < columns; at += nk_tile_columns)
    nk_pair_columns(
        rows, columns - at < nk_tile_columns ? columns - at : nk_tile_columns, pairs, a, b + at,
        c + at, c_stride, accumulate);
}
