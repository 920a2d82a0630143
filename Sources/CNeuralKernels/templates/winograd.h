// The two transforms of F(4×4, 3×3), each for as many neighbouring tiles as a vector has lanes.

// G·g of a column of three.
NK_INLINE void nk_winograd_spread(const vf *g, vf *u) {
  vf outer = g[0] + g[2], even = g[0] * (1.0f / 24.0f) + g[2] * (1.0f / 6.0f), odd = g[1] * (1.0f / 12.0f);
  u[0] = g[0] * 0.25f;
  u[1] = (outer + g[1]) * (-1.0f / 6.0f);
  u[2] = (outer - g[1]) * (-1.0f / 6.0f);
  u[3] = even + odd;
  u[4] = even - odd;
  u[5] = g[2];
}

static void nk_winograd_filter_rows(
    const float *g, ptrdiff_t rows, float *u, ptrdiff_t stride) {
  for (ptrdiff_t at = 0; at < rows; at += NK_LANES) {
    vf half[6][3];
    for (int j = 0; j < 3; j++) {
      vf taps[3], t[6];
      for (int i = 0; i < 3; i++) taps[i] = vf_load(g + (i * 3 + j) * 16 + at);
      nk_winograd_spread(taps, t);
      for (int i = 0; i < 6; i++) half[i][j] = t[i];
    }
    for (int i = 0; i < 6; i++) {
      vf t[6];
      nk_winograd_spread(half[i], t);
      for (int j = 0; j < 6; j++) nk_put(u + (i * 6 + j) * stride, t[j], (size_t)at, (size_t)rows);
    }
  }
}

// Bᵀ·d of a column of six.
NK_INLINE void nk_winograd_before(const vf *d, vf *t) {
  vf even = d[4] - 4.0f * d[2], odd = d[3] - 4.0f * d[1];
  vf near = d[4] - d[2], slope = 2.0f * (d[3] - d[1]);
  t[0] = 4.0f * d[0] - 5.0f * d[2] + d[4];
  t[1] = even + odd;
  t[2] = even - odd;
  t[3] = near + slope;
  t[4] = near - slope;
  t[5] = 4.0f * d[1] - 5.0f * d[3] + d[5];
}

// V = Bᵀ·d·B; V's 36 points lie `point_stride` apart. Lanes past the run are written as far as
// `room`, and are rewritten by what comes after them.
static void nk_winograd_input_run(
    const float *image, const ptrdiff_t *taps, ptrdiff_t length, float *v, ptrdiff_t point_stride,
    ptrdiff_t room) {
  for (ptrdiff_t at = 0; at < length; at += NK_LANES) {
    vf half[6][6];
    for (int j = 0; j < 6; j++) {
      vf d[6], t[6];
      for (int i = 0; i < 6; i++) d[i] = vf_load(image + taps[i * 6 + j] + at);
      nk_winograd_before(d, t);
      for (int i = 0; i < 6; i++) half[i][j] = t[i];
    }
    int whole = room - at >= NK_LANES;
    for (int i = 0; i < 6; i++) {
      vf t[6];
      nk_winograd_before(half[i], t);
      float *to = v + at + i * 6 * point_stride;
      if (whole)
        for (int j = 0; j < 6; j++) vf_store(to + j * point_stride, t[j]);
      else
        for (int j = 0; j < 6; j++)
          vf_store_part(to + j * point_stride, t[j], (size_t)(length - at));
    }
  }
}

// Aᵀ·m of a column of six.
NK_INLINE void nk_winograd_after(const vf *m, vf *t) {
  vf sum = m[1] + m[2], difference = m[1] - m[2];
  vf far = m[3] + m[4], slope = m[3] - m[4];
  t[0] = m[0] + sum + far;
  t[1] = difference + 2.0f * slope;
  t[2] = sum + 4.0f * far;
  t[3] = difference + 8.0f * slope + m[5];
}

