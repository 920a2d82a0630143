// The tile of a convolution of bytes: plain loops, and the dot products of AVX-512 and of NEON.
#include "int8.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#if defined(__linux__)
#include <sys/auxv.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif
#endif

// One result; `fmaf` because the vectors fuse.
static void nk_int8_store(const nk_int8_tile *t, ptrdiff_t row, ptrdiff_t column, int32_t sum) {
  const nk_int8_finish *f = t->finish;
  ptrdiff_t filter = t->filter + column, place = t->places[row] + filter;
  float value = fmaf((float)sum, f->scale[filter], f->shift[filter]);
  if (f->residual)
    value += fmaf((float)f->residual[place], f->residual_scale, f->residual_shift);
  if (f->relu) value = value > 0 ? value : 0;
  if (t->floats) {
    t->floats[place] = value;
    return;
  }
  float level = fmaf(value, f->inverse, f->out_zero);
  level = level > 0 ? level : 0;
  level = level < 255 ? level : 255;
  t->bytes[place] = (uint8_t)nearbyintf(level);
}

static void nk_int8_plain_tile(const nk_int8_tile *t) {
  for (ptrdiff_t row = 0; row < t->rows; row++) {
    int32_t sums[nk_int8_columns] = {0};
    const int8_t *w = t->weights;
    for (ptrdiff_t tap = 0; tap < t->tap_count; tap++) {
      const uint8_t *x = t->pixels[row] + t->taps[tap];
      for (ptrdiff_t quad = 0; quad < t->quads; quad++, x += 4, w += 4 * nk_int8_columns)
        for (int column = 0; column < nk_int8_columns; column++)
          sums[column] += x[0] * w[4 * column] + x[1] * w[4 * column + 1] +
                          x[2] * w[4 * column + 2] + x[3] * w[4 * column + 3];
    }
    for (ptrdiff_t column = 0; column < t->columns; column++)
      nk_int8_store(t, row, column, sums[column]);
  }
}

#if defined(__x86_64__)
#define NK_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))

NK_VNNI static inline __attribute__((always_inline)) void nk_vnni_store(
    const nk_int8_tile *t, ptrdiff_t row, ptrdiff_t column, __m512i sums) {
  const nk_int8_finish *f = t->finish;
  ptrdiff_t left = t->columns - column, filter = t->filter + column;
  if (left <= 0) return;
  __mmask16 inside = (__mmask16)(left >= 16 ? 0xffff : (1u << left) - 1);
  ptrdiff_t place = t->places[row] + filter;
  __m512 value = _mm512_fmadd_ps(
      _mm512_cvtepi32_ps(sums), _mm512_maskz_loadu_ps(inside, f->scale + filter),
      _mm512_maskz_loadu_ps(inside, f->shift + filter));
  if (f->residual) {
    __m128i bytes = _mm_maskz_loadu_epi8(inside, f->residual + place);
    value = _mm512_add_ps(
        value, _mm512_fmadd_ps(
                   _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes)),
                   _mm512_set1_ps(f->residual_scale), _mm512_set1_ps(f->residual_shift)));
  }
  if (f->relu) value = _mm512_max_ps(value, _mm512_setzero_ps());
  if (t->floats) {
    _mm512_mask_storeu_ps(t->floats + place, inside, value);
    return;
  }
  __m512 level =
      _mm512_fmadd_ps(value, _mm512_set1_ps(f->inverse), _mm512_set1_ps(f->out_zero));
  level = _mm512_min_ps(_mm512_max_ps(level, _mm512_setzero_ps()), _mm512_set1_ps(255));
  _mm_mask_storeu_epi8(t->bytes + place, inside, _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(level)));
}

