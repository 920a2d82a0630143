// bfloat16: the upper half of a float, and products of pairs of them where no instruction does it.

typedef uint32_t vu __attribute__((vector_size(NK_LANES * 4)));
typedef uint16_t vh __attribute__((vector_size(NK_LANES * 2)));
typedef uint16_t vh_unaligned __attribute__((vector_size(NK_LANES * 2), aligned(2), may_alias));
typedef uint32_t vu_unaligned __attribute__((vector_size(NK_LANES * 4), aligned(4), may_alias));

// The upper halves of floats, rounded to the nearest, in the lower halves of lanes.
NK_INLINE vu vu_bf16(vf value) {
  vu bits = (vu)value, rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  vu nan = (vu)(value != value);
  return (nan & ((bits >> 16) | 0x40)) | (~nan & rounded);
}

static void nk_to_bf16_row(const float *x, uint16_t *y, size_t count) {
  size_t i = 0;
  for (; i + NK_LANES <= count; i += NK_LANES) {
    *(vh_unaligned *)(y + i) = __builtin_convertvector(vu_bf16(vf_load(x + i)), vh);
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

// Lines of `count` numbers (bfloat16, or floats to be rounded) become lines of pairs: the lower half of
// each is from an even line, the upper from the next, zero where there is none.
static void nk_interleave_lines(
    const void *source, int is_bf16, ptrdiff_t stride, ptrdiff_t lines, ptrdiff_t count,
    uint32_t *to, ptrdiff_t to_stride) {
  for (ptrdiff_t line = 0; line < lines; line += 2, to += to_stride) {
    ptrdiff_t i = 0;
    int both = line + 1 < lines;
    if (is_bf16) {
      const uint16_t *low = (const uint16_t *)source + line * stride, *high = low + stride;
      for (; i + NK_LANES <= count; i += NK_LANES) {
        vu pairs = __builtin_convertvector(*(const vh_unaligned *)(low + i), vu);
        if (both) pairs |= __builtin_convertvector(*(const vh_unaligned *)(high + i), vu) << 16;
        *(vu_unaligned *)(to + i) = pairs;
      }
      for (; i < count; i++) to[i] = low[i] | (both ? (uint32_t)high[i] << 16 : 0);
    } else {
      const float *low = (const float *)source + line * stride, *high = low + stride;
      for (; i < count; i += NK_LANES) {
        size_t left = (size_t)(count - i);
        vu pairs = vu_bf16(nk_beside(low + i, 0, left, 0.0f));
        if (both) pairs |= vu_bf16(nk_beside(high + i, 0, left, 0.0f)) << 16;
        nk_put((float *)(to + i), (vf)pairs, 0, left);
      }
    }
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
