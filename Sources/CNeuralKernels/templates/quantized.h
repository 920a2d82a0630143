// One row of quantised weights times a quantised vector. Sums of whole numbers are exact; what is
// rounded is how they are scaled and added, and that follows ggml's order on x86-64 with AVX2, on every
// machine: so a file quantised for ggml gives the same bits here as there, and here everywhere.
//   blocks of 32, and Q6_K one vector at a time: eight lanes of four products in turn, one fused
//   multiply-add a block, lanes added at the end (halves, then quarters, then the two);
//   Q4_K: one fused chain of whole blocks for the scales and one for the minima (a vector alone), or of
//   quarters of blocks (vectors in fours); Q6_K from eight vectors on: one fused chain of blocks.

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
NK_INLINE int32_t nk_whole_sum(__m256i v) {
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xb1)));
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
  for (ptrdiff_t i = 0; i < blocks; i++) {
    __m256i levels = _mm256_sub_epi8(nk_spread_nibbles(w[i].levels), _mm256_set1_epi8(8));
    __m256i pairs = nk_pairs(
        _mm256_sign_epi8(levels, levels), _mm256_sign_epi8(nk_load32(x[i].levels), levels));
    sum = nk_add_scaled(sum, _cvtsh_ss(w[i].scale) * x[i].scale, nk_fours(pairs));
  }
  return nk_eight(sum);
}

static float nk_row_q5_0(const void *row, const void *vector, ptrdiff_t blocks) {
  const nk_q5_0 *w = row;
  const nk_x32 *x = vector;
  const __m256i order = _mm256_setr_epi64x(
      0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
  const __m256i bits = _mm256_set1_epi64x((long long)0x8040201008040201);
  __m256 sum = _mm256_setzero_ps();
  for (ptrdiff_t i = 0; i < blocks; i++) {
    int32_t high;
    memcpy(&high, w[i].high, 4);
    __m256i spread = _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(high), order), bits);
    // Levels less 16: the upper four bits are set where the fifth is not.
    __m256i upper = _mm256_andnot_si256(
        _mm256_cmpeq_epi8(spread, bits), _mm256_set1_epi8((char)0xf0));
    __m256i levels = _mm256_or_si256(nk_spread_nibbles(w[i].levels), upper);
    __m256i pairs = nk_pairs(
        _mm256_sign_epi8(levels, levels), _mm256_sign_epi8(nk_load32(x[i].levels), levels));
    sum = nk_add_scaled(sum, _cvtsh_ss(w[i].scale) * x[i].scale, nk_fours(pairs));
  }
  return nk_eight(sum);
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

// Quarter j of a block: 64 products with their scales, in eight lanes.
NK_INLINE __m256i nk_quarter_q4_k(const nk_q4_k *w, const nk_x256 *x, const uint8_t *scales, int j) {
  const __m256i nibble = _mm256_set1_epi8(15);
  __m256i both = nk_load32(w->levels + 32 * j);
  __m256i low = _mm256_and_si256(both, nibble);
  __m256i top = _mm256_and_si256(_mm256_srli_epi16(both, 4), nibble);
  __m256i first = nk_pairs(low, nk_load32(x->levels + 64 * j));
  __m256i second = nk_pairs(top, nk_load32(x->levels + 64 * j + 32));
  return _mm256_add_epi32(
      _mm256_madd_epi16(first, _mm256_set1_epi16(scales[2 * j])),
      _mm256_madd_epi16(second, _mm256_set1_epi16(scales[2 * j + 1])));
}

NK_INLINE int32_t nk_least_q4_k(const nk_x256 *x, const uint8_t *minima, int j) {
  return minima[j] * (x->sums[2 * j] + x->sums[2 * j + 1]);
}

