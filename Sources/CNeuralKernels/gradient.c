// The gradient of a convolution's image.
//
// With stride 1 it is a convolution of dy with the filters turned round. With stride s the places of
// dx fall into s phases along each axis; each phase is such a convolution with every s-th tap. What
// is left (strides with dilation) adds columns back to where they were read.
#include <string.h>

#include "image.h"

// With any stride: columns = Wᵀ·dy, added back to where the filter read. A chunk owns
// a few channels of a sample, so nobody else writes there, and adds in a fixed order.
enum { nk_back_pixels = 2048, nk_back_rows = 96 };

typedef struct {
  const nk_conv *conv;
  const float *filters, *dy;
  float *dx;
  ptrdiff_t channels, blocks, block, pixels;
  _Atomic int failed;
} nk_back_job;

static void nk_add_row(
    const nk_conv *c, const float *columns, ptrdiff_t first, ptrdiff_t count, ptrdiff_t tap,
    float *plane) {
  ptrdiff_t u = tap % c->kernel[2] * c->dilation[2] - c->before[2];
  ptrdiff_t v = tap / c->kernel[2] % c->kernel[1] * c->dilation[1] - c->before[1];
  ptrdiff_t w = tap / (c->kernel[2] * c->kernel[1]) * c->dilation[0] - c->before[0];
  for (ptrdiff_t done = 0; done < count;) {
    ptrdiff_t pixel = first + done, x = pixel % c->out[2], rest = pixel / c->out[2];
    ptrdiff_t length = nk_least(c->out[2] - x, count - done);
    ptrdiff_t row = rest % c->out[1] * c->stride[1] + v, slice = rest / c->out[1] * c->stride[0] + w;
    if (row >= 0 && row < c->in[1] && slice >= 0 && slice < c->in[0]) {
      float *line = plane + (slice * c->in[1] + row) * c->in[2];
      for (ptrdiff_t i = 0; i < length; i++) {
        ptrdiff_t column = (x + i) * c->stride[2] + u;
        if (column >= 0 && column < c->in[2]) line[column] += columns[done + i];
      }
    }
    done += length;
  }
}

static void nk_back_chunk(void *context, size_t number) {
  nk_back_job *job = context;
  const nk_conv *c = job->conv;
  ptrdiff_t block = (ptrdiff_t)number % job->blocks, rest = (ptrdiff_t)number / job->blocks;
  ptrdiff_t group = rest % c->groups, sample = rest / c->groups;
  ptrdiff_t channel0 = block * job->block, taps = nk_taps(c);
  ptrdiff_t channels = nk_least(job->block, job->channels - channel0);
  ptrdiff_t filters = c->filters / c->groups, rows = channels * taps;
  ptrdiff_t volume = c->in[0] * c->in[1] * c->in[2];
  float *dx = job->dx + (sample * c->channels + group * job->channels + channel0) * volume;
  memset(dx, 0, (size_t)(channels * volume) * sizeof(float));
  ptrdiff_t wide = nk_least(job->pixels, nk_back_pixels);
  size_t bytes = (size_t)(rows * wide) * sizeof(float);
  float *columns = nk_arena_take(bytes);
  if (!columns) {
    job->failed = 1;
    return;
  }
  // Wᵀ: row (channel, tap), column filter.
  nk_matrix weights = {
      job->filters + (group * filters * job->channels + channel0) * taps, 1, job->channels * taps};
  for (ptrdiff_t first = 0; first < job->pixels; first += wide) {
    ptrdiff_t count = nk_least(wide, job->pixels - first);
    nk_matrix dy = {
        job->dy + (sample * c->filters + group * filters) * job->pixels + first, job->pixels, 1};
    if (!nk_sgemm(rows, count, filters, weights, dy, columns, wide, 0, NULL)) job->failed = 1;
    for (ptrdiff_t row = 0; row < rows; row++)
      nk_add_row(c, columns + row * wide, first, count, row % taps, dx + row / taps * volume);
  }
  nk_arena_give(columns, bytes);
}

