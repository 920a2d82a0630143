// Convolution with channels innermost. Pixels are rows and filters are lanes: the left operand is read
// from where it lies, one broadcast a pixel and step, and only the weights are packed.
//
// The tile is held in registers: 6 pixels by 64 filters in 24 of AVX-512's 32, by 16 filters in 12
// of AVX2's 16 and in 24 of NEON's 32, by 8 in 12 of SSE2's 16.

#if NK_LANES == 4 && !defined(__aarch64__)
enum { nk_pixel_vectors = 2 };
#elif NK_LANES == 8
enum { nk_pixel_vectors = 2 };
#else
enum { nk_pixel_vectors = 4 };
#endif

// The end of a tile that has fewer filters than the vectors have lanes.
static __attribute__((noinline)) void nk_pixel_edge(
    const nk_pixel_tile *t, ptrdiff_t at, const float *sums, ptrdiff_t stride) {
  for (ptrdiff_t i = 0; i < t->rows; i++)
    for (ptrdiff_t column = at; column < t->columns && column < at + stride; column++) {
      float *place = t->results[i] + column;
      float v = sums[i * stride + column - at];
      if (t->accumulate) v = *place + v;
      if (t->finishes) {
        if (t->bias) v += t->bias[column];
        if (t->has_residual) v += t->residuals[i][column];
        if (t->activation == NK_ACT_RELU) v = v < 0 ? 0 : v;
      }
      *place = v;
    }
}

NK_INLINE void nk_pixel_part(const nk_pixel_tile *t, ptrdiff_t at, int vectors, int rows) {
  vf sums[nk_pixel_rows][nk_pixel_vectors] = {};
  const float *w = t->weights + at;
  ptrdiff_t stride = t->weight_stride, length = t->length;
  for (ptrdiff_t tap = 0; tap < t->tap_count; tap++) {
    ptrdiff_t offset = t->taps[tap];
    const float *x[nk_pixel_rows];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) x[i] = t->pixels[i] + offset;
    for (ptrdiff_t step = 0; step < length; step++, w += stride) {
      vf right[nk_pixel_vectors];
#pragma clang loop unroll(full)
      for (int j = 0; j < vectors; j++) right[j] = vf_load(w + j * NK_LANES);
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; i++) {
        vf left = vf_all(x[i][step]);
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) sums[i][j] = left * right[j] + sums[i][j];
      }
    }
  }
  if (at + vectors * NK_LANES > t->columns) {
    float lines[nk_pixel_rows][nk_pixel_vectors * NK_LANES];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
      for (int j = 0; j < vectors; j++) vf_store(lines[i] + j * NK_LANES, sums[i][j]);
    nk_pixel_edge(t, at, lines[0], nk_pixel_vectors * NK_LANES);
    return;
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
    if (i >= t->rows) return;
    float *line = t->results[i] + at;
    vf v[nk_pixel_vectors];
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) v[j] = sums[i][j];
    if (t->accumulate)
#pragma clang loop unroll(full)
      for (int j = 0; j < vectors; j++) v[j] = vf_load(line + j * NK_LANES) + v[j];
    if (t->finishes) {
      if (t->bias)
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) v[j] += vf_load(t->bias + at + j * NK_LANES);
      if (t->has_residual)
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) v[j] += vf_load(t->residuals[i] + at + j * NK_LANES);
      if (t->activation == NK_ACT_RELU)
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) v[j] = vf_relu(v[j]);
    }
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) vf_store(line + j * NK_LANES, v[j]);
  }
}

// A function for each count of vectors and of pixels: the last group has what is left.
typedef void nk_pixel_part_function(const nk_pixel_tile *t, ptrdiff_t at);
#define NK_PIXEL_PART(vectors, rows)                                                     \
  static __attribute__((noinline)) void nk_pixel_part_##vectors##_##rows(                \
      const nk_pixel_tile *t, ptrdiff_t at) {                                            \
    nk_pixel_part(t, at, vectors, rows);                                                 \
  }
#define NK_PIXEL_PARTS(vectors)                                                          \
  NK_PIXEL_PART(vectors, 1)                                                              \
  NK_PIXEL_PART(vectors, 2)                                                              \
  NK_PIXEL_PART(vectors, 4)                                                              \
  NK_PIXEL_PART(vectors, 6)
