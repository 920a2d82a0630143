// Base64 by AVX2 or NEON.
// Source of the method: W. Muła and D. Lemire, "Faster Base64 Encoding and Decoding Using AVX2
// Instructions", ACM Transactions on the Web 12 (2018), sections 3 and 4; alphabet of RFC 4648.

#include "CBase64.h"

#if defined(__x86_64__)
#include <immintrin.h>

/// 24 bytes become 32 characters: bytes are spread to one group of three in each 32 bits, two
/// multiplications move the four six-bit numbers to bytes of their own, and a table of differences,
/// looked up by the alphabet's range that a number falls into, makes characters of them.
__attribute__((target("avx2"))) static size_t encode_avx2(
    const uint8_t *in, size_t count, uint8_t *out) {
  const __m256i spread = _mm256_setr_epi8(
      1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10,
      1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
  const __m256i difference = _mm256_setr_epi8(
      'a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
      '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0,
      'a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
      '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
  size_t done = 0;
  // The second load reads four bytes beyond the 24.
  while (count - done >= 28) {
    const __m128i low = _mm_loadu_si128((const __m128i *)(in + done));
    const __m128i high = _mm_loadu_si128((const __m128i *)(in + done + 12));
    const __m256i bytes =
        _mm256_shuffle_epi8(_mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1), spread);
    const __m256i odd = _mm256_mulhi_epu16(
        _mm256_and_si256(bytes, _mm256_set1_epi32(0x0FC0FC00)), _mm256_set1_epi32(0x04000040));
    const __m256i even = _mm256_mullo_epi16(
        _mm256_and_si256(bytes, _mm256_set1_epi32(0x003F03F0)), _mm256_set1_epi32(0x01000010));
    const __m256i number = _mm256_or_si256(odd, even);
    // 0 for a…z, 1…10 for digits, 11 and 12 for + and /, 13 for A…Z.
    const __m256i range = _mm256_or_si256(
        _mm256_subs_epu8(number, _mm256_set1_epi8(51)),
        _mm256_and_si256(
            _mm256_cmpgt_epi8(_mm256_set1_epi8(26), number), _mm256_set1_epi8(13)));
    _mm256_storeu_si256(
        (__m256i *)(out + done / 3 * 4),
        _mm256_add_epi8(number, _mm256_shuffle_epi8(difference, range)));
    done += 24;
  }
  return done;
}

size_t roentgen_base64_encode(const uint8_t *in, size_t count, uint8_t *out) {
  return __builtin_cpu_supports("avx2") ? encode_avx2(in, count, out) : 0;
}

#elif defined(__aarch64__)
#include <arm_neon.h>

/// 48 bytes become 64 characters: loads and stores that deal bytes out by threes and fours, and the
/// alphabet as one table of 64.
size_t roentgen_base64_encode(const uint8_t *in, size_t count, uint8_t *out) {
  static const uint8_t alphabet[64] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const uint8x16x4_t table = vld1q_u8_x4(alphabet);
  const uint8x16_t six = vdupq_n_u8(0x3F);
  size_t done = 0;
  while (count - done >= 48) {
    const uint8x16x3_t bytes = vld3q_u8(in + done);
    uint8x16x4_t numbers;
    numbers.val[0] = vshrq_n_u8(bytes.val[0], 2);
    numbers.val[1] =
        vandq_u8(vorrq_u8(vshlq_n_u8(bytes.val[0], 4), vshrq_n_u8(bytes.val[1], 4)), six);
    numbers.val[2] =
        vandq_u8(vorrq_u8(vshlq_n_u8(bytes.val[1], 2), vshrq_n_u8(bytes.val[2], 6)), six);
    numbers.val[3] = vandq_u8(bytes.val[2], six);
    uint8x16x4_t characters;
    characters.val[0] = vqtbl4q_u8(table, numbers.val[0]);
    characters.val[1] = vqtbl4q_u8(table, numbers.val[1]);
    characters.val[2] = vqtbl4q_u8(table, numbers.val[2]);
    characters.val[3] = vqtbl4q_u8(table, numbers.val[3]);
    vst4q_u8(out + done / 3 * 4, characters);
    done += 48;
  }
  return done;
}

#else

size_t roentgen_base64_encode(const uint8_t *in, size_t count, uint8_t *out) {
  (void)in;
  (void)count;
  (void)out;
  return 0;
}

#endif
