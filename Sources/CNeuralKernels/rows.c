// Folds, softmax and norms over whole tensors: each row, or block of columns, is one unit of work.
#include <math.h>
#include <stdlib.h>

#include "kernels.h"

enum { nk_columns = 512 };

typedef struct {
  const nk_kernels *kernels;
  nk_fold_op op;
  const float *x, *z, *scale, *shift;
  float *y, *mean, *inverse, *extra;
  size_t outer, length, inner, per_chunk;
  float epsilon;
  int flag;
} nk_row_job;

static size_t nk_rows_per_chunk(size_t length) { return 16384 / (length ? length : 1) + 1; }

static void nk_run_rows(nk_row_job *job, nk_chunk work) {
  job->kernels = nk_active();
  job->per_chunk = nk_rows_per_chunk(job->length);
  nk_parallel((job->outer + job->per_chunk - 1) / job->per_chunk, work, job);
}

#define NK_ROWS                                                              \
  const nk_row_job *job = context;                                           \
  size_t last = (chunk + 1) * job->per_chunk;                                \
  if (last > job->outer) last = job->outer;                                  \
  for (size_t row = chunk * job->per_chunk; row < last; row++)

static void nk_fold_chunk(void *context, size_t chunk) {
  NK_ROWS job->y[row] = job->kernels->fold_row(job->op, job->x + row * job->length, job->length);
}

static void nk_fold_column_chunk(void *context, size_t chunk) {
  const nk_row_job *job = context;
  size_t blocks = (job->inner + nk_columns - 1) / nk_columns;
  size_t outer = chunk / blocks, from = chunk % blocks * nk_columns;
  size_t count = job->inner - from < nk_columns ? job->inner - from : nk_columns;
  job->kernels->fold_columns(
      job->op, job->x + outer * job->length * job->inner + from, job->y + outer * job->inner + from,
      job->length, job->inner, count);
}

void nk_fold(
    nk_fold_op op, const float *x, float *y, size_t outer, size_t length, size_t inner) {
  nk_row_job job = {.op = op, .x = x, .y = y, .outer = outer, .length = length, .inner = inner};
  if (inner == 1) {
    nk_run_rows(&job, nk_fold_chunk);
  } else {
    job.kernels = nk_active();
    nk_parallel(outer * ((inner + nk_columns - 1) / nk_columns), nk_fold_column_chunk, &job);
  }
}

static void nk_softmax_chunk(void *context, size_t chunk) {
  NK_ROWS job->kernels->softmax_row(
      job->x + row * job->length, job->y + row * job->length, job->length, job->flag);
}

void nk_softmax(const float *x, float *y, size_t rows, size_t length, int logarithm) {
  nk_row_job job = {.x = x, .y = y, .outer = rows, .length = length, .flag = logarithm};
  nk_run_rows(&job, nk_softmax_chunk);
}

static void nk_softmax_gradient_chunk(void *context, size_t chunk) {
  NK_ROWS job->kernels->softmax_gradient_row(
      job->x + row * job->length, job->z + row * job->length, job->y + row * job->length,
      job->length, job->flag);
}

void nk_softmax_gradient(
    const float *y, const float *dy, float *dx, size_t rows, size_t length, int logarithm) {
  nk_row_job job = {.x = y, .z = dy, .y = dx, .outer = rows, .length = length, .flag = logarithm};
  nk_run_rows(&job, nk_softmax_gradient_chunk);
}

static void nk_layer_norm_chunk(void *context, size_t chunk) {
  NK_ROWS job->kernels->layer_norm_row(
      job->x + row * job->length, job->scale, job->shift, job->y + row * job->length,
      job->mean ? job->mean + row : NULL, job->inverse ? job->inverse + row : NULL, job->length,
      job->epsilon, job->flag);
}

void nk_layer_norm(
    const float *x, const float *scale, const float *shift, float *y, float *mean, float *inverse,
    size_t rows, size_t length, float epsilon, int rms) {
  nk_row_job job = {
      .x = x, .scale = scale, .shift = shift, .y = y, .mean = mean, .inverse = inverse,
      .outer = rows, .length = length, .epsilon = epsilon, .flag = rms};
  nk_run_rows(&job, nk_layer_norm_chunk);
}

static void nk_layer_norm_gradient_chunk(void *context, size_t chunk) {
  NK_ROWS job->kernels->layer_norm_gradient_row(
      job->x + row * job->length, job->scale, job->z + row * job->length, job->mean[row],
      job->inverse[row], job->y + row * job->length, job->length, job->flag);
}