#define NK_PIXEL_ROW(vectors)                                                            \
  {nk_pixel_part_##vectors##_1, nk_pixel_part_##vectors##_2, nk_pixel_part_##vectors##_4, \
   nk_pixel_part_##vectors##_6}
NK_PIXEL_PARTS(1)
NK_PIXEL_PARTS(2)
#if NK_LANES == 16 || defined(__aarch64__)
NK_PIXEL_PARTS(3)
NK_PIXEL_PARTS(4)
#endif
static nk_pixel_part_function *const nk_pixel_parts[nk_pixel_vectors][4] = {
    NK_PIXEL_ROW(1), NK_PIXEL_ROW(2),
#if NK_LANES == 16 || defined(__aarch64__)
    NK_PIXEL_ROW(3), NK_PIXEL_ROW(4),
#endif
};

static void nk_pixels_by_filters(const nk_pixel_tile *t) {
  int rows = t->rows > 4 ? 3 : t->rows > 2 ? 2 : t->rows > 1 ? 1 : 0;
  for (ptrdiff_t at = 0; at < t->columns; at += nk_pixel_vectors * NK_LANES) {
    ptrdiff_t left = (t->columns - at + NK_LANES - 1) / NK_LANES;
    nk_pixel_parts[(left < nk_pixel_vectors ? left : nk_pixel_vectors) - 1][rows](t, at);
  }
  if (!t->finishes || t->activation == NK_NO_ACTIVATION || t->activation == NK_ACT_RELU) return;
  nk_epilogue e = {.activation = t->activation, .p = t->p, .q = t->q};
  for (ptrdiff_t i = 0; i < t->rows; i++)
    nk_finish_tile(1, t->columns, t->results[i], t->columns, &e, 0, 0);
}

// V = Bᵀ·d·B of one tile, channels along the lanes.
static void nk_tile_before(const nk_tile_input *t) {
  for (ptrdiff_t at = 0; at < t->channels; at += NK_LANES) {
    size_t left = (size_t)(t->channels - at);
    vf half[6][6];
    for (int j = 0; j < 6; j++) {
      vf d[6], h[6];
      for (int i = 0; i < 6; i++) __builtin_prefetch(t->next[i * 6 + j] + at);
      if (left >= NK_LANES)
        for (int i = 0; i < 6; i++) d[i] = vf_load(t->pixels[i * 6 + j] + at);
      else
        for (int i = 0; i < 6; i++) d[i] = vf_load_part(t->pixels[i * 6 + j] + at, left, 0.0f);
      nk_winograd_before(d, h);
      for (int i = 0; i < 6; i++) half[i][j] = h[i];
    }
    for (int i = 0; i < 6; i++) {
      vf h[6];
      nk_winograd_before(half[i], h);
      float *to = t->v + at + i * 6 * t->point_stride;
      for (int j = 0; j < 6; j++) vf_store(to + j * t->point_stride, h[j]);
    }
  }
}

// The end of a tile's lines: bias, residual and activation of `high` by `wide` pixels. Returns zero, or NaN
// where a sum is not finite.
NK_INLINE vf nk_tile_lines(
    const nk_tile_output *t, ptrdiff_t at, const vf half[4][6], ptrdiff_t high, ptrdiff_t wide) {
  size_t left = (size_t)(t->columns - at);
  vf bias = t->bias ? nk_beside(t->bias + at, 0, left, 0.0f) : (vf){}, unsound = {};
  for (ptrdiff_t i = 0; i < high; i++) {
    vf h[4];
    nk_winograd_after(half[i], h);
    for (ptrdiff_t j = 0; j < wide; j++) {
      ptrdiff_t place = i * t->row_stride + j * t->pixel_stride + at;
      // The tile to the right is the next.
      __builtin_prefetch(t->y + place + 4 * t->pixel_stride, 1);
      vf v = h[j] + bias;
      unsound += v - v;
      if (t->residual) v += nk_beside(t->residual + place, 0, left, 0.0f);
      if (t->activation == NK_ACT_RELU) v = vf_relu(v);
      else if (t->activation) v = vf_activation(v, t->activation, t->p, t->q);
      nk_put(t->y + place, v, 0, left);
    }
  }
  return unsound;
}

// Y = Aᵀ·M·A of one tile and its end. Returns whether a sum is not finite.
static int nk_tile_after(const nk_tile_output *t) {
  vf unsound = {};
  for (ptrdiff_t at = 0; at < t->columns; at += NK_LANES) {
    vf half[4][6];
#pragma clang loop unroll(full)
    for (int j = 0; j < 6; j++) {
      vf d[6], h[4];
      for (int i = 0; i < 6; i++) d[i] = vf_load(t->m + (i * 6 + j) * t->point_stride + at);
      nk_winograd_after(d, h);
      for (int i = 0; i < 4; i++) half[i][j] = h[i];
    }
    int simple = t->activation == NK_NO_ACTIVATION || t->activation == NK_ACT_RELU;
    if (simple && t->high == 4 && t->wide == 4 && t->columns - at >= NK_LANES)
      unsound += nk_tile_lines(t, at, half, 4, 4);
    else
      unsound += nk_tile_lines(t, at, half, t->high, t->wide);
  }
  float lanes[NK_LANES], sum = 0;
  vf_store(lanes, unsound);
  for (int lane = 0; lane < NK_LANES; lane++) sum += lanes[lane];
  return sum != 0;
}

// Filters of one channel each: y = Σ weights[tap] · x[tap], channels along the lanes.
static void nk_channel_taps(
    const float *const *pixels, ptrdiff_t taps, const float *weights, ptrdiff_t channels,
    float *y, const float *bias, int relu) {
  ptrdiff_t at = 0;
  // Four vectors at a time, so that additions need not wait for one another.
  for (; at + 4 * NK_LANES <= channels; at += 4 * NK_LANES) {
    vf sums[4] = {};
    for (ptrdiff_t tap = 0; tap < taps; tap++) {
      const float *w = weights + tap * channels + at, *x = pixels[tap] + at;
#pragma clang loop unroll(full)
      for (int j = 0; j < 4; j++)
        sums[j] = vf_load(w + j * NK_LANES) * vf_load(x + j * NK_LANES) + sums[j];
    }
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++) {
      if (bias) sums[j] += vf_load(bias + at + j * NK_LANES);
      if (relu) sums[j] = vf_relu(sums[j]);
      vf_store(y + at + j * NK_LANES, sums[j]);
    }
  }
  for (; at < channels; at += NK_LANES) {
    size_t left = (size_t)(channels - at);
    vf sum = {};
    if (left >= NK_LANES)
      for (ptrdiff_t tap = 0; tap < taps; tap++)
        sum = vf_load(weights + tap * channels + at) * vf_load(pixels[tap] + at) + sum;
    else
      for (ptrdiff_t tap = 0; tap < taps; tap++)
        sum = vf_load_part(weights + tap * channels + at, left, 0.0f) *
                  vf_load_part(pixels[tap] + at, left, 0.0f) + sum;
    if (bias) sum += nk_beside(bias + at, 0, left, 0.0f);
    if (relu) sum = vf_relu(sum);
    nk_put(y + at, sum, 0, left);
  }
}