static float nk_row_q4_k(const void *row, const void *vector, ptrdiff_t blocks) {
  const nk_q4_k *w = row;
  const nk_x256 *x = vector;
  float sum = 0, floor = 0;
  for (ptrdiff_t i = 0; i < blocks; i++) {
    uint8_t scales[8], minima[8];
    nk_six_bits(w[i].scales, scales, minima);
    __m256i whole = nk_quarter_q4_k(w + i, x + i, scales, 0);
    for (int j = 1; j < 4; j++)
      whole = _mm256_add_epi32(whole, nk_quarter_q4_k(w + i, x + i, scales, j));
    int32_t least = 0;
    for (int j = 0; j < 8; j++) least += nk_least_q4_k(x + i, minima, j);
    float scale = _cvtsh_ss(w[i].scale) * x[i].scale;
    float minimum = _cvtsh_ss(w[i].minimum) * x[i].scale;
    sum = __builtin_fmaf((float)nk_whole_sum(whole), scale, sum);
    floor = __builtin_fmaf((float)least, minimum, floor);
  }
  return sum - floor;
}

static float nk_row_of_many_q4_k(const void *row, const void *vector, ptrdiff_t blocks) {
  const nk_q4_k *w = row;
  const nk_x256 *x = vector;
  float sum = 0, floor = 0;
  for (ptrdiff_t i = 0; i < blocks; i++) {
    uint8_t scales[8], minima[8];
    nk_six_bits(w[i].scales, scales, minima);
    float scale = _cvtsh_ss(w[i].scale) * x[i].scale;
    float minimum = _cvtsh_ss(w[i].minimum) * x[i].scale;
    for (int j = 0; j < 4; j++) {
      int32_t whole = nk_whole_sum(nk_quarter_q4_k(w + i, x + i, scales, j));
      int32_t least =
          nk_least_q4_k(x + i, minima, 2 * j) + nk_least_q4_k(x + i, minima, 2 * j + 1);
      sum = __builtin_fmaf((float)whole, scale, sum);
      floor = __builtin_fmaf((float)least, minimum, floor);
    }
  }
  return sum - floor;
}

// The whole numbers of one block, in eight lanes.
NK_INLINE __m256i nk_block_q6_k(const nk_q6_k *w, const nk_x256 *x) {
  const __m256i nibble = _mm256_set1_epi8(15), pair = _mm256_set1_epi8(48);
  __m256i whole = _mm256_setzero_si256();
  for (int half = 0; half < 2; half++) {
    __m256i high = nk_load32(w->high + 32 * half);
    for (int quarter = 0; quarter < 4; quarter++) {
      __m256i low = nk_load32(w->low + 64 * half + 32 * (quarter & 1));
      if (quarter > 1) low = _mm256_srli_epi16(low, 4);
      __m256i two = quarter == 0   ? _mm256_slli_epi16(high, 4)
                    : quarter == 1 ? _mm256_slli_epi16(high, 2)
                    : quarter == 2 ? high
                                   : _mm256_srli_epi16(high, 2);
      __m256i levels = _mm256_or_si256(
          _mm256_and_si256(low, nibble), _mm256_and_si256(two, pair));
      __m256i pairs = nk_pairs(levels, nk_load32(x->levels + 128 * half + 32 * quarter));
      const int8_t *own = w->scales + 8 * half + 2 * quarter;
      __m256i scales = _mm256_inserti128_si256(
          _mm256_castsi128_si256(_mm_set1_epi16(own[0])), _mm_set1_epi16(own[1]), 1);
      whole = _mm256_add_epi32(whole, _mm256_madd_epi16(pairs, scales));
    }
  }
  // Levels are 32 too high; lane i takes that off for the sixteens 2i and 2i + 1.
  __m256i scales = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)w->scales));
  __m256i middle = _mm256_madd_epi16(nk_load32(x->sums), scales);
  return _mm256_sub_epi32(whole, _mm256_slli_epi32(middle, 5));
}

static float nk_row_q6_k(const void *row, const void *vector, ptrdiff_t blocks) {
  const nk_q6_k *w = row;
  const nk_x256 *x = vector;
  __m256 sum = _mm256_setzero_ps();
  for (ptrdiff_t i = 0; i < blocks; i++)
    sum = nk_add_scaled(sum, _cvtsh_ss(w[i].scale) * x[i].scale, nk_block_q6_k(w + i, x + i));
  return nk_eight(sum);
}

