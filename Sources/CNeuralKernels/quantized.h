// ggml's blocks, and the blocks of quantised vectors.
// Source: ggml, `ggml-common.h`.
#ifndef ROENTGEN_QUANTIZED_H
#define ROENTGEN_QUANTIZED_H

#include <stdint.h>

typedef struct { uint16_t scale; uint8_t levels[16]; } nk_q4_0;
typedef struct { uint16_t scale; uint8_t high[4]; uint8_t levels[16]; } nk_q5_0;
typedef struct { uint16_t scale; int8_t levels[32]; } nk_q8_0;
typedef struct { uint16_t scale, minimum; uint8_t scales[12]; uint8_t levels[128]; } nk_q4_k;
typedef struct { uint8_t low[128]; uint8_t high[64]; int8_t scales[16]; uint16_t scale; } nk_q6_k;

/// 32 numbers of a vector.
typedef struct { float scale; int32_t sum; int8_t levels[32]; } nk_x32;
/// 256 numbers of a vector, and the sums of each 16.
typedef struct { float scale; int16_t sums[16]; int8_t levels[256]; } nk_x256;

#endif
