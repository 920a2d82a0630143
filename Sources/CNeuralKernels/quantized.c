// Vectors are quantised once, then every row of weights meets them.
#include "quantized.h"

#include <math.h>
#include <string.h>

#include "half.h"
#include "kernels.h"

size_t nk_quantized_block(nk_quantization type) {
  return type == NK_Q4_K || type == NK_Q6_K ? 256 : 32;
}

size_t nk_quantized_bytes(nk_quantization type) {
  switch (type) {
    case NK_Q4_0: return sizeof(nk_q4_0);
    case NK_Q5_0: return sizeof(nk_q5_0);
    case NK_Q8_0: return sizeof(nk_q8_0);
    case NK_Q4_K: return sizeof(nk_q4_k);
    default: return sizeof(nk_q6_k);
  }
}

// The nearest whole number below 2²², ties to even: 1.5 · 2²³ leaves no room for a fraction.
static inline int32_t nk_nearest(float x) {
  float shifted = x + 12582912.0f;
  int32_t bits;
  memcpy(&bits, &shifted, 4);
  return bits - 0x4b400000;
}

// The largest magnitude, as its bits, which order as the numbers do; from 0x7f800000 on it is none.
static inline int32_t nk_largest_bits(const float *x, ptrdiff_t count) {
  int32_t largest = 0;
  for (ptrdiff_t j = 0; j < count; j++) {
    int32_t bits;
    memcpy(&bits, x + j, 4);
    bits &= 0x7fffffff;
    largest = bits > largest ? bits : largest;
  }
  return largest;
}

static void nk_quantize32(const float *x, nk_x32 *to, ptrdiff_t blocks) {
  for (ptrdiff_t i = 0; i < blocks; i++, x += 32) {
    int32_t bits = nk_largest_bits(x, 32), sum = 0;
    if (bits >= 0x7f800000) {
      // What cannot be represented shows in every row.
      to[i].scale = NAN;
      to[i].sum = 0;
      memset(to[i].levels, 0, sizeof(to[i].levels));
      continue;
    }
    float largest;
    memcpy(&largest, &bits, 4);
    float scale = largest / 127, inverse = largest != 0 ? 127 / largest : 0;
    uint16_t half;
    nk_f32_to_f16(&scale, &half, 1);
    to[i].scale = nk_half_value(half);
    // Below 2⁻¹²⁶ the inverse overflows, as it does there.
    if (!isfinite(inverse)) inverse = 0;
    for (int j = 0; j < 32; j++) {
      float scaled = x[j] * inverse;
      int32_t level = nk_nearest(scaled);
      to[i].levels[j] = (int8_t)level;
      sum += level;
    }
    to[i].sum = sum;
  }
}

static void nk_quantize256(const float *x, nk_x256 *to, ptrdiff_t blocks) {
  for (ptrdiff_t i = 0; i < blocks; i++, x += 256) {
    int32_t bits = nk_largest_bits(x, 256);
    memset(to[i].sums, 0, sizeof(to[i].sums));
    float largest;
    memcpy(&largest, &bits, 4);
    float inverse = largest > 0 ? -127 / largest : 0;
    if (bits >= 0x7f800000 || !isfinite(inverse) || inverse == 0) {
      to[i].scale = bits >= 0x7f800000 ? NAN : 0;
      memset(to[i].levels, 0, sizeof(to[i].levels));
      continue;
    }
    // The first number of the largest magnitude becomes −127, whatever its sign.
    ptrdiff_t first = 0;
    while (fabsf(x[first]) != largest) first++;
    if (x[first] < 0) inverse = -inverse;
    for (int part = 0; part < 16; part++) {
      int32_t sum = 0;
      for (int j = 16 * part; j < 16 * part + 16; j++) {
        float scaled = x[j] * inverse;
        int32_t level = nk_nearest(scaled);
        level = level > 127 ? 127 : level;
        to[i].levels[j] = (int8_t)level;
        sum += level;
      }
      to[i].sums[part] = (int16_t)sum;
    }
    to[i].scale = 1 / inverse;
  }
}

enum { nk_quantized_rows = 128 };

typedef struct {
  float (*row)(const void *, const void *, ptrdiff_t);
  float (*row_of_many)(const void *, const void *, ptrdiff_t);
  /// So many of the vectors take the order for many.
  ptrdiff_t many;
  const char *weights;
  const char *vectors;
  float *y;
  ptrdiff_t rows, count, blocks;
  size_t row_bytes, vector_bytes;
} nk_quantized_job;

static void nk_quantized_chunk(void *context, size_t chunk) {
  const nk_quantized_job *job = context;
  ptrdiff_t start = (ptrdiff_t)chunk * nk_quantized_rows;
  ptrdiff_t end = start + nk_quantized_rows < job->rows ? start + nk_quantized_rows : job->rows;
  for (ptrdiff_t r = start; r < end; r++) {
    const char *row = job->weights + (size_t)r * job->row_bytes;
    for (ptrdiff_t v = 0; v < job->count; v++)
      job->y[v * job->rows + r] =
          (v < job->many ? job->row_of_many : job->row)(
              row, job->vectors + (size_t)v * job->vector_bytes, job->blocks);
  }
}

int nk_quantized_product(
    nk_quantization type, ptrdiff_t rows, ptrdiff_t columns, const void *weights,
    ptrdiff_t vectors, const float *x, float *y) {
  const nk_kernels *kernels = nk_active();
  ptrdiff_t block = (ptrdiff_t)nk_quantized_block(type), blocks = columns / block;
  size_t each = (size_t)blocks * (block == 32 ? sizeof(nk_x32) : sizeof(nk_x256));
  size_t bytes = each * (size_t)vectors;
  char *quantized = nk_arena_take(bytes ? bytes : 1);
  if (!quantized) return 0;
  for (ptrdiff_t v = 0; v < vectors; v++) {
    const float *own = x + v * columns;
    if (block == 32)
      nk_quantize32(own, (nk_x32 *)(quantized + (size_t)v * each), blocks);
    else
      nk_quantize256(own, (nk_x256 *)(quantized + (size_t)v * each), blocks);
  }
  // ggml takes vectors in fours for Q4_K, and all of them at once for Q6_K from eight on.
  ptrdiff_t many = type == NK_Q4_K ? vectors / 4 * 4 : type == NK_Q6_K && vectors >= 8 ? vectors : 0;
  nk_quantized_job job = {
      .row = kernels->quantized_row[type],
      .row_of_many = kernels->quantized_row_of_many[type], .many = many, .weights = weights, .vectors = quantized, .y = y,
      .rows = rows, .count = vectors, .blocks = blocks,
      .row_bytes = (size_t)blocks * nk_quantized_bytes(type), .vector_bytes = each,
  };
  nk_parallel(
      (size_t)((rows + nk_quantized_rows - 1) / nk_quantized_rows), nk_quantized_chunk, &job);
  nk_arena_give(quantized, bytes ? bytes : 1);
  return 1;
}
