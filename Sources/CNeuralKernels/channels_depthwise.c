// Convolution with a filter for each channel, channels innermost.
#include <string.h>

#include "image.h"

// Taps of a filter, at most.
enum { nk_most_taps = 128 };

typedef struct {
  const nk_conv *c;
  const nk_kernels *kernels;
  const float *x, *packed;
  float *y;
  const nk_epilogue *e;
  const float *zeros;  // a pixel of them
  ptrdiff_t taps[nk_most_taps];
} nk_depthwise_job;

typedef struct {
  ptrdiff_t sample, z, y;
} nk_depthwise_place;

// The pixels that an output reads; taps that lean out of the image read zeros.
static ptrdiff_t nk_depthwise_pixels(
    const nk_depthwise_job *job, const nk_depthwise_place *at, ptrdiff_t x, const float **pixels) {
  const nk_conv *c = job->c;
  ptrdiff_t found = 0;
  for (ptrdiff_t w = 0; w < c->kernel[0]; w++)
    for (ptrdiff_t v = 0; v < c->kernel[1]; v++) {
      ptrdiff_t slice = at->z * c->stride[0] + w * c->dilation[0] - c->before[0];
      ptrdiff_t row = at->y * c->stride[1] + v * c->dilation[1] - c->before[1];
      int outside = slice < 0 || slice >= c->in[0] || row < 0 || row >= c->in[1];
      const float *line =
          job->x + ((at->sample * c->in[0] + slice) * c->in[1] + row) * c->in[2] * c->channels;
      for (ptrdiff_t u = 0; u < c->kernel[2]; u++) {
        ptrdiff_t column = x * c->stride[2] + u * c->dilation[2] - c->before[2];
        pixels[found++] =
            outside || column < 0 || column >= c->in[2] ? job->zeros : line + column * c->channels;
      }
    }
  return found;
}

// Whether positions first, first + dilation … of `taps` lie in 0 ..< size.
static int nk_lies_inside(ptrdiff_t first, ptrdiff_t dilation, ptrdiff_t taps, ptrdiff_t size) {
  return first >= 0 && first + (taps - 1) * dilation < size;
}

// One row of outputs of a convolution with a filter for each channel: those that read nothing but the
// image as one run, the others one by one.
static void nk_depthwise_chunk(void *context, size_t number) {
  const nk_depthwise_job *job = context;
  const nk_conv *c = job->c;
  ptrdiff_t line = (ptrdiff_t)number;
  nk_depthwise_place at = {
      line / c->out[1] / c->out[0], line / c->out[1] % c->out[0], line % c->out[1]};
  int relu = job->e && job->e->activation == NK_ACT_RELU && !job->e->residual;
  const float *bias = job->e ? job->e->row_bias : NULL;
  ptrdiff_t z = at.z * c->stride[0] - c->before[0], y = at.y * c->stride[1] - c->before[1];
  float *row = job->y + (ptrdiff_t)number * c->out[2] * c->channels;
  ptrdiff_t first = 0, end = 0;
  if (nk_lies_inside(z, c->dilation[0], c->kernel[0], c->in[0]) &&
      nk_lies_inside(y, c->dilation[1], c->kernel[1], c->in[1])) {
    first = nk_least((c->before[2] + c->stride[2] - 1) / c->stride[2], c->out[2]);
    ptrdiff_t room = c->in[2] - 1 - (c->kernel[2] - 1) * c->dilation[2] + c->before[2];
    end = room < 0 ? first : nk_most(first, nk_least(room / c->stride[2] + 1, c->out[2]));
  }
  if (first < end) {
    nk_channel_run run = {
        .x = job->x + (((at.sample * c->in[0] + z) * c->in[1] + y) * c->in[2] +
                       first * c->stride[2] - c->before[2]) * c->channels,
        .taps = job->taps, .tap_count = nk_taps(c), .step = c->stride[2] * c->channels,
        .count = end - first, .channels = c->channels, .weights = job->packed, .bias = bias,
        .y = row + first * c->channels, .relu = relu};
    job->kernels->channel_taps_run(&run);
  }
  const float *pixels[nk_most_taps];
  for (ptrdiff_t x = 0; x < c->out[2]; x++) {
    if (x == first && first < end) x = end;
    if (x == c->out[2]) break;
    ptrdiff_t found = nk_depthwise_pixels(job, &at, x, pixels);
    job->kernels->channel_taps(
        pixels, found, job->packed, c->channels, row + x * c->channels, bias, relu);
  }
  if (!job->e || relu || (job->e->activation == NK_NO_ACTIVATION && !job->e->residual)) return;
  nk_epilogue e = *job->e;
  e.row_bias = NULL;
  if (e.residual) e.residual += row - job->y;
  job->kernels->finish(c->out[2], c->channels, row, c->channels, &e, 0, 0);
}

int nk_channels_depthwise(
    const nk_conv *c, const float *x, const float *packed, float *y, const nk_epilogue *e) {
  if (nk_taps(c) > nk_most_taps) return 0;
  nk_depthwise_job job = {
      .c = c, .kernels = nk_active(), .x = x, .packed = packed, .y = y, .e = e};
  size_t bytes = (size_t)c->channels * sizeof(float);
  float *zeros = nk_arena_take(bytes);
  if (!zeros) return 0;
  memset(zeros, 0, bytes);
  job.zeros = zeros;
  ptrdiff_t found = 0;
  for (ptrdiff_t w = 0; w < c->kernel[0]; w++)
    for (ptrdiff_t v = 0; v < c->kernel[1]; v++)
      for (ptrdiff_t u = 0; u < c->kernel[2]; u++)
        job.taps[found++] = ((w * c->dilation[0] * c->in[1] + v * c->dilation[1]) * c->in[2] +
                             u * c->dilation[2]) * c->channels;
  nk_parallel((size_t)(c->batch * c->out[0] * c->out[1]), nk_depthwise_chunk, &job);
  nk_arena_give(zeros, bytes);
  return 1;
}