static float nk_row_of_many_q6_k(const void *row, const void *vector, ptrdiff_t blocks) {
  const nk_q6_k *w = row;
  const nk_x256 *x = vector;
  float sum = 0;
  for (ptrdiff_t i = 0; i < blocks; i++) {
    float scaled = (float)nk_whole_sum(nk_block_q6_k(w + i, x + i)) * _cvtsh_ss(w[i].scale);
    sum = __builtin_fmaf(scaled, x[i].scale, sum);
  }
  return sum;
}
#else
// The same in plain C: lanes are an array.
NK_INLINE float nk_eight(const float *v) {
  float a = v[0] + v[4], b = v[1] + v[5], c = v[2] + v[6], d = v[3] + v[7];
  return (a + c) + (b + d);
}
// Lane i of a block of 32: four products.
NK_INLINE void nk_add_32(float *lanes, float scale, const int8_t *levels, const int8_t *x) {
  for (int i = 0; i < 8; i++) {
    int32_t whole = 0;
    for (int j = 4 * i; j < 4 * i + 4; j++) whole += levels[j] * x[j];
    lanes[i] = __builtin_fmaf(scale, (float)whole, lanes[i]);
  }
}

static float nk_row_q8_0(const void *row, const void *vector, ptrdiff_t blocks) {
  const nk_q8_0 *w = row;
  const nk_x32 *x = vector;
  float lanes[8] = {0};
  for (ptrdiff_t i = 0; i < blocks; i++)
    nk_add_32(lanes, nk_half_value(w[i].scale) * x[i].scale, w[i].levels, x[i].levels);
  return nk_eight(lanes);
}

static float nk_row_q4_0(const void *row, const void *vector, ptrdiff_t blocks) {
  const nk_q4_0 *w = row;
  const nk_x32 *x = vector;
  float lanes[8] = {0};
  for (ptrdiff_t i = 0; i < blocks; i++) {
    int8_t levels[32];
    for (int j = 0; j < 16; j++) {
      levels[j] = (int8_t)((w[i].levels[j] & 15) - 8);
      levels[j + 16] = (int8_t)((w[i].levels[j] >> 4) - 8);
    }
    nk_add_32(lanes, nk_half_value(w[i].scale) * x[i].scale, levels, x[i].levels);
  }
  return nk_eight(lanes);
}

static float nk_row_q5_0(const void *row, const void *vector, ptrdiff_t blocks) {
  const nk_q5_0 *w = row;
  const nk_x32 *x = vector;
  float lanes[8] = {0};
  for (ptrdiff_t i = 0; i < blocks; i++) {
    uint32_t high;
    int8_t levels[32];
    memcpy(&high, w[i].high, 4);
    for (int j = 0; j < 16; j++) {
      levels[j] = (int8_t)(((w[i].levels[j] & 15) | (int)(high >> j & 1) << 4) - 16);
      levels[j + 16] =
          (int8_t)(((w[i].levels[j] >> 4) | (int)(high >> (j + 16) & 1) << 4) - 16);
    }
    nk_add_32(lanes, nk_half_value(w[i].scale) * x[i].scale, levels, x[i].levels);
  }
  return nk_eight(lanes);
}

// Quarter q of a block: its products with their scales, and its minima.
NK_INLINE void nk_quarter_q4_k(
    const nk_q4_k *w, const nk_x256 *x, int q, int32_t *whole, int32_t *least) {
  const uint8_t *s = w->scales;
  for (int j = 2 * q; j < 2 * q + 2; j++) {
    int scale = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | (s[j - 4] >> 6) << 4;
    int minimum = j < 4 ? s[j + 4] & 63 : s[j + 4] >> 4 | (s[j] >> 6) << 4;
    int32_t part = 0;
    for (int k = 0; k < 32; k++) {
      int level = w->levels[j / 2 * 32 + k] >> (j & 1 ? 4 : 0) & 15;
      part += level * x->levels[32 * j + k];
    }
    *whole += scale * part;
    *least += minimum * (x->sums[2 * j] + x->sums[2 * j + 1]);
  }
}

