// Tiles of products of bfloat16 pairs, with the instructions that some machines have for them.
#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define NK_DOT_TARGET target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")

// At most `height` rows by 32 columns; each step of a pair is two dot products a row.
__attribute__((NK_DOT_TARGET, always_inline)) static inline void nk_dot_rows(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t pairs, const uint32_t *a, const uint32_t *b,
    float *c, ptrdiff_t c_stride, int accumulate, int height) {
  __m512 sums[12][2];
#pragma clang loop unroll(full)
  for (int i = 0; i < height; i++) sums[i][0] = sums[i][1] = _mm512_setzero_ps();
  for (ptrdiff_t step = 0; step < pairs; step++, a += 12, b += nk_panel) {
    __m512bh b0 = (__m512bh)_mm512_loadu_si512(b), b1 = (__m512bh)_mm512_loadu_si512(b + 16);
#pragma clang loop unroll(full)
    for (int i = 0; i < height; i++) {
      __m512bh left = (__m512bh)_mm512_set1_epi32((int)a[i]);
      sums[i][0] = _mm512_dpbf16_ps(sums[i][0], left, b0);
      sums[i][1] = _mm512_dpbf16_ps(sums[i][1], left, b1);
    }
  }
  uint32_t inside = columns >= nk_panel ? UINT32_MAX : ((uint32_t)1 << columns) - 1;
  __mmask16 first = (__mmask16)inside, second = (__mmask16)(inside >> 16);
#pragma clang loop unroll(full)
  for (int i = 0; i < height; i++) {
    if (i >= rows) return;
    float *line = c + i * c_stride;
    __m512 low = sums[i][0], high = sums[i][1];
    if (accumulate) {
      low = _mm512_add_ps(low, _mm512_maskz_loadu_ps(first, line));
      high = _mm512_add_ps(high, _mm512_maskz_loadu_ps(second, line + 16));
    }
    _mm512_mask_storeu_ps(line, first, low);
    if (second) _mm512_mask_storeu_ps(line + 16, second, high);
  }
}

// 12 rows in 24 registers, or the last rows where they fill half a panel at most.
__attribute__((NK_DOT_TARGET)) static void nk_dot_tile(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t pairs, const uint32_t *a, const uint32_t *b,
    float *c, ptrdiff_t c_stride, int accumulate) {
  if (rows > 6)
    nk_dot_rows(rows, columns, pairs, a, b, c, c_stride, accumulate, 12);
  else
    nk_dot_rows(rows, columns, pairs, a, b, c, c_stride, accumulate, 6);
}

nk_pair_tile_function *nk_pair_tile_for(const nk_kernels *kernels) {
  if (kernels == &nk_avx512 && nk_extensions() && __builtin_cpu_supports("avx512bf16"))
    return nk_dot_tile;
  return kernels->pair_tile;
}

#elif defined(__aarch64__)
#include <arm_neon.h>
#if defined(__linux__)
#include <sys/auxv.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

// 6 rows by 16 columns in 24 registers, twice across the panel.
__attribute__((target("bf16"))) static void nk_dot_tile(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t pairs, const uint32_t *a, const uint32_t *b,
    float *c, ptrdiff_t c_stride, int accumulate) {
  for (ptrdiff_t at = 0; at < columns; at += 16) {
    float32x4_t sums[6][4];
    for (int i = 0; i < 6; i++)
      for (int j = 0; j < 4; j++) sums[i][j] = vdupq_n_f32(0);
    for (ptrdiff_t step = 0; step < pairs; step++) {
      const uint32_t *left = a + step * 6, *right = b + step * nk_panel + at;
      bfloat16x8_t x[4];
#pragma clang loop unroll(full)
      for (int j = 0; j < 4; j++) x[j] = vreinterpretq_bf16_u32(vld1q_u32(right + 4 * j));
#pragma clang loop unroll(full)
      for (int i = 0; i < 6; i++) {
        bfloat16x8_t w = vreinterpretq_bf16_u32(vdupq_n_u32(left[i]));
#pragma clang loop unroll(full)
        for (int j = 0; j < 4; j++) sums[i][j] = vbfdotq_f32(sums[i][j], w, x[j]);
      }
    }
    for (ptrdiff_t i = 0; i < rows && i < 6; i++) {
      float lanes[16], *line = c + i * c_stride + at;
      for (int j = 0; j < 4; j++) vst1q_f32(lanes + 4 * j, sums[i][j]);
      for (ptrdiff_t j = 0; j < 16 && at + j < columns; j++)
        line[j] = accumulate ? line[j] + lanes[j] : lanes[j];
    }
  }
}

static int nk_has_dot(void) {
#if defined(__linux__)
  return (getauxval(AT_HWCAP2) >> 14) & 1;  // HWCAP2_BF16
#elif defined(__APPLE__)
  int has = 0;
  size_t size = sizeof has;
  return sysctlbyname("hw.optional.arm.FEAT_BF16", &has, &size, NULL, 0) == 0 && has;
#else
  return 0;
#endif
}

nk_pair_tile_function *nk_pair_tile_for(const nk_kernels *kernels) {
  return nk_extensions() && kernels->gemm_rows == 6 && nk_has_dot() ? nk_dot_tile
                                                                    : kernels->pair_tile;
}

#else
nk_pair_tile_function *nk_pair_tile_for(const nk_kernels *kernels) { return kernels->pair_tile; }
#endif
