// Products of numbers rounded to bfloat16 with sums in float32. A panel holds two steps of k in each
// 32 bits, the earlier one in the lower half.

// The upper half of a float rounded to nearest, ties to even, still in the upper half; NaN stays NaN.
NK_INLINE vi nk_rounded(vf x) {
  vi bits = (vi)x, rest = (bits >> 16) & 1;
  vi number = (bits + 0x7fff + rest) & (int32_t)0xffff0000;
  vi quiet = (bits | 0x400000) & (int32_t)0xffff0000;
  return (vi)vf_pick((bits & 0x7fffffff) > 0x7f800000, (vf)quiet, (vf)number);
}
NK_INLINE vf nk_paired(vf low, vf high) {
  return (vf)(((nk_rounded(low) >> 16) & 0xffff) | nk_rounded(high));
}

// Panels of `height` rows: row r of step k at r·row_stride + k·k_stride; zeros below and after.
static void nk_pack_mixed(
    const float *source, ptrdiff_t row_stride, ptrdiff_t k_stride, ptrdiff_t rows, ptrdiff_t k,
    ptrdiff_t height, float *packed) {
  ptrdiff_t pairs = (k + 1) / 2;
  if (k_stride == 1 && row_stride != 1) {
    // Rows of pairs, then turned: 64 pairs at a time.
    enum { nk_block = 64 };
    float lines[32 * nk_block];
    for (ptrdiff_t first = 0; first < pairs; first += nk_block) {
      ptrdiff_t count = pairs - first < nk_block ? pairs - first : nk_block;
      for (ptrdiff_t row = 0; row < rows; row++) {
        const float *from = source + row * row_stride + 2 * first;
        ptrdiff_t numbers = k - 2 * first < 2 * count ? k - 2 * first : 2 * count;
        for (ptrdiff_t at = 0; at < count; at += NK_LANES) {
          size_t left = (size_t)(numbers - 2 * at);
          vf a = nk_beside(from + 2 * at, 0, left, 0.0f);
          vf b = left > NK_LANES ? nk_beside(from + 2 * at + NK_LANES, 0, left - NK_LANES, 0.0f)
                                 : (vf){};
          vf_store(lines + row * nk_block + at, nk_paired(NK_EVEN(a, b), NK_ODD(a, b)));
        }
      }
      float *to = packed + first * height;
      if (rows < height) memset(to, 0, (size_t)(count * height) * sizeof(float));
      nk_transpose_rows(lines, nk_block, NULL, rows, count, to, height);
    }
    return;
  }
  for (ptrdiff_t pair = 0; pair < pairs; pair++, packed += height) {
    const float *low = source + 2 * pair * k_stride, *high = low + k_stride;
    float lanes[64] = {0};
    if (row_stride != 1) {
      for (ptrdiff_t row = 0; row < rows; row++) {
        lanes[row] = low[row * row_stride];
        lanes[32 + row] = 2 * pair + 1 < k ? high[row * row_stride] : 0.0f;
      }
      low = lanes;
      high = lanes + 32;
    } else if (2 * pair + 1 >= k) {
      high = lanes + 32;
    }
    for (ptrdiff_t at = 0; at < height; at += NK_LANES) {
      size_t valid = rows > at ? (size_t)(rows - at) : 0;
      vf a = nk_beside(low + at, 0, valid, 0.0f), b = nk_beside(high + at, 0, valid, 0.0f);
      nk_put(packed + at, nk_paired(a, b), 0, (size_t)(height - at));
    }
  }
}

// A tile as wide as a panel, by ordinary multiplications.
static void nk_mixed_one_tile(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t pairs, const float *a, const float *b, float *c,
    ptrdiff_t c_stride, int accumulate) {
  for (ptrdiff_t at = 0; at < columns; at += NK_LANES) {
    vf sums[nk_tile_rows] = {};
    for (ptrdiff_t pair = 0; pair < pairs; pair++) {
      vi right = (vi)vf_load(b + pair * nk_panel + at);
      vf low = (vf)(right << 16), high = (vf)(right & (int32_t)0xffff0000);
#pragma clang loop unroll(full)
      for (int i = 0; i < nk_tile_rows; i++) {
        vi left = (vi)vf_all(0.0f);
        int32_t bits;
        memcpy(&bits, a + pair * nk_tile_rows + i, sizeof bits);
        left += bits;
        sums[i] = (vf)(left << 16) * low + sums[i];
        sums[i] = (vf)(left & (int32_t)0xffff0000) * high + sums[i];
      }
    }
    for (int i = 0; i < nk_tile_rows && i < rows; i++) {
      float *line = c + i * c_stride + at;
      size_t width = (size_t)(columns - at);
      nk_put(line, accumulate ? nk_beside(line, 0, width, 0.0f) + sums[i] : sums[i], 0, width);
    }
  }
}
