// One float16.
#ifndef ROENTGEN_HALF_H
#define ROENTGEN_HALF_H

#include <stdint.h>
#include <string.h>

static inline float nk_half_value(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16, rest = half & 0x7fff, bits;
  float value;
  if (rest >= 0x7c00) {
    bits = sign | 0x7f800000 | ((rest & 0x3ff) << 13);
  } else if (rest >= 0x400) {
    bits = sign | ((rest << 13) + 0x38000000);
  } else {
    value = (float)rest * 5.9604644775390625e-8f;  // 2⁻²⁴
    memcpy(&bits, &value, 4);
    bits |= sign;
  }
  memcpy(&value, &bits, 4);
  return value;
}

#endif