// Returns whether a number is infinite or not a number: then the tile's other numbers are wrong.
// Y = Aᵀ·M·A, `high` rows of `wide` numbers: four of each tile, tiles side by side.
static int nk_winograd_output_run(
    const float *m, ptrdiff_t point_stride, ptrdiff_t length, float *y, ptrdiff_t y_stride,
    ptrdiff_t high, ptrdiff_t wide) {
  // Sums of x − x are 0 unless some x is not finite.
  vf unsound = {};
  vi lane = {};
  for (int i = 0; i < NK_LANES; i++) lane[i] = i;
  for (ptrdiff_t at = 0; at < length; at += NK_LANES) {
    vf half[4][6];
    for (int j = 0; j < 6; j++) {
      vf d[6], t[4];
      for (int i = 0; i < 6; i++) d[i] = vf_load(m + (i * 6 + j) * point_stride + at);
      nk_winograd_after(d, t);
      for (int i = 0; i < 4; i++) half[i][j] = t[i];
    }
    for (int i = 0; i < high; i++) {
      vf t[4];
      nk_winograd_after(half[i], t);
      vf strange = (t[0] - t[0]) + (t[1] - t[1]) + (t[2] - t[2]) + (t[3] - t[3]);
      unsound += vf_pick(lane < (int32_t)(length - at), strange, (vf){});
      vf ac_low = NK_ZIP_LOW(t[0], t[2]), ac_high = NK_ZIP_HIGH(t[0], t[2]);
      vf bd_low = NK_ZIP_LOW(t[1], t[3]), bd_high = NK_ZIP_HIGH(t[1], t[3]);
      vf out[4] = {
          NK_ZIP_LOW(ac_low, bd_low), NK_ZIP_HIGH(ac_low, bd_low), NK_ZIP_LOW(ac_high, bd_high),
          NK_ZIP_HIGH(ac_high, bd_high)};
      float *line = y + i * y_stride;
      for (int part = 0; part < 4; part++) {
        ptrdiff_t column = 4 * at + part * NK_LANES;
        if (column < wide) nk_put(line + column, out[part], 0, (size_t)(wide - column));
      }
    }
  }
  float lanes[NK_LANES], sum = 0;
  vf_store(lanes, unsound);
  for (int lane = 0; lane < NK_LANES; lane++) sum += lanes[lane];
  return sum != 0;
}

// A·y of a column of four.
NK_INLINE void nk_winograd_widen(const vf *y, vf *t) {
  vf even = y[0] + y[2], odd = y[1] + y[3];
  vf far = y[0] + 4.0f * y[2], slope = 2.0f * y[1] + 8.0f * y[3];
  t[0] = y[0];
  t[1] = even + odd;
  t[2] = even - odd;
  t[3] = far + slope;
  t[4] = far - slope;
  t[5] = y[3];
}

static void nk_winograd_gradient_tile(
    const float *dy, ptrdiff_t row_stride, ptrdiff_t lanes, float *d, ptrdiff_t point_stride) {
  for (ptrdiff_t at = 0; at < lanes; at += NK_LANES) {
    vf half[6][4];
    for (int j = 0; j < 4; j++) {
      vf y[4], t[6];
      for (int i = 0; i < 4; i++) y[i] = vf_load(dy + i * row_stride + j * lanes + at);
      nk_winograd_widen(y, t);
      for (int i = 0; i < 6; i++) half[i][j] = t[i];
    }
    for (int i = 0; i < 6; i++) {
      vf t[6];
      nk_winograd_widen(half[i], t);
      for (int j = 0; j < 6; j++) vf_store(d + (i * 6 + j) * point_stride + at, t[j]);
    }
  }
}

// Gᵀ·m of a column of six.
NK_INLINE void nk_winograd_gather(const vf *m, vf *t) {
  vf near = (m[1] + m[2]) * (-1.0f / 6.0f), far = m[3] + m[4];
  t[0] = m[0] * 0.25f + near + far * (1.0f / 24.0f);
  t[1] = (m[2] - m[1]) * (1.0f / 6.0f) + (m[3] - m[4]) * (1.0f / 12.0f);
  t[2] = near + far * (1.0f / 6.0f) + m[5];
}

static void nk_winograd_fold_rows(const float *m, ptrdiff_t length, float *w, int accumulate) {
  for (ptrdiff_t at = 0; at < length; at += NK_LANES) {
    vf half[3][6];
    for (int j = 0; j < 6; j++) {
      vf d[6], t[3];
      for (int i = 0; i < 6; i++) d[i] = vf_load(m + (i * 6 + j) * length + at);
      nk_winograd_gather(d, t);
      for (int i = 0; i < 3; i++) half[i][j] = t[i];
    }
    for (int i = 0; i < 3; i++) {
      vf t[3];
      nk_winograd_gather(half[i], t);
      for (int j = 0; j < 3; j++) {
        float *to = w + (i * 3 + j) * length + at;
        vf_store(to, accumulate ? vf_load(to) + t[j] : t[j]);
      }
    }
  }
}
