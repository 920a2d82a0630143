// One row of quantised weights times a quantised vector. Sums inside a block are whole numbers, and
// exact; blocks are added one after another, in eight lanes where the machine has AVX2 and in one
// elsewhere.

#if NK_LANES >= 8 && defined(__x86_64__)
// Products of unsigned and signed bytes, each two neighbours added: below 2¹⁵ for at most 6 bits.
NK_INLINE __m256i nk_pairs(__m256i levels, __m256i x) { return _mm256_maddubs_epi16(levels, x); }
NK_INLINE __m256i nk_fours(__m256i pairs) {
  return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}
NK_INLINE __m256i nk_load32(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }
NK_INLINE __m256i nk_spread_nibbles(const uint8_t *levels) {
  __m128i both = _mm_loadu_si128((const __m128i *)levels);
  __m256i wide = _mm256_inserti128_si256(
      _mm256_castsi128_si256(both), _mm_srli_epi16(both, 4), 1);
  return _mm256_and_si256(wide, _mm256_set1_epi8(15));
}
NK_INLINE __m256 nk_add_scaled(__m256 sum, float scale, __m256i whole) {
  return _mm256_fmadd_ps(_mm256_set1_ps(scale), _mm256_cvtepi32_ps(whole), sum);
}
NK_INLINE float nk_eight(__m256 v) {
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  four = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}

static float nk_row_q8_0(const void *row, const void *vector, ptrdiff_t blocks) {
  const nk_q8_0 *w = row;
  const nk_x32 *x = vector;
  __m256 sum = _mm256_setzero_ps();
  for (ptrdiff_t i = 0; i < blocks; i++) {
    __m256i a = nk_load32(w[i].levels), b = nk_load32(x[i].levels);
    // |a| times b with a's sign: −128 does not occur in vectors.
    __m256i pairs = nk_pairs(_mm256_sign_epi8(a, a), _mm256_sign_epi8(b, a));
    sum = nk_add_scaled(sum, _cvtsh_ss(w[i].scale) * x[i].scale, nk_fours(pairs));
  }
  return nk_eight(sum);
}

static float nk_row_q4_0(const void *row, const void *vector, ptrdiff_t blocks) {
  const nk_q4_0 *w = row;
  const nk_x32 *x = vector;
  __m256 sum = _mm256_setzero_ps();
  float middle = 0;
  for (ptrdiff_t i = 0; i < blocks; i++) {
    float scale = _cvtsh_ss(w[i].scale) * x[i].scale;
    __m256i pairs = nk_pairs(nk_spread_nibbles(w[i].levels), nk_load32(x[i].levels));
    sum = nk_add_scaled(sum, scale, nk_fours(pairs));
    middle += scale * (float)(8 * x[i].sum);
  }
  return nk_eight(sum) - middle;
}

static float nk_row_q5_0(const void *row, const void *vector, ptrdiff_t blocks) {
  const nk_q5_0 *w = row;
  const nk_x32 *x = vector;
  const __m256i order = _mm256_setr_epi64x(
      0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
  const __m256i bits = _mm256_set1_epi64x((long long)0x8040201008040201);
  __m256 sum = _mm256_setzero_ps();
  float middle = 0;
  for (ptrdiff_t i = 0; i < blocks; i++) {
    float scale = _cvtsh_ss(w[i].scale) * x[i].scale;
    int32_t high;
    memcpy(&high, w[i].high, 4);
    __m256i spread = _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(high), order), bits);
    __m256i fifth = _mm256_and_si256(
        _mm256_cmpeq_epi8(spread, bits), _mm256_set1_epi8(16));
    __m256i levels = _mm256_or_si256(nk_spread_nibbles(w[i].levels), fifth);
    sum = nk_add_scaled(sum, scale, nk_fours(nk_pairs(levels, nk_load32(x[i].levels))));
    middle += scale * (float)(16 * x[i].sum);
  }
  return nk_eight(sum) - middle;
}

