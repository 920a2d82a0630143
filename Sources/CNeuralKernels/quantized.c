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

// The nearest whole number, ties to even, as ggml's trick with 1.5 · 2²³ gives.
static int nk_nearest(float x) { return (int)nearbyintf(x); }

static void nk_quantize32(const float *x, nk_x32 *to, ptrdiff_t blocks) {
  for (ptrdiff_t i = 0; i < blocks; i++, x += 32) {
    float largest = 0;
    for (int j = 0; j < 32; j++) largest = fmaxf(largest, fabsf(x[j]));
    float scale = largest / 127, inverse = largest != 0 ? 127 / largest : 0;
    uint16_t half;
    nk_f32_to_f16(&scale, &half, 1);
    to[i].scale = nk_half_value(half);
    int32_t sum = 0;
    for (int j = 0; j < 32; j++) {
      int level = isfinite(x[j]) ? nk_nearest(x[j] * inverse) : 0;
      to[i].levels[j] = (int8_t)level;
      sum += level;
    }
    to[i].sum = sum;
    // What cannot be represented shows in every row.
    for (int j = 0; j < 32; j++)
      if (!isfinite(x[j])) to[i].scale = NAN;
  }
}

static void nk_quantize256(const float *x, nk_x256 *to, ptrdiff_t blocks) {
  for (ptrdiff_t i = 0; i < blocks; i++, x += 256) {
    float largest = 0, most = 0;
    int finite = 1;
    for (int j = 0; j < 256; j++) {
      finite &= isfinite(x[j]) != 0;
      if (fabsf(x[j]) > most) {
        most = fabsf(x[j]);
        largest = x[j];
      }
    }
    memset(to[i].sums, 0, sizeof(to[i].sums));
    if (!finite || most == 0) {
      to[i].scale = finite ? 0 : NAN;
      memset(to[i].levels, 0, sizeof(to[i].levels));
      continue;
    }
    float inverse = -127 / largest;
    for (int j = 0; j < 256; j++) {
      int level = nk_nearest(x[j] * inverse);
      to[i].levels[j] = (int8_t)(level > 127 ? 127 : level);
      to[i].sums[j / 16] = (int16_t)(to[i].sums[j / 16] + to[i].levels[j]);
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
