// Pooling: one plane a chunk, one row of outputs at a time.
#include <math.h>
#include <string.h>

#include "image.h"

typedef struct {
  const nk_pool *pool;
  nk_pool_kind kind;
  const float *x;
  float *y;
  int64_t *index;
} nk_pool_job;

static ptrdiff_t nk_plane_in(const nk_pool *p) { return p->in[0] * p->in[1] * p->in[2]; }
static ptrdiff_t nk_plane_out(const nk_pool *p) { return p->out[0] * p->out[1] * p->out[2]; }

// The outputs x of a row for which column x·stride + shift lies in 0…size − 1.
static void nk_valid(
    ptrdiff_t shift, ptrdiff_t stride, ptrdiff_t size, ptrdiff_t out, ptrdiff_t *first,
    ptrdiff_t *end) {
  *first = shift < 0 ? (-shift + stride - 1) / stride : 0;
  *end = size > shift ? (size - shift + stride - 1) / stride : 0;
  if (*end > out) *end = out;
  if (*first > *end) *first = *end;
}

static ptrdiff_t nk_window_count(const nk_pool *p, int axis, ptrdiff_t at) {
  // Taps that lie in the image, or with counts_margin in the image and its margin.
  ptrdiff_t count = 0, low = p->counts_margin ? -p->before[axis] : 0;
  ptrdiff_t high = p->in[axis] + (p->counts_margin ? p->after[axis] : 0);
  for (ptrdiff_t tap = 0; tap < p->kernel[axis]; tap++) {
    ptrdiff_t place = at * p->stride[axis] - p->before[axis] + tap * p->dilation[axis];
    if (place >= low && place < high) count++;
  }
  return count;
}

static void nk_pool_line(
    const nk_pool_job *job, const float *plane, ptrdiff_t z, ptrdiff_t v, float *y,
    int64_t *index) {
  const nk_pool *p = job->pool;
  ptrdiff_t width = p->out[2], stride = p->stride[2];
  for (ptrdiff_t i = 0; i < width; i++) y[i] = job->kind == NK_POOL_MAX ? -INFINITY : 0.0f;
  if (index)
    for (ptrdiff_t i = 0; i < width; i++) index[i] = -1;
  for (ptrdiff_t kz = 0; kz < p->kernel[0]; kz++) {
    ptrdiff_t slice = z * p->stride[0] - p->before[0] + kz * p->dilation[0];
    if (slice < 0 || slice >= p->in[0]) continue;
    for (ptrdiff_t ky = 0; ky < p->kernel[1]; ky++) {
      ptrdiff_t row = v * p->stride[1] - p->before[1] + ky * p->dilation[1];
      if (row < 0 || row >= p->in[1]) continue;
      ptrdiff_t base = (slice * p->in[1] + row) * p->in[2];
      for (ptrdiff_t kx = 0; kx < p->kernel[2]; kx++) {
        ptrdiff_t shift = kx * p->dilation[2] - p->before[2], first, end;
        nk_valid(shift, stride, p->in[2], width, &first, &end);
        const float *from = plane + base;
        if (job->kind != NK_POOL_MAX) {
          for (ptrdiff_t i = first; i < end; i++) y[i] += from[i * stride + shift];
        } else if (!index) {
          for (ptrdiff_t i = first; i < end; i++) {
            float x = from[i * stride + shift];
            y[i] = x > y[i] || x != x ? x : y[i];
          }
        } else {
          for (ptrdiff_t i = first; i < end; i++) {
            float x = from[i * stride + shift];
            if (index[i] < 0 || x > y[i] || (x != x && y[i] == y[i])) {
              y[i] = x;
              index[i] = base + i * stride + shift;
            }
          }
        }
      }
    }
  }
  if (job->kind != NK_POOL_AVERAGE) return;
  ptrdiff_t others = nk_window_count(p, 0, z) * nk_window_count(p, 1, v);
  for (ptrdiff_t i = 0; i < width; i++) {
    ptrdiff_t count = others * nk_window_count(p, 2, i);
    if (count) y[i] /= (float)count;
  }
}

static void nk_pool_chunk(void *context, size_t plane) {
  const nk_pool_job *job = context;
  const nk_pool *p = job->pool;
  ptrdiff_t out = nk_plane_out(p) * (ptrdiff_t)plane;
  for (ptrdiff_t z = 0; z < p->out[0]; z++)
    for (ptrdiff_t v = 0; v < p->out[1]; v++, out += p->out[2])
      nk_pool_line(
          job, job->x + (ptrdiff_t)plane * nk_plane_in(p), z, v, job->y + out,
          job->index ? job->index + out : NULL);
}

void nk_pool_run(
    const nk_pool *pool, nk_pool_kind kind, const float *x, float *y, int64_t *index) {
  nk_pool_job job = {pool, kind, x, y, index};
  // Places are used as addresses later on: they are worked out even when the task was cancelled.
  nk_cancellation *before = index ? nk_cancellation_enter(NULL) : NULL;
  nk_parallel((size_t)pool->planes, nk_pool_chunk, &job);
  if (index) nk_cancellation_enter(before);
}