static float nk_row_q4_k(const void *row, const void *vector, ptrdiff_t blocks) {
  const nk_q4_k *w = row;
  const nk_x256 *x = vector;
  float sum = 0, floor = 0;
  for (ptrdiff_t i = 0; i < blocks; i++) {
    int32_t whole = 0, least = 0;
    for (int q = 0; q < 4; q++) nk_quarter_q4_k(w + i, x + i, q, &whole, &least);
    float scale = nk_half_value(w[i].scale) * x[i].scale;
    float minimum = nk_half_value(w[i].minimum) * x[i].scale;
    sum = __builtin_fmaf((float)whole, scale, sum);
    floor = __builtin_fmaf((float)least, minimum, floor);
  }
  return sum - floor;
}

static float nk_row_of_many_q4_k(const void *row, const void *vector, ptrdiff_t blocks) {
  const nk_q4_k *w = row;
  const nk_x256 *x = vector;
  float sum = 0, floor = 0;
  for (ptrdiff_t i = 0; i < blocks; i++) {
    float scale = nk_half_value(w[i].scale) * x[i].scale;
    float minimum = nk_half_value(w[i].minimum) * x[i].scale;
    for (int q = 0; q < 4; q++) {
      int32_t whole = 0, least = 0;
      nk_quarter_q4_k(w + i, x + i, q, &whole, &least);
      sum = __builtin_fmaf((float)whole, scale, sum);
      floor = __builtin_fmaf((float)least, minimum, floor);
    }
  }
  return sum - floor;
}

// The whole numbers of one block. Lane i holds the products 4i … 4i + 3 of every 32, less 32 times the
// sums of the sixteens 2i and 2i + 1.
NK_INLINE void nk_block_q6_k(const nk_q6_k *w, const nk_x256 *x, int32_t *lanes) {
  for (int i = 0; i < 8; i++)
    lanes[i] =
        -32 * (w->scales[2 * i] * x->sums[2 * i] + w->scales[2 * i + 1] * x->sums[2 * i + 1]);
  for (int j = 0; j < 256; j++) {
    int half = j / 128, quarter = j / 32 % 4, k = j % 32;
    int low = w->low[64 * half + 32 * (quarter & 1) + k] >> (quarter > 1 ? 4 : 0) & 15;
    int level = low | (w->high[32 * half + k] >> 2 * quarter & 3) << 4;
    lanes[k / 4] += w->scales[j / 16] * level * x->levels[j];
  }
}

static float nk_row_q6_k(const void *row, const void *vector, ptrdiff_t blocks) {
  const nk_q6_k *w = row;
  const nk_x256 *x = vector;
  float sums[8] = {0};
  for (ptrdiff_t i = 0; i < blocks; i++) {
    int32_t lanes[8];
    nk_block_q6_k(w + i, x + i, lanes);
    float scale = nk_half_value(w[i].scale) * x[i].scale;
    for (int j = 0; j < 8; j++) sums[j] = __builtin_fmaf(scale, (float)lanes[j], sums[j]);
  }
  return nk_eight(sums);
}

static float nk_row_of_many_q6_k(const void *row, const void *vector, ptrdiff_t blocks) {
  const nk_q6_k *w = row;
  const nk_x256 *x = vector;
  float sum = 0;
  for (ptrdiff_t i = 0; i < blocks; i++) {
    int32_t lanes[8], whole = 0;
    nk_block_q6_k(w + i, x + i, lanes);
    for (int j = 0; j < 8; j++) whole += lanes[j];
    float scaled = (float)whole * nk_half_value(w[i].scale);
    sum = __builtin_fmaf(scaled, x[i].scale, sum);
  }
  return sum;
}
#endif
