// Sharing a decoder's steps between threads.
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "kernels.h"

enum { nk_half_runs = 64, nk_half_step = 256, nk_half_tile = 64 };

typedef struct {
  const nk_half_attention *shape;
  const nk_kernels *kernels;
  const float *queries;
  const uint16_t *keys, *values;
  float *results;
  ptrdiff_t runs, run_length;
} nk_half_job;

// Keys start … end − 1 that the run sees of one query.
static void nk_half_run(
    const nk_half_job *job, ptrdiff_t token, ptrdiff_t head, ptrdiff_t start, ptrdiff_t end,
    float *sum, float *top, float *total) {
  const nk_half_attention *a = job->shape;
  ptrdiff_t place = a->past + token, first = 0;
  if (a->window > 0 && place + 1 > a->window) first = place + 1 - a->window;
  if (start < first) start = first;
  if (end > place + 1) end = place + 1;
  ptrdiff_t key_head = head / (a->heads / a->key_heads);
  ptrdiff_t offset = key_head * a->head_stride + start * a->width;
  job->kernels->half_attention(
      job->queries + (token * a->heads + head) * a->width, job->keys + offset,
      job->values + offset, end > start ? end - start : 0, a->width, sum, top, total);
}

static void nk_half_chunk(void *context, size_t number) {
  const nk_half_job *job = context;
  const nk_half_attention *a = job->shape;
  ptrdiff_t token = (ptrdiff_t)number / a->heads, head = (ptrdiff_t)number % a->heads;
  float *result = job->results + (ptrdiff_t)number * a->width;
  float top, total;
  if (a->tokens >= nk_half_tile) {
    ptrdiff_t count = a->past + token + 1, offset = head / (a->heads / a->key_heads) * a->head_stride;
    ptrdiff_t skipped = a->window > 0 && count > a->window ? count - a->window : 0;
    job->kernels->tiled_attention(
        job->queries + (token * a->heads + head) * a->width, job->keys + offset,
        job->values + offset, skipped, count, a->width, result, &top, &total);
  } else if (job->runs == 1) {
    nk_half_run(job, token, head, 0, a->past + token + 1, result, &top, &total);
  } else {
    float part[nk_half_width];
    float most = -INFINITY;
    total = 0;
    memset(result, 0, (size_t)a->width * sizeof(float));
    for (ptrdiff_t run = 0; run < job->runs; run++) {
      float own_top, own_total;
      ptrdiff_t start = run * job->run_length;
      nk_half_run(job, token, head, start, start + job->run_length, part, &own_top, &own_total);
      if (own_total == 0) continue;
      float larger = fmaxf(most, own_top);
      float before = expf(most - larger), now = expf(own_top - larger);
      for (ptrdiff_t i = 0; i < a->width; i++) {
        float added = part[i] * now;
        result[i] = fmaf(result[i], before, added);
      }
      float added = own_total * now;
      total = fmaf(total, before, added);
      most = larger;
    }
  }
  float inverse = total == 0 ? 0 : 1.0f / total;
  for (ptrdiff_t i = 0; i < a->width; i++) result[i] *= inverse;
}

void nk_half_attend(
    const nk_half_attention *shape, const float *queries, const uint16_t *keys,
    const uint16_t *values, float *results) {
  nk_half_job job = {
      .shape = shape, .kernels = nk_active(), .queries = queries, .keys = keys, .values = values,
      .results = results, .runs = 1, .run_length = 0,
  };
  // ggml counts keys in steps of 256, whether there are so many or not.
  ptrdiff_t seen = shape->past + shape->tokens;
  ptrdiff_t counted = (seen + nk_half_step - 1) / nk_half_step * nk_half_step;
  if (shape->tokens == 1 && counted >= 2 * nk_half_step) {
    ptrdiff_t threads = (ptrdiff_t)nk_threads();
    job.runs = threads < nk_half_runs ? threads : nk_half_runs;
    job.run_length = (counted + job.runs - 1) / job.runs;
  }
  nk_parallel((size_t)(shape->tokens * shape->heads), nk_half_chunk, &job);
}

void nk_decoder_norm(
    ptrdiff_t rows, ptrdiff_t count, const float *x, const float *weight, float epsilon, float *y) {
  const nk_kernels *kernels = nk_active();
  for (ptrdiff_t row = 0; row < rows; row++)
    kernels->decoder_norm(x + row * count, weight, y + row * count, (size_t)count, epsilon);
}

void nk_decoder_turn(
    ptrdiff_t tokens, ptrdiff_t heads, ptrdiff_t width, ptrdiff_t position, float base,
    const float *x, float *y) {
  const nk_kernels *kernels = nk_active();
  float cosines[nk_half_width / 2], sines[nk_half_width / 2];
  float step = powf(base, -2.0f / (float)width);
  for (ptrdiff_t token = 0; token < tokens; token++) {
    float angle = (float)(position + token);
    for (ptrdiff_t i = 0; i < width / 2; i++) {
      cosines[i] = cosf(angle);
      sines[i] = sinf(angle);
      angle *= step;
    }
    for (ptrdiff_t head = 0; head < heads; head++) {
      ptrdiff_t place = (token * heads + head) * width;
      kernels->decoder_turn(x + place, cosines, sines, y + place, (size_t)(width / 2));
    }
  }
}

// GELU of every float16 in its tanh form, as float16.
static uint16_t nk_gelu_table[1 << 16];
static pthread_once_t nk_gelu_made = PTHREAD_ONCE_INIT;

static void nk_make_gelu_table(void) {
  for (unsigned half = 0; half < 1u << 16; half++) {
    float x = nk_half_value((uint16_t)half), slope = 0.79788456080286535587989211986876f * x;
    float bent = fmaf(0.044715f * x, x, 1.0f), result = 0.5f * x;
    result *= 1.0f + tanhf(slope * bent);
    nk_f32_to_f16(&result, nk_gelu_table + half, 1);
  }
}

void nk_decoder_gated_gelu(size_t count, const float *x, const float *z, float *y) {
  pthread_once(&nk_gelu_made, nk_make_gelu_table);
  for (size_t i = 0; i < count; i++) {
    float opened = x[i];
    if (opened <= -10) {
      opened = 0;
    } else if (!(opened >= 10)) {
      uint16_t half;
      nk_f32_to_f16(&opened, &half, 1);
      opened = nk_half_value(nk_gelu_table[half]);
    }
    y[i] = opened * z[i];
  }
}