void nk_layer_norm_gradient(
    const float *x, const float *scale, const float *dy, const float *mean, const float *inverse,
    float *dx, size_t rows, size_t length, int rms) {
  nk_row_job job = {
      .x = x, .scale = scale, .z = dy, .y = dx, .mean = (float *)mean, .inverse = (float *)inverse,
      .outer = rows, .length = length, .flag = rms};
  nk_run_rows(&job, nk_layer_norm_gradient_chunk);
}

// A block of columns over all rows, in ascending order.
static void nk_layer_norm_weight_chunk(void *context, size_t chunk) {
  const nk_row_job *job = context;
  size_t from = chunk * nk_columns;
  size_t count = job->length - from < nk_columns ? job->length - from : nk_columns;
  for (size_t i = from; i < from + count; i++) job->y[i] = job->extra[i] = 0;
  for (size_t row = 0; row < job->outer; row++) {
    const float *x = job->x + row * job->length, *dy = job->z + row * job->length;
    float mean = job->mean[row], inverse = job->inverse[row];
    for (size_t i = from; i < from + count; i++) {
      job->y[i] += dy[i] * ((x[i] - mean) * inverse);
      job->extra[i] += dy[i];
    }
  }
}

void nk_layer_norm_weight_gradient(
    const float *x, const float *dy, const float *mean, const float *inverse, float *dscale,
    float *dshift, size_t rows, size_t length) {
  nk_row_job job = {
      .x = x, .z = dy, .y = dscale, .extra = dshift, .mean = (float *)mean,
      .inverse = (float *)inverse, .outer = rows, .length = length};
  nk_parallel((length + nk_columns - 1) / nk_columns, nk_layer_norm_weight_chunk, &job);
}

// Channels: sums of rows of `inner` are added over the batch in double precision.
static void nk_moments_chunk(void *context, size_t channel) {
  const nk_row_job *job = context;
  double count = (double)job->outer * (double)job->inner, sum = 0, squares = 0;
  for (size_t n = 0; n < job->outer; n++)
    sum += job->kernels->fold_row(
        NK_SUM, job->x + (n * job->length + channel) * job->inner, job->inner);
  float mean = (float)(sum / count);
  for (size_t n = 0; n < job->outer; n++)
    squares += job->kernels->centred_squares(
        job->x + (n * job->length + channel) * job->inner, mean, job->inner);
  job->y[channel] = mean;
  job->extra[channel] = (float)(squares / count);
}

void nk_channel_moments(
    const float *x, float *mean, float *variance, size_t batch, size_t channels, size_t inner) {
  nk_row_job job = {
      .kernels = nk_active(), .x = x, .y = mean, .extra = variance, .outer = batch,
      .length = channels, .inner = inner};
  nk_parallel(channels, nk_moments_chunk, &job);
}

static void nk_products_chunk(void *context, size_t channel) {
  const nk_row_job *job = context;
  double sum = 0, product = 0;
  for (size_t n = 0; n < job->outer; n++) {
    size_t at = (n * job->length + channel) * job->inner;
    sum += job->kernels->fold_row(NK_SUM, job->z + at, job->inner);
    product += job->kernels->dot(job->x + at, job->mean[channel], job->z + at, job->inner);
  }
  job->y[channel] = (float)sum;
  job->extra[channel] = (float)product;
}

void nk_channel_products(
    const float *x, const float *mean, const float *dy, float *sum, float *product, size_t batch,
    size_t channels, size_t inner) {
  nk_row_job job = {
      .kernels = nk_active(), .x = x, .mean = (float *)mean, .z = dy, .y = sum, .extra = product, .outer = batch,
      .length = channels, .inner = inner};
  nk_parallel(channels, nk_products_chunk, &job);
}

static void nk_affine_chunk(void *context, size_t plane) {
  const nk_row_job *job = context;
  size_t channel = plane % job->length, at = plane * job->inner;
  job->kernels->combine(
      job->x + at, job->z ? job->z + at : NULL, job->scale[channel],
      job->z ? job->shift[channel] : 0, job->extra[channel], job->y + at, job->inner, job->flag);
}

void nk_channel_affine(
    const float *x, const float *scale, const float *shift, float *y, size_t batch,
    size_t channels, size_t inner, int relu) {
  nk_row_job job = {
      .kernels = nk_active(), .x = x, .scale = scale, .extra = (float *)shift, .y = y,
      .length = channels, .inner = inner, .flag = relu};
  nk_parallel(batch * channels, nk_affine_chunk, &job);
}

void nk_channel_combine(
    const float *x, const float *z, const float *a, const float *b, const float *c, float *y,
    size_t batch, size_t channels, size_t inner) {
  nk_row_job job = {
      .kernels = nk_active(), .x = x, .z = z, .scale = a, .shift = b, .extra = (float *)c, .y = y,
      .length = channels, .inner = inner};
  nk_parallel(batch * channels, nk_affine_chunk, &job);
}
