// Levels of 16-bit samples by AVX-512 VBMI: 64 at a time, from a table that lies in eight registers.

#include "CWindowKernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define VBMI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi")))

int cwk_looks_up(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vbmi");
}

/// Eight vectors of 64 levels.
typedef struct {
  __m512i part[8];
} levels512;

/// The indices 0…511 of 32 samples.
VBMI static inline __m512i indices(const uint16_t *samples, __m512i flip, __m512i low) {
  __m512i ordered = _mm512_xor_si512(_mm512_loadu_si512(samples), flip);
  __m512i index = _mm512_subs_epi16(ordered, low);
  return _mm512_min_epi16(
    _mm512_max_epi16(index, _mm512_setzero_si512()), _mm512_set1_epi16(CWK_LEVELS - 1));
}

/// 64 levels: the low seven bits choose among 128 entries, the two above them among four of those.
VBMI static inline __m512i look_up(const levels512 *table, __m512i first, __m512i second) {
  __m512i bytes = _mm512_inserti64x4(
    _mm512_castsi256_si512(_mm512_cvtepi16_epi8(first)), _mm512_cvtepi16_epi8(second), 1);
  __mmask64 bit7 = _mm512_movepi8_mask(bytes);
  __m512i eight = _mm512_set1_epi16(256);
  __mmask64 bit8 = _mm512_kunpackd(
    _mm512_test_epi16_mask(second, eight), _mm512_test_epi16_mask(first, eight));
  const __m512i *t = table->part;
  __m512i low = _mm512_permutex2var_epi8(t[0], bytes, t[1]);
  low = _mm512_mask_blend_epi8(bit7, low, _mm512_permutex2var_epi8(t[2], bytes, t[3]));
  __m512i high = _mm512_permutex2var_epi8(t[4], bytes, t[5]);
  high = _mm512_mask_blend_epi8(bit7, high, _mm512_permutex2var_epi8(t[6], bytes, t[7]));
  return _mm512_mask_blend_epi8(bit8, low, high);
}

VBMI void cwk_write_levels(
  const uint16_t *samples, size_t count, uint16_t flip, int16_t low, const uint8_t *table,
  uint8_t *levels) {
  if (!cwk_looks_up()) return;
  levels512 parts;
  for (int i = 0; i < 8; i++) parts.part[i] = _mm512_loadu_si512(table + 64 * i);
  __m512i flips = _mm512_set1_epi16((short)flip);
  __m512i lows = _mm512_set1_epi16(low);
  size_t place = 0;
  for (; place + 64 <= count; place += 64) {
    __m512i first = indices(samples + place, flips, lows);
    __m512i second = indices(samples + place + 32, flips, lows);
    _mm512_storeu_si512(levels + place, look_up(&parts, first, second));
  }
  for (; place < count; place++) {
    int index = (int16_t)(samples[place] ^ flip) - low;
    levels[place] = table[index < 0 ? 0 : index >= CWK_LEVELS ? CWK_LEVELS - 1 : index];
  }
}

#else

int cwk_looks_up(void) { return 0; }

void cwk_write_levels(
  const uint16_t *samples, size_t count, uint16_t flip, int16_t low, const uint8_t *table,
  uint8_t *levels) {
  (void)samples, (void)count, (void)flip, (void)low, (void)table, (void)levels;
}

#endif
