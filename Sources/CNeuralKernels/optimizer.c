// Steps of optimisers: each number by itself, shared between threads.
#include "kernels.h"

#include <math.h>

typedef struct {
  float *w, *first, *second;
  const float *g;
  nk_adam adam;
  float rate, decay, momentum;
  int nesterov;
  size_t count;
} nk_step_job;

enum { nk_step_block = 16384 };

static void nk_descend_chunk(void *context, size_t chunk) {
  const nk_step_job *job = context;
  size_t from = chunk * nk_step_block;
  size_t end = from + nk_step_block < job->count ? from + nk_step_block : job->count;
  float rate = job->rate, decay = job->decay, momentum = job->momentum;
  float *restrict w = job->w, *restrict v = job->first;
  const float *restrict g = job->g;
  if (!v) {
    for (size_t i = from; i < end; i++) w[i] -= rate * (g[i] + decay * w[i]);
  } else if (job->nesterov) {
    for (size_t i = from; i < end; i++) {
      float slope = g[i] + decay * w[i];
      v[i] = momentum * v[i] + slope;
      w[i] -= rate * (slope + momentum * v[i]);
    }
  } else {
    for (size_t i = from; i < end; i++) {
      v[i] = momentum * v[i] + (g[i] + decay * w[i]);
      w[i] -= rate * v[i];
    }
  }
}

void nk_descend(
    float *w, const float *g, float *velocity, float rate, float decay, float momentum,
    int nesterov, size_t count) {
  nk_step_job job = {
      .w = w, .first = velocity, .g = g, .rate = rate, .decay = decay, .momentum = momentum,
      .nesterov = nesterov, .count = count};
  nk_parallel((count + nk_step_block - 1) / nk_step_block, nk_descend_chunk, &job);
}

static void nk_adapt_chunk(void *context, size_t chunk) {
  const nk_step_job *job = context;
  size_t from = chunk * nk_step_block;
  size_t end = from + nk_step_block < job->count ? from + nk_step_block : job->count;
  nk_adam step = job->adam;
  float *restrict w = job->w, *restrict m = job->first, *restrict v = job->second;
  const float *restrict g = job->g;
  for (size_t i = from; i < end; i++) {
    float slope = g[i] + step.decay * w[i];
    m[i] += (slope - m[i]) * (1 - step.first);
    v[i] = v[i] * step.second + slope * slope * (1 - step.second);
    float root = sqrtf(v[i]) / step.root + step.epsilon;
    w[i] = w[i] * step.keep - step.size * (m[i] / root);
  }
}

void nk_adapt(
    float *w, const float *g, float *first, float *second, nk_adam step, size_t count) {
  nk_step_job job = {.w = w, .first = first, .second = second, .g = g, .adam = step, .count = count};
  nk_parallel((count + nk_step_block - 1) / nk_step_block, nk_adapt_chunk, &job);
}