// `outputs` neighbouring pixels of a run, for the channels of one vector.
NK_INLINE void nk_channel_block(
    const nk_channel_run *r, ptrdiff_t at, ptrdiff_t first, int outputs, size_t left) {
  vf sums[8] = {};
  const float *x = r->x + first * r->step + at, *w = r->weights + at;
  for (ptrdiff_t tap = 0; tap < r->tap_count; tap++, w += r->channels) {
    const float *from = x + r->taps[tap];
    vf weight = nk_beside(w, 0, left, 0.0f);
#pragma clang loop unroll(full)
    for (int i = 0; i < outputs; i++)
      sums[i] = weight * nk_beside(from + i * r->step, 0, left, 0.0f) + sums[i];
  }
  vf bias = r->bias ? nk_beside(r->bias + at, 0, left, 0.0f) : (vf){};
#pragma clang loop unroll(full)
  for (int i = 0; i < outputs; i++) {
    vf sum = r->bias ? sums[i] + bias : sums[i];
    if (r->relu) sum = vf_relu(sum);
    nk_put(r->y + (first + i) * r->channels + at, sum, 0, left);
  }
}

// The same for outputs next to each other, of which every tap lies in the image: eight sums at a time
// share a weight.
static void nk_channel_taps_run(const nk_channel_run *r) {
  ptrdiff_t whole = r->channels / NK_LANES * NK_LANES, first = 0;
  size_t rest = (size_t)(r->channels - whole);
  for (; first + 8 <= r->count; first += 8) {
    for (ptrdiff_t at = 0; at < whole; at += NK_LANES) nk_channel_block(r, at, first, 8, NK_LANES);
    if (rest) nk_channel_block(r, whole, first, 8, rest);
  }
  for (; first < r->count; first++) {
    for (ptrdiff_t at = 0; at < whole; at += NK_LANES) nk_channel_block(r, at, first, 1, NK_LANES);
    if (rest) nk_channel_block(r, whole, first, 1, rest);
  }
}

// The largest number of several pixels (NaN wins), or their sum times a factor.
static void nk_channel_pool(
    const float *const *pixels, ptrdiff_t count, ptrdiff_t channels, float *y, int largest,
    float factor) {
  for (ptrdiff_t at = 0; at < channels; at += NK_LANES) {
    size_t left = (size_t)(channels - at);
    vf found = largest ? vf_all(-__builtin_inff()) : (vf){};
    for (ptrdiff_t i = 0; i < count; i++) {
      vf x = nk_beside(pixels[i] + at, 0, left, 0.0f);
      found = largest ? vf_largest(found, x) : found + x;
    }
    nk_put(y + at, largest ? found : found * factor, 0, left);
  }
}