static void nk_pool_back_chunk(void *context, size_t plane) {
  const nk_pool_job *job = context;
  const nk_pool *p = job->pool;
  const float *dy = job->x + (ptrdiff_t)plane * nk_plane_out(p);
  float *dx = job->y + (ptrdiff_t)plane * nk_plane_in(p);
  memset(dx, 0, (size_t)nk_plane_in(p) * sizeof(float));
  for (ptrdiff_t z = 0; z < p->out[0]; z++)
    for (ptrdiff_t v = 0; v < p->out[1]; v++, dy += p->out[2]) {
      ptrdiff_t others = nk_window_count(p, 0, z) * nk_window_count(p, 1, v);
      for (ptrdiff_t i = 0; i < p->out[2]; i++) {
        ptrdiff_t count = others * nk_window_count(p, 2, i);
        float share = job->kind == NK_POOL_SUM ? dy[i] : count ? dy[i] / (float)count : 0.0f;
        for (ptrdiff_t kz = 0; kz < p->kernel[0]; kz++)
          for (ptrdiff_t ky = 0; ky < p->kernel[1]; ky++)
            for (ptrdiff_t kx = 0; kx < p->kernel[2]; kx++) {
              ptrdiff_t slice = z * p->stride[0] - p->before[0] + kz * p->dilation[0];
              ptrdiff_t row = v * p->stride[1] - p->before[1] + ky * p->dilation[1];
              ptrdiff_t column = i * p->stride[2] - p->before[2] + kx * p->dilation[2];
              if (slice >= 0 && slice < p->in[0] && row >= 0 && row < p->in[1] && column >= 0 &&
                  column < p->in[2])
                dx[(slice * p->in[1] + row) * p->in[2] + column] += share;
            }
      }
    }
}

void nk_pool_gradient(const nk_pool *pool, nk_pool_kind kind, const float *dy, float *dx) {
  nk_pool_job job = {pool, kind, dy, dx, NULL};
  nk_parallel((size_t)pool->planes, nk_pool_back_chunk, &job);
}

typedef struct {
  const float *dy;
  const int64_t *index;
  float *dx;
  size_t out, in;
} nk_scatter_job;

static void nk_scatter_chunk(void *context, size_t plane) {
  const nk_scatter_job *job = context;
  const float *dy = job->dy + plane * job->out;
  const int64_t *index = job->index + plane * job->out;
  float *dx = job->dx + plane * job->in;
  memset(dx, 0, job->in * sizeof(float));
  for (size_t i = 0; i < job->out; i++)
    if (index[i] >= 0) dx[index[i]] += dy[i];
}

void nk_pool_scatter(
    const float *dy, const int64_t *index, float *dx, size_t planes, size_t out, size_t in) {
  nk_scatter_job job = {dy, index, dx, out, in};
  nk_parallel(planes, nk_scatter_chunk, &job);
}

typedef struct {
  const nk_kernels *kernels;
  const float *x, *weights;
  float *y;
  size_t in, inner, out, taps;
  const int32_t *indices;
  float outside;
} nk_resample_job;

static void nk_resample_chunk(void *context, size_t outer) {
  const nk_resample_job *job = context;
  const float *x = job->x + outer * job->in * job->inner;
  float *y = job->y + outer * job->out * job->inner;
  for (size_t i = 0; i < job->out; i++, y += job->inner) {
    const int32_t *indices = job->indices + i * job->taps;
    const float *weights = job->weights + i * job->taps;
    if (job->inner == 1) {
      float sum = 0;
      for (size_t t = 0; t < job->taps; t++)
        sum += weights[t] * (indices[t] < 0 ? job->outside : x[indices[t]]);
      *y = sum;
      continue;
    }
    memset(y, 0, job->inner * sizeof(float));
    for (size_t t = 0; t < job->taps; t++) {
      if (indices[t] >= 0)
        job->kernels->axpy(weights[t], x + (size_t)indices[t] * job->inner, y, job->inner);
      else
        for (size_t r = 0; r < job->inner; r++) y[r] += weights[t] * job->outside;
    }
  }
}

void nk_resample(
    const float *x, float *y, size_t outer, size_t in, size_t inner, size_t out, size_t taps,
    const int32_t *indices, const float *weights, float outside) {
  nk_resample_job job = {nk_active(), x, weights, y, in, inner, out, taps, indices, outside};
  nk_parallel(outer, nk_resample_chunk, &job);
}

static void nk_resample_back_chunk(void *context, size_t outer) {
  const nk_resample_job *job = context;
  const float *dy = job->x + outer * job->out * job->inner;
  float *dx = job->y + outer * job->in * job->inner;
  memset(dx, 0, job->in * job->inner * sizeof(float));
  for (size_t i = 0; i < job->out; i++, dy += job->inner)
    for (size_t t = 0; t < job->taps; t++) {
      int32_t index = job->indices[i * job->taps + t];
      if (index >= 0)
        job->kernels->axpy(
            job->weights[i * job->taps + t], dy, dx + (size_t)index * job->inner, job->inner);
    }
}

void nk_resample_gradient(
    const float *dy, float *dx, size_t outer, size_t in, size_t inner, size_t out, size_t taps,
    const int32_t *indices, const float *weights) {
  nk_resample_job job = {nk_active(), dy, weights, dx, in, inner, out, taps, indices, 0};
  nk_parallel(outer, nk_resample_back_chunk, &job);
}