static int nk_back_columns(const nk_conv *c, const float *filters, const float *dy, float *dx) {
  nk_back_job job = {.conv = c, .filters = filters, .dy = dy, .dx = dx};
  job.channels = c->channels / c->groups;
  job.pixels = nk_pixels(c);
  job.block = nk_least(nk_most(nk_back_rows / nk_taps(c), 1), nk_most(job.channels, 1));
  job.blocks = (job.channels + job.block - 1) / job.block;
  nk_parallel((size_t)(c->batch * c->groups * job.blocks), nk_back_chunk, &job);
  return !job.failed;
}

// One convolution with stride 1 from dy to dx.
static int nk_turned_run(
    const nk_conv *turned, int may_transform, const float *filters, ptrdiff_t source_taps,
    const ptrdiff_t *order, const float *dy, float *dx) {
  nk_conv_algorithm algorithm =
      may_transform && nk_conv_winograd_faster(turned) ? NK_CONV_WINOGRAD : NK_CONV_DIRECT;
  size_t bytes = nk_conv_packed_size(turned, algorithm);
  float *packed = nk_arena_take(bytes);
  if (!packed) return 0;
  nk_conv_pack_turned(turned, algorithm, filters, source_taps, order, packed);
  int done = nk_conv_run(turned, algorithm, dy, packed, dx, NULL);
  nk_arena_give(packed, bytes);
  return done;
}

static nk_conv nk_turned(const nk_conv *c) {
  nk_conv turned = *c;
  turned.channels = c->filters;
  turned.filters = c->channels;
  for (int axis = 0; axis < 3; axis++) {
    turned.in[axis] = c->out[axis];
    turned.out[axis] = c->in[axis];
    turned.stride[axis] = 1;
    turned.before[axis] = (c->kernel[axis] - 1) * c->dilation[axis] - c->before[axis];
  }
  return turned;
}

// Phase r of an axis: the places i with (i + before) mod stride = r.
typedef struct {
  ptrdiff_t first, count, taps, from;  // the first place, places, taps, and the first tap
} nk_phase;

static nk_phase nk_phase_of(const nk_conv *c, int axis, ptrdiff_t r) {
  ptrdiff_t stride = c->stride[axis];
  nk_phase phase = {.from = r};
  phase.first = (r - c->before[axis] % stride + stride) % stride;
  if (phase.first < c->in[axis]) phase.count = (c->in[axis] - phase.first - 1) / stride + 1;
  if (r < c->kernel[axis]) phase.taps = (c->kernel[axis] - r - 1) / stride + 1;
  return phase;
}

// The work on one phase: its places put into dx.
typedef struct {
  const nk_conv *conv;
  const float *values;
  float *dx;
  nk_phase parts[3];
} nk_phase_job;

// Which taps a phase has, in the order of the turned convolution.
static void nk_phase_order(const nk_conv *c, const nk_phase *parts, ptrdiff_t *order) {
  for (ptrdiff_t z = parts[0].taps - 1; z >= 0; z--)
    for (ptrdiff_t y = parts[1].taps - 1; y >= 0; y--)
      for (ptrdiff_t x = parts[2].taps - 1; x >= 0; x--)
        *order++ = ((parts[0].from + z * c->stride[0]) * c->kernel[1] + parts[1].from +
                    y * c->stride[1]) * c->kernel[2] +
                   parts[2].from + x * c->stride[2];
}