// The eight scales and eight minima of 6 bits.
NK_INLINE void nk_six_bits(const uint8_t *packed, uint8_t *scales, uint8_t *minima) {
  uint32_t a, b, c, out[4];
  memcpy(&a, packed, 4);
  memcpy(&b, packed + 4, 4);
  memcpy(&c, packed + 8, 4);
  out[0] = a & 0x3f3f3f3f;
  out[1] = (c & 0x0f0f0f0f) | ((a >> 6 & 0x03030303) << 4);
  out[2] = b & 0x3f3f3f3f;
  out[3] = (c >> 4 & 0x0f0f0f0f) | ((b >> 6 & 0x03030303) << 4);
  memcpy(scales, out, 8);
  memcpy(minima, out + 2, 8);
}

static float nk_row_q4_k(const void *row, const void *vector, ptrdiff_t blocks) {
  const nk_q4_k *w = row;
  const nk_x256 *x = vector;
  const __m256i nibble = _mm256_set1_epi8(15);
  __m256 sum = _mm256_setzero_ps();
  float floor = 0;
  for (ptrdiff_t i = 0; i < blocks; i++) {
    uint8_t scales[8], minima[8];
    nk_six_bits(w[i].scales, scales, minima);
    __m256i whole = _mm256_setzero_si256();
    for (int j = 0; j < 4; j++) {
      __m256i both = nk_load32(w[i].levels + 32 * j);
      __m256i low = _mm256_and_si256(both, nibble);
      __m256i top = _mm256_and_si256(_mm256_srli_epi16(both, 4), nibble);
      __m256i first = nk_pairs(low, nk_load32(x[i].levels + 64 * j));
      __m256i second = nk_pairs(top, nk_load32(x[i].levels + 64 * j + 32));
      whole = _mm256_add_epi32(
          whole, _mm256_madd_epi16(first, _mm256_set1_epi16(scales[2 * j])));
      whole = _mm256_add_epi32(
          whole, _mm256_madd_epi16(second, _mm256_set1_epi16(scales[2 * j + 1])));
    }
    int32_t least = 0;
    for (int j = 0; j < 8; j++) least += minima[j] * (x[i].sums[2 * j] + x[i].sums[2 * j + 1]);
    sum = nk_add_scaled(sum, _cvtsh_ss(w[i].scale) * x[i].scale, whole);
    floor += _cvtsh_ss(w[i].minimum) * x[i].scale * (float)least;
  }
  return nk_eight(sum) - floor;
}

static float nk_row_q6_k(const void *row, const void *vector, ptrdiff_t blocks) {
  const nk_q6_k *w = row;
  const nk_x256 *x = vector;
  const __m256i nibble = _mm256_set1_epi8(15), pair = _mm256_set1_epi8(48);
  __m256 sum = _mm256_setzero_ps();
  for (ptrdiff_t i = 0; i < blocks; i++) {
    __m256i whole = _mm256_setzero_si256();
    int32_t middle = 0;
    for (int j = 0; j < 16; j++) middle += w[i].scales[j] * x[i].sums[j];
    for (int half = 0; half < 2; half++) {
      __m256i high = nk_load32(w[i].high + 32 * half);
      for (int quarter = 0; quarter < 4; quarter++) {
        __m256i low = nk_load32(w[i].low + 64 * half + 32 * (quarter & 1));
        if (quarter > 1) low = _mm256_srli_epi16(low, 4);
        __m256i two = quarter == 0   ? _mm256_slli_epi16(high, 4)
                      : quarter == 1 ? _mm256_slli_epi16(high, 2)
                      : quarter == 2 ? high
                                     : _mm256_srli_epi16(high, 2);
        __m256i levels = _mm256_or_si256(
            _mm256_and_si256(low, nibble), _mm256_and_si256(two, pair));
        __m256i pairs = nk_pairs(levels, nk_load32(x[i].levels + 128 * half + 32 * quarter));
        const int8_t *own = w[i].scales + 8 * half + 2 * quarter;
        __m256i scales = _mm256_inserti128_si256(
            _mm256_castsi128_si256(_mm_set1_epi16(own[0])), _mm_set1_epi16(own[1]), 1);
        whole = _mm256_add_epi32(whole, _mm256_madd_epi16(pairs, scales));
      }
    }
    // Levels are 32 too high; the first lane takes that off.
    whole = _mm256_sub_epi32(whole, _mm256_zextsi128_si256(_mm_cvtsi32_si128(32 * middle)));
    sum = nk_add_scaled(sum, nk_half_value(w[i].scale) * x[i].scale, whole);
  }
  return nk_eight(sum);
}
#else
static float nk_row_q8_0(const void *row, const void *vector, ptrdiff_t blocks) {
  const nk_q8_0 *w = row;
  const nk_x32 *x = vector;
  float sum = 0;
  for (ptrdiff_t i = 0; i < blocks; i++) {
    int32_t whole = 0;
    for (int j = 0; j < 32; j++) whole += w[i].levels[j] * x[i].levels[j];
    sum += nk_half_value(w[i].scale) * x[i].scale * (float)whole;
  }
  return sum;
}

