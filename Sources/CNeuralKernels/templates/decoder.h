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

// e^x to about an ulp: 2^n · (1 + j), n the nearest whole number to x / ln 2 and j a polynomial of what
// remains. Source: ggml's vector exponential, after Arm's optimized routines.
NK_INLINE float nk_half_exponential(float x) {
  float shifted = __builtin_fmaf(x, 0x1.715476p+0f, 0x1.8p23f), n = shifted - 0x1.8p23f;
  if (!(fabsf(n) <= 192)) return n < 0 ? 0 : n > 0 ? INFINITY : NAN;
  float b = __builtin_fmaf(-n, 0x1.7f7d1cp-20f, __builtin_fmaf(-n, 0x1.62e4p-1f, x)), u = b * b;
  float high = __builtin_fmaf(0x1.0e4020p-7f, b, 0x1.573e2ep-5f);
  float low = __builtin_fmaf(0x1.555e66p-3f, b, 0x1.fffdb6p-2f), first = 0x1.ffffecp-1f * b;
  float j = __builtin_fmaf(__builtin_fmaf(high, u, low), u, first);
  if (fabsf(n) > 126) {
    // In two steps, since 2^n is no normal number.
    float half = n < 0 ? 0x1p-125f : 0x1p127f, rest = ldexpf(1, (int)n - (n < 0 ? -125 : 127));
    float scaled = __builtin_fmaf(rest, j, rest);
    return scaled * half;
  }
  float power = ldexpf(1, (int)n);
  return __builtin_fmaf(j, power, power);
}

// The same as nk_half_attention_run in the order that ggml has for 64 queries and more: tiles of 64 keys,
// queries, weights and sums of values in float32. Keys before `skipped` are not seen.
static void nk_tiled_attention_run(
    const float *query, const uint16_t *keys, const uint16_t *values, ptrdiff_t skipped,
    ptrdiff_t count, ptrdiff_t width, float *sum, float *top, float *total) {
  float rows[8][nk_half_width], value[nk_half_width];
  memset(sum, 0, (size_t)width * sizeof(float));
  float most = -INFINITY, all = 0;
  for (ptrdiff_t tile = 0; tile < count; tile += 64) {
    if (tile + 64 <= skipped) continue;
    float scores[64], largest = -INFINITY;
    for (int part = 0; part < 64; part += 8) {
      float chain[8] = {0};
      ptrdiff_t first = tile + part, there = count - first < 8 ? count - first : 8;
      for (ptrdiff_t j = 0; j < there; j++)
        nk_f16_to_f32(keys + (first + j) * width, rows[j], (size_t)width);
      if (there == 8 && first >= skipped) {
        for (ptrdiff_t i = 0; i < width; i++)
          for (int j = 0; j < 8; j++) chain[j] = __builtin_fmaf(rows[j][i], query[i], chain[j]);
      } else {
        for (ptrdiff_t j = 0; j < there; j++)
          for (ptrdiff_t i = 0; i < width; i++)
            chain[j] = __builtin_fmaf(rows[j][i], query[i], chain[j]);
      }
      for (int j = 0; j < 8; j++) {
        int isSeen = j < there && first + j >= skipped;
        scores[part + j] = isSeen ? chain[j] : -INFINITY;
        if (scores[part + j] > largest) largest = scores[part + j];
      }
    }
    if (largest == -INFINITY) continue;
    if (largest > most) {
      float before = expf(most - largest);
      for (ptrdiff_t i = 0; i < width; i++) sum[i] *= before;
      all *= before;
      most = largest;
    }
    double added = 0;
    for (int part = 0; part < 64; part += 8) {
      float *own = scores + part;
      for (int j = 0; j < 8; j++) own[j] = nk_half_exponential(own[j] - most);
      float a = own[4] + own[0], b = own[5] + own[1], c = own[6] + own[2], d = own[7] + own[3];
      added += (double)((a + c) + (b + d));
    }
    all = (float)((double)all + added);
    for (ptrdiff_t j = 0; j < 64 && tile + j < count; j++) {
      if (tile + j < skipped) continue;
      nk_f16_to_f32(values + (tile + j) * width, value, (size_t)width);
      for (ptrdiff_t i = 0; i < width; i++)
        sum[i] = __builtin_fmaf(value[i], scores[j], sum[i]);
    }
  }
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
