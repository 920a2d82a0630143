// What the machine's arithmetic units give at most: the limit that kernels are held against.
#include "peak.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define ROUNDS(zero, one, step)                        \
  for (int i = 0; i < 24; i++) sums[i] = zero;         \
  for (long round = 0; round < rounds; round++)        \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < 24; i++) sums[i] = step

__attribute__((target("avx512f"))) static double wide(long rounds, float *sink) {
  __m512 sums[24], x = _mm512_set1_ps(*sink), y = _mm512_set1_ps(1e-9f);
  ROUNDS(_mm512_setzero_ps(), x, _mm512_fmadd_ps(x, y, sums[i]));
  for (int i = 1; i < 24; i++) sums[0] = _mm512_add_ps(sums[0], sums[i]);
  *sink = _mm512_reduce_add_ps(sums[0]) * 0 + 1;
  return (double)rounds * 24 * 16 * 2;
}

__attribute__((target("avx2,fma"))) static double half(long rounds, float *sink) {
  __m256 sums[12], x = _mm256_set1_ps(*sink), y = _mm256_set1_ps(1e-9f);
  for (int i = 0; i < 12; i++) sums[i] = _mm256_setzero_ps();
  for (long round = 0; round < 2 * rounds; round++)
    _Pragma("clang loop unroll(full)") for (int i = 0; i < 12; i++)
        sums[i] = _mm256_fmadd_ps(x, y, sums[i]);
  float lanes[8];
  for (int i = 1; i < 12; i++) sums[0] = _mm256_add_ps(sums[0], sums[i]);
  _mm256_storeu_ps(lanes, sums[0]);
  *sink = lanes[0] * 0 + 1;
  return (double)rounds * 24 * 8 * 2;
}

__attribute__((target("avx512f,avx512bf16"))) static double pairs(long rounds, float *sink) {
  __m512 sums[24];
  __m512bh x = (__m512bh)_mm512_set1_ps(*sink), y = (__m512bh)_mm512_set1_ps(1e-9f);
  ROUNDS(_mm512_setzero_ps(), x, _mm512_dpbf16_ps(sums[i], x, y));
  for (int i = 1; i < 24; i++) sums[0] = _mm512_add_ps(sums[0], sums[i]);
  *sink = _mm512_reduce_add_ps(sums[0]) * 0 + 1;
  return (double)rounds * 24 * 32 * 2;
}

double roentgen_peak(long rounds, float *sink) {
  if (__builtin_cpu_supports("avx512f")) return wide(rounds, sink);
  if (__builtin_cpu_supports("fma")) return half(rounds, sink);
  return 0;
}

double roentgen_peak_bf16(long rounds, float *sink) {
  return __builtin_cpu_supports("avx512bf16") ? pairs(rounds, sink) : 0;
}

#elif defined(__aarch64__)
#include <arm_neon.h>

double roentgen_peak(long rounds, float *sink) {
  float32x4_t sums[24], x = vdupq_n_f32(*sink), y = vdupq_n_f32(1e-9f);
  for (int i = 0; i < 24; i++) sums[i] = vdupq_n_f32(0);
  for (long round = 0; round < rounds; round++)
    _Pragma("clang loop unroll(full)") for (int i = 0; i < 24; i++)
        sums[i] = vfmaq_f32(sums[i], x, y);
  for (int i = 1; i < 24; i++) sums[0] = vaddq_f32(sums[0], sums[i]);
  *sink = vaddvq_f32(sums[0]) * 0 + 1;
  return (double)rounds * 24 * 4 * 2;
}
double roentgen_peak_bf16(long rounds, float *sink) { return 0; }

#else
double roentgen_peak(long rounds, float *sink) { return 0; }
double roentgen_peak_bf16(long rounds, float *sink) { return 0; }
#endif