NK_VNNI static void nk_vnni_tile(const nk_int8_tile *t) {
  __m512i sums[nk_int8_rows][4];
#pragma clang loop unroll(full)
  for (int i = 0; i < nk_int8_rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++) sums[i][j] = _mm512_setzero_si512();
  const int8_t *w = t->weights;
  for (ptrdiff_t tap = 0; tap < t->tap_count; tap++) {
    ptrdiff_t offset = t->taps[tap];
    const uint8_t *x0 = t->pixels[0] + offset, *x1 = t->pixels[1] + offset;
    const uint8_t *x2 = t->pixels[2] + offset, *x3 = t->pixels[3] + offset;
    const uint8_t *x4 = t->pixels[4] + offset, *x5 = t->pixels[5] + offset;
    for (ptrdiff_t quad = 0; quad < t->quads; quad++, w += 4 * nk_int8_columns) {
      __m512i right[4];
#pragma clang loop unroll(full)
      for (int j = 0; j < 4; j++) right[j] = _mm512_loadu_si512(w + 64 * j);
      int32_t four[nk_int8_rows];
      memcpy(&four[0], x0 + 4 * quad, 4);
      memcpy(&four[1], x1 + 4 * quad, 4);
      memcpy(&four[2], x2 + 4 * quad, 4);
      memcpy(&four[3], x3 + 4 * quad, 4);
      memcpy(&four[4], x4 + 4 * quad, 4);
      memcpy(&four[5], x5 + 4 * quad, 4);
#pragma clang loop unroll(full)
      for (int i = 0; i < nk_int8_rows; i++) {
        __m512i left = _mm512_set1_epi32(four[i]);
#pragma clang loop unroll(full)
        for (int j = 0; j < 4; j++) sums[i][j] = _mm512_dpbusd_epi32(sums[i][j], left, right[j]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < nk_int8_rows; i++) {
    if (i >= t->rows) return;
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++) nk_vnni_store(t, i, 16 * j, sums[i][j]);
  }
}

nk_int8_tile_function *nk_int8_tile_for(const nk_kernels *kernels) {
  if (kernels == &nk_avx512 && nk_extensions() && __builtin_cpu_supports("avx512vnni"))
    return nk_vnni_tile;
  return nk_int8_plain_tile;
}

#elif defined(__aarch64__)

// USDOT: four bytes without sign times four with sign. Sixteen filters at a time.
__attribute__((target("i8mm"))) static void nk_usdot_tile(const nk_int8_tile *t) {
  for (ptrdiff_t at = 0; at < t->columns; at += 16) {
    int32x4_t sums[nk_int8_rows][4];
    for (int i = 0; i < nk_int8_rows; i++)
      for (int j = 0; j < 4; j++) sums[i][j] = vdupq_n_s32(0);
    const int8_t *w = t->weights + 4 * at;
    for (ptrdiff_t tap = 0; tap < t->tap_count; tap++)
      for (ptrdiff_t quad = 0; quad < t->quads; quad++, w += 4 * nk_int8_columns) {
        int8x16_t right[4];
#pragma clang loop unroll(full)
        for (int j = 0; j < 4; j++) right[j] = vld1q_s8(w + 16 * j);
#pragma clang loop unroll(full)
        for (int i = 0; i < nk_int8_rows; i++) {
          uint32_t four;
          memcpy(&four, t->pixels[i] + t->taps[tap] + 4 * quad, 4);
          uint8x16_t left = vreinterpretq_u8_u32(vdupq_n_u32(four));
#pragma clang loop unroll(full)
          for (int j = 0; j < 4; j++) sums[i][j] = vusdotq_s32(sums[i][j], left, right[j]);
        }
      }
    for (ptrdiff_t i = 0; i < t->rows; i++) {
      int32_t lanes[16];
      for (int j = 0; j < 4; j++) vst1q_s32(lanes + 4 * j, sums[i][j]);
      for (ptrdiff_t j = 0; j < 16 && at + j < t->columns; j++)
        nk_int8_store(t, i, at + j, lanes[j]);
    }
  }
}

nk_int8_tile_function *nk_int8_tile_for(const nk_kernels *kernels) {
  (void)kernels;
  int has = 0;
#if defined(__linux__)
  has = (getauxval(AT_HWCAP2) >> 13) & 1;  // HWCAP2_I8MM
#elif defined(__APPLE__)
  size_t size = sizeof has;
  if (sysctlbyname("hw.optional.arm.FEAT_I8MM", &has, &size, NULL, 0) != 0) has = 0;
#endif
  return has && nk_extensions() ? nk_usdot_tile : nk_int8_plain_tile;
}

#else
nk_int8_tile_function *nk_int8_tile_for(const nk_kernels *kernels) {
  (void)kernels;
  return nk_int8_plain_tile;
}
#endif