// One channel of one sample; without values the phase is zero.
static void nk_phase_store_chunk(void *context, size_t plane) {
  const nk_phase_job *job = context;
  const nk_conv *c = job->conv;
  const nk_phase *a = job->parts, *b = a + 1, *d = a + 2;
  const float *from =
      job->values ? job->values + (ptrdiff_t)plane * a->count * b->count * d->count : NULL;
  float *to = job->dx + (ptrdiff_t)plane * c->in[0] * c->in[1] * c->in[2] + d->first;
  for (ptrdiff_t z = 0; z < a->count; z++)
    for (ptrdiff_t y = 0; y < b->count; y++) {
      float *line = to + ((a->first + z * c->stride[0]) * c->in[1] + b->first + y * c->stride[1]) *
                             c->in[2];
      if (from) {
        for (ptrdiff_t x = 0; x < d->count; x++) line[x * c->stride[2]] = from[x];
        from += d->count;
      } else {
        for (ptrdiff_t x = 0; x < d->count; x++) line[x * c->stride[2]] = 0;
      }
    }
}

static int nk_input_gradient_by_phases(
    const nk_conv *c, const float *filters, const float *dy, float *dx) {
  nk_phase_job job = {.conv = c, .dx = dx};
  ptrdiff_t most = 1;
  for (int axis = 0; axis < 3; axis++)
    most *= (c->in[axis] + c->stride[axis] - 1) / c->stride[axis];
  size_t value_bytes = (size_t)(c->batch * c->channels * most) * sizeof(float);
  size_t order_bytes = (size_t)nk_taps(c) * sizeof(ptrdiff_t);
  float *values = nk_arena_take(value_bytes);
  ptrdiff_t *order = nk_arena_take(order_bytes);
  int done = values && order;
  ptrdiff_t phases = c->stride[0] * c->stride[1] * c->stride[2];
  for (ptrdiff_t phase = 0; done && phase < phases; phase++) {
    nk_conv turned = nk_turned(c);
    ptrdiff_t rest = phase;
    for (int axis = 2; axis >= 0; axis--) {
      nk_phase part = nk_phase_of(c, axis, rest % c->stride[axis]);
      rest /= c->stride[axis];
      turned.kernel[axis] = part.taps;
      turned.out[axis] = part.count;
      // The first place reads dy at (first + before − from) / stride and before that.
      turned.before[axis] =
          (part.taps - 1) * c->dilation[axis] -
          (part.first + c->before[axis] - part.from) / c->stride[axis];
      job.parts[axis] = part;
    }
    job.values = nk_taps(&turned) > 0 ? values : NULL;
    if (job.values && nk_pixels(&turned) > 0) {
      nk_phase_order(c, job.parts, order);
      done = nk_turned_run(&turned, 0, filters, nk_taps(c), order, dy, values);
    }
    if (done) nk_parallel((size_t)(c->batch * c->channels), nk_phase_store_chunk, &job);
  }
  if (order) nk_arena_give(order, order_bytes);
  if (values) nk_arena_give(values, value_bytes);
  return done;
}

enum { nk_most_stride = 8 };

int nk_conv_input_gradient(
    const nk_conv *c, nk_conv_algorithm most, const float *filters, const float *dy, float *dx) {
  int strided = 0, dilated = 0;
  for (int axis = 0; axis < 3; axis++) {
    strided |= c->stride[axis] > 1;
    dilated |= c->stride[axis] > nk_most_stride || (c->stride[axis] > 1 && c->dilation[axis] > 1);
  }
  if (dilated) return nk_back_columns(c, filters, dy, dx);
  if (strided) return nk_input_gradient_by_phases(c, filters, dy, dx);
  nk_conv turned = nk_turned(c);
  size_t order_bytes = (size_t)nk_taps(c) * sizeof(ptrdiff_t);
  ptrdiff_t *order = nk_arena_take(order_bytes);
  if (!order) return 0;
  for (ptrdiff_t tap = 0; tap < nk_taps(c); tap++) order[tap] = nk_taps(c) - 1 - tap;
  int done = nk_turned_run(
      &turned, most == NK_CONV_WINOGRAD, filters, nk_taps(c), order, dy, dx);
  nk_arena_give(order, order_bytes);
  return done;
}
