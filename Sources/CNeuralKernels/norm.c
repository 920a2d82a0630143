// Norms of channels joined with what follows them: one pass over a channel while it is in the
// second-level cache, for training.
#include <math.h>
#include <string.h>

#include "kernels.h"

typedef struct {
  const nk_channel_norm *norm;
  const nk_kernels *kernels;
  const float *x, *y, *dy, *residual;
  const nk_channel_gradients *gradients;
  float *result;
} nk_norm_job;

// y = f(x·factor + offset + residual), f linear with `slope` below zero.
static void nk_norm_chunk(void *context, size_t channel) {
  const nk_norm_job *job = context;
  const nk_channel_norm *n = job->norm;
  double count = (double)n->batch * (double)n->inner, sum = 0, squares = 0;
  size_t step = n->channels * n->inner, at = channel * n->inner;
  for (size_t i = 0; i < n->batch; i++)
    sum += job->kernels->fold_row(NK_SUM, job->x + at + i * step, n->inner);
  float mean = (float)(sum / count);
  for (size_t i = 0; i < n->batch; i++)
    squares += job->kernels->centred_squares(job->x + at + i * step, mean, n->inner);
  float variance = (float)(squares / count), inverse = 1.0f / sqrtf(variance + n->epsilon);
  float factor = (n->scale ? n->scale[channel] : 1.0f) * inverse;
  float offset = (n->shift ? n->shift[channel] : 0.0f) - mean * factor;
  n->mean[channel] = mean;
  n->variance[channel] = variance;
  float slope = n->slope ? n->slope[n->slopes == 1 ? 0 : channel % n->slopes] : 0.0f;
  for (size_t i = 0; i < n->batch; i++) {
    size_t row = at + i * step;
    job->kernels->leak(
        job->x + row, job->residual ? job->residual + row : NULL, factor, offset,
        n->activation ? slope : 1.0f, job->result + row, n->inner);
  }
}

void nk_channel_norm_run(
    const nk_channel_norm *norm, const float *x, const float *residual, float *y) {
  nk_norm_job job = {
      .norm = norm, .kernels = nk_active(), .x = x, .residual = residual, .result = y};
  nk_parallel(norm->channels, nk_norm_chunk, &job);
}

// With g the gradient before the activation and x̂ the normalised input:
// dx = scale · inverse · (g − mean(g) − x̂ · mean(g · x̂)).
static void nk_norm_back_chunk(void *context, size_t channel) {
  const nk_norm_job *job = context;
  const nk_channel_norm *n = job->norm;
  const nk_channel_gradients *out = job->gradients;
  double count = (double)n->batch * (double)n->inner, sum = 0, product = 0, below = 0;
  size_t step = n->channels * n->inner, at = channel * n->inner;
  float mean = n->mean[channel], inverse = 1.0f / sqrtf(n->variance[channel] + n->epsilon);
  float factor = (n->scale ? n->scale[channel] : 1.0f) * inverse;
  float offset = (n->shift ? n->shift[channel] : 0.0f) - mean * factor;
  float slope = n->slope ? n->slope[n->slopes == 1 ? 0 : channel % n->slopes] : 0.0f;
  // Where the residual's gradient is wanted it is g; otherwise g waits where dx will be.
  float *g = out->residual ? out->residual : job->result;
  for (size_t i = 0; i < n->batch; i++) {
    size_t row = at + i * step;
    const float *before = job->dy + row;
    if (n->activation) {
      below += job->kernels->leak_gradient(
          job->x + row, job->y ? job->y + row : NULL, factor, offset, slope, job->dy + row,
          g + row, n->inner);
      before = g + row;
    } else if (out->residual) {
      memcpy(g + row, job->dy + row, n->inner * sizeof(float));
    }
    sum += job->kernels->fold_row(NK_SUM, before, n->inner);
    product += job->kernels->dot(job->x + row, mean, before, n->inner);
  }
  float scaled = (float)product * inverse;
  if (out->scale) out->scale[channel] = scaled;
  if (out->shift) out->shift[channel] = (float)sum;
  if (out->slope) out->slope[channel] = (float)below;
  float b = -(factor * inverse * scaled / (float)count);
  float c = -(factor * (float)sum / (float)count) - b * mean;
  for (size_t i = 0; i < n->batch; i++) {
    size_t row = at + i * step;
    job->kernels->combine(
        n->activation || out->residual ? g + row : job->dy + row, job->x + row, factor, b, c,
        job->result + row, n->inner, 0);
  }
}

void nk_channel_norm_gradient(
    const nk_channel_norm *norm, const float *x, const float *y, const float *dy, float *dx,
    const nk_channel_gradients *gradients) {
  nk_norm_job job = {
      .norm = norm, .kernels = nk_active(), .x = x, .y = y, .dy = dy, .result = dx,
      .gradients = gradients};
  nk_parallel(norm->channels, nk_norm_back_chunk, &job);
}

typedef struct {
  const nk_kernels *kernels;
  const float *x, *weights;
  const int32_t *labels;
  float smoothing;
  float *dx;
  double *sums;
  size_t classes, inner, blocks;
} nk_entropy_job;

enum { nk_entropy_pixels = 2048 };

static void nk_entropy_chunk(void *context, size_t chunk) {
  const nk_entropy_job *job = context;
  size_t sample = chunk / job->blocks, first = chunk % job->blocks * nk_entropy_pixels;
  size_t count = job->inner - first < nk_entropy_pixels ? job->inner - first : nk_entropy_pixels;
  size_t at = sample * job->classes * job->inner + first;
  job->sums[chunk] = job->kernels->cross_entropy(
      job->x + at, job->inner, job->classes, job->labels + sample * job->inner + first,
      job->weights, job->smoothing, job->dx + at, count);
}

int nk_cross_entropy(
    const float *x, const int32_t *labels, const float *weights, float smoothing, float *dx,
    double *loss, size_t batch, size_t classes, size_t inner) {
  nk_entropy_job job = {
      nk_active(), x, weights, labels, smoothing, dx, NULL, classes, inner,
      (inner + nk_entropy_pixels - 1) / nk_entropy_pixels};
  size_t bytes = (batch * job.blocks + 1) * sizeof(double);
  job.sums = nk_arena_take(bytes);
  if (!job.sums) return 0;
  nk_parallel(batch * job.blocks, nk_entropy_chunk, &job);
  *loss = 0;
  for (size_t i = 0; i < batch * job.blocks; i++) *loss += job.sums[i];
  nk_arena_give(job.sums, bytes);
  return 1;
}