static float nk_row_q4_0(const void *row, const void *vector, ptrdiff_t blocks) {
  const nk_q4_0 *w = row;
  const nk_x32 *x = vector;
  float sum = 0;
  for (ptrdiff_t i = 0; i < blocks; i++) {
    int32_t whole = 0;
    for (int j = 0; j < 16; j++) {
      whole += ((w[i].levels[j] & 15) - 8) * x[i].levels[j];
      whole += ((w[i].levels[j] >> 4) - 8) * x[i].levels[j + 16];
    }
    sum += nk_half_value(w[i].scale) * x[i].scale * (float)whole;
  }
  return sum;
}

static float nk_row_q5_0(const void *row, const void *vector, ptrdiff_t blocks) {
  const nk_q5_0 *w = row;
  const nk_x32 *x = vector;
  float sum = 0;
  for (ptrdiff_t i = 0; i < blocks; i++) {
    uint32_t high;
    memcpy(&high, w[i].high, 4);
    int32_t whole = 0;
    for (int j = 0; j < 16; j++) {
      int low = (w[i].levels[j] & 15) | (int)(high >> j & 1) << 4;
      int top = (w[i].levels[j] >> 4) | (int)(high >> (j + 16) & 1) << 4;
      whole += (low - 16) * x[i].levels[j] + (top - 16) * x[i].levels[j + 16];
    }
    sum += nk_half_value(w[i].scale) * x[i].scale * (float)whole;
  }
  return sum;
}

static float nk_row_q4_k(const void *row, const void *vector, ptrdiff_t blocks) {
  const nk_q4_k *w = row;
  const nk_x256 *x = vector;
  float sum = 0;
  for (ptrdiff_t i = 0; i < blocks; i++) {
    const uint8_t *s = w[i].scales;
    int32_t whole = 0, least = 0;
    for (int j = 0; j < 8; j++) {
      int scale = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | (s[j - 4] >> 6) << 4;
      int minimum = j < 4 ? s[j + 4] & 63 : s[j + 4] >> 4 | (s[j] >> 6) << 4;
      int32_t part = 0;
      for (int k = 0; k < 32; k++) {
        int level = w[i].levels[j / 2 * 32 + k] >> (j & 1 ? 4 : 0) & 15;
        part += level * x[i].levels[32 * j + k];
      }
      whole += scale * part;
      least += minimum * (x[i].sums[2 * j] + x[i].sums[2 * j + 1]);
    }
    sum += nk_half_value(w[i].scale) * x[i].scale * (float)whole;
    sum -= nk_half_value(w[i].minimum) * x[i].scale * (float)least;
  }
  return sum;
}

static float nk_row_q6_k(const void *row, const void *vector, ptrdiff_t blocks) {
  const nk_q6_k *w = row;
  const nk_x256 *x = vector;
  float sum = 0;
  for (ptrdiff_t i = 0; i < blocks; i++) {
    int32_t whole = 0;
    for (int j = 0; j < 256; j++) {
      int half = j / 128, quarter = j / 32 % 4, k = j % 32;
      int low = w[i].low[64 * half + 32 * (quarter & 1) + k] >> (quarter > 1 ? 4 : 0) & 15;
      int level = (low | (w[i].high[32 * half + k] >> 2 * quarter & 3) << 4) - 32;
      whole += w[i].scales[j / 16] * level * x[i].levels[j];
    }
    sum += nk_half_value(w[i].scale) * x[i].scale * (float)whole;
  }
  return sum;
}
#endif
