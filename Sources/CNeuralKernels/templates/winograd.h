// The two transforms of F(4×4, 3×3), each for as many neighbouring tiles as a vector has lanes.

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
