// A decoder's steps in ggml's arithmetic: what is float16, what is fused and in which order sums are
// added is as in ggml on x86-64 with AVX2.

#if NK_LANES >= 8 && defined(__x86_64__)
NK_INLINE __m256 nk_load_half(const uint16_t *p) {
  return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p));
}
NK_INLINE void nk_store_half(uint16_t *p, __m256 v) {
  _mm_storeu_si128((__m128i *)p, _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}

// Σ a·b in 32 lanes; `count` is a multiple of 32.
static float nk_half_dot(const uint16_t *a, const uint16_t *b, ptrdiff_t count) {
  __m256 sums[4] = {
      _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
  for (ptrdiff_t i = 0; i < count; i += 32)
    for (int j = 0; j < 4; j++)
      sums[j] =
          _mm256_fmadd_ps(nk_load_half(a + i + 8 * j), nk_load_half(b + i + 8 * j), sums[j]);
  __m256 all = _mm256_add_ps(_mm256_add_ps(sums[0], sums[2]), _mm256_add_ps(sums[1], sums[3]));
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1));
  four = _mm_hadd_ps(four, four);
  return _mm_cvtss_f32(_mm_hadd_ps(four, four));
}

// y = float16(a·x + y); `count` is a multiple of 8.
static void nk_half_axpy(float a, const uint16_t *x, uint16_t *y, ptrdiff_t count) {
  __m256 factor = _mm256_set1_ps(a);
  for (ptrdiff_t i = 0; i < count; i += 8)
    nk_store_half(y + i, _mm256_fmadd_ps(nk_load_half(x + i), factor, nk_load_half(y + i)));
}

static void nk_half_scale(float a, uint16_t *y, ptrdiff_t count) {
  __m256 factor = _mm256_set1_ps(a);
  for (ptrdiff_t i = 0; i < count; i += 8)
    nk_store_half(y + i, _mm256_mul_ps(nk_load_half(y + i), factor));
}
#else
static float nk_half_dot(const uint16_t *a, const uint16_t *b, ptrdiff_t count) {
  float sums[32] = {0};
  for (ptrdiff_t i = 0; i < count; i += 32)
    for (int j = 0; j < 32; j++)
      sums[j] = __builtin_fmaf(nk_half_value(a[i + j]), nk_half_value(b[i + j]), sums[j]);
  for (int j = 0; j < 8; j++) sums[j] = (sums[j] + sums[j + 16]) + (sums[j + 8] + sums[j + 24]);
  for (int j = 0; j < 4; j++) sums[j] += sums[j + 4];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static void nk_half_axpy(float a, const uint16_t *x, uint16_t *y, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) {
    float value = __builtin_fmaf(nk_half_value(x[i]), a, nk_half_value(y[i]));
    nk_f32_to_f16(&value, y + i, 1);
  }
}

static void nk_half_scale(float a, uint16_t *y, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) {
    float value = nk_half_value(y[i]) * a;
    nk_f32_to_f16(&value, y + i, 1);
  }
}
#endif

// One query over `count` keys and values of float16, one after another: Σ e^(s − top)·v, in float16,
// comes to `sum`, the largest score to `top` and Σ e^(s − top) to `total`. `width` is a multiple of 32
// and at most nk_half_width.
static void nk_half_attention_run(
    const float *query, const uint16_t *keys, const uint16_t *values, ptrdiff_t count,
    ptrdiff_t width, float *sum, float *top, float *total) {
  uint16_t own[nk_half_width], mixed[nk_half_width];
  nk_f32_to_f16(query, own, (size_t)width);
  memset(mixed, 0, (size_t)width * sizeof(uint16_t));
  float most = -INFINITY, all = 0;
  for (ptrdiff_t i = 0; i < count; i++) {
    float score = nk_half_dot(keys + i * width, own, width), before = 1, now = 1;
    if (score > most) {
      before = expf(most - score);
      most = score;
      nk_half_scale(before, mixed, width);
    } else {
      now = expf(score - most);
    }
    nk_half_axpy(now, values + i * width, mixed, width);
    all *= before;
    all += now;
  }
  nk_f16_to_f32(mixed, sum, (size_t)width);
  *top = most;
  *total = all;
}

// y = x / √(mean of squares + epsilon) · weight, the mean in float64, one square after another.
static void nk_decoder_norm_row(
    const float *x, const float *weight, float *y, size_t count, float epsilon) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) {
    float square = x[i] * x[i];
    sum += (double)square;
  }
  float mean = (float)(sum / (double)count);
  float scale = 1.0f / sqrtf(mean + epsilon);
  for (size_t i = 0; i < count; i++) {
    float scaled = x[i] * scale;
    y[i] = scaled * weight[i];
  }
}

// Turns the pairs (x[i], x[i + half]).
static void nk_decoder_turn_row(
    const float *x, const float *cosines, const float *sines, float *y, size_t half) {
  for (size_t i = 0; i < half; i++) {
    float low = x[i], high = x[i + half];
    float crossed = high * sines[i], straight = high * cosines[i];
    y[i] = __builtin_fmaf(low, cosines[i], -crossed);
    y[i + half] = __builtin_fmaf(low, sines[i], straight);
  }
}
