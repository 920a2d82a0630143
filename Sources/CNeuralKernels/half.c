// float16 and bfloat16, rounded to nearest, ties to even.
#include <string.h>

#include "half.h"
#include "kernels.h"
#include "nk_memory.h"

static inline uint16_t nk_half(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  uint32_t sign = (bits >> 16) & 0x8000, rest = bits & 0x7fffffff;
  if (rest > 0x7f800000) return (uint16_t)(sign | 0x7e00 | ((rest >> 13) & 0x1ff));
  if (rest >= 0x477ff000) return (uint16_t)(sign | 0x7c00);  // 65520 and more round to infinity
  if (rest < 0x38800000) {
    // Below the smallest normal number: a multiple of 2⁻²⁴, rounded by an addition.
    float magnitude, shift = 0.5f;
    memcpy(&magnitude, &rest, 4);
    magnitude += shift;
    memcpy(&rest, &magnitude, 4);
    return (uint16_t)(sign | (rest - 0x3f000000));
  }
  uint32_t odd = (rest >> 13) & 1;
  return (uint16_t)(sign | ((rest - 0x38000000 + 0xfff + odd) >> 13));
}

void nk_f32_to_f16(const void *source, void *target, size_t count) {
  const float *from = source;
  uint16_t *to = target;
  for (size_t i = 0; i < count; i++) to[i] = nk_half(from[i]);
}

void nk_f16_to_f32(const void *source, void *target, size_t count) {
  const uint16_t *from = source;
  float *to = target;
  for (size_t i = 0; i < count; i++) to[i] = nk_half_value(from[i]);
}

void nk_f32_to_bf16(const void *source, void *target, size_t count) {
  nk_active()->to_bf16(source, target, count);
}

void nk_bf16_to_f32(const void *source, void *target, size_t count) {
  nk_active()->from_bf16(source, target, count);
}
