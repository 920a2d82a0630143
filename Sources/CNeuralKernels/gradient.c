// The gradients of a convolution.
#include <string.h>

#include "image.h"

// Input gradient with any stride: columns = Wᵀ·dy, added back to where the filter read. A chunk owns
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

int nk_conv_input_gradient(
    const nk_conv *c, const float *filters, const float *dy, float *dx) {
  nk_back_job job = {.conv = c, .filters = filters, .dy = dy, .dx = dx};
  job.channels = c->channels / c->groups;
  job.pixels = nk_pixels(c);
  job.block = nk_least(nk_most(nk_back_rows / nk_taps(c), 1), nk_most(job.channels, 1));
  job.blocks = (job.channels + job.block - 1) / job.block;
  nk_parallel((size_t)(c->batch * c->groups * job.blocks), nk_back_chunk, &job);
  return !job.failed;
}

// Weight gradient: dW[filter, k] = Σ over pixels of dy[filter, pixel] · columns[k, pixel], 384 pixels
// at a time, samples and pixels in ascending order.
typedef struct {
  const nk_conv *conv;
  const nk_kernels *kernels;
  nk_image image;
  const float *dy;
  float *dw, *packed_dy;
  const ptrdiff_t *taps;
  ptrdiff_t sample, pixels, filters, k, filter_panels, filter_blocks, block_panels, k_panels;
  _Atomic int failed;
} nk_weight_job;

// dy of one sample in panels as tall as the tile: [group][panel][step of 384 pixels].
static void nk_weight_pack_chunk(void *context, size_t number) {
  const nk_weight_job *job = context;
  ptrdiff_t height = job->kernels->gemm_rows, panels = job->filter_panels;
  ptrdiff_t group = (ptrdiff_t)number / panels, panel = (ptrdiff_t)number % panels;
  ptrdiff_t filter = group * job->filters + panel * height;
  const float *dy = job->dy + (job->sample * job->conv->filters + filter) * job->pixels;
  float *to = job->packed_dy + (ptrdiff_t)number * height * job->pixels;
  for (ptrdiff_t first = 0; first < job->pixels; first += nk_depth)
    nk_pack_rows(
        job->kernels, dy + first, job->pixels, 1,
        nk_least(height, job->filters - panel * height), nk_least(nk_depth, job->pixels - first),
        height, to + first * height);
}

static void nk_weight_chunk(void *context, size_t number) {
  nk_weight_job *job = context;
  const nk_conv *c = job->conv;
  ptrdiff_t height = job->kernels->gemm_rows;
  ptrdiff_t block = (ptrdiff_t)number % job->filter_blocks;
  ptrdiff_t rest = (ptrdiff_t)number / job->filter_blocks;
  ptrdiff_t panel = rest % job->k_panels, group = rest / job->k_panels;
  ptrdiff_t k0 = panel * nk_panel, count = nk_least(nk_panel, job->k - k0);
  const float *image = job->image.values + job->sample * job->image.sample_stride +
                       group * (c->channels / c->groups) * job->image.channel_stride;
  float *dw = job->dw + group * job->filters * job->k + k0;
  ptrdiff_t last = nk_least((block + 1) * job->block_panels, job->filter_panels);
  size_t bytes = nk_depth * (nk_panel + sizeof(nk_run) / sizeof(float)) * sizeof(float);
  float *columns = nk_arena_take(bytes);
  if (!columns) {
    job->failed = 1;
    return;
  }
  nk_run *runs = (nk_run *)(columns + nk_depth * nk_panel);
  for (ptrdiff_t first = 0; first < job->pixels; first += nk_depth) {
    ptrdiff_t pixels = nk_least(nk_depth, job->pixels - first);
    int found = nk_image_runs(c, &job->image, first, pixels, runs);
    for (int run = 0; run < found; run++)
      job->kernels->transpose(
          image + runs[run].place, 0, job->taps + k0, count, runs[run].length,
          columns + runs[run].start * nk_panel, nk_panel);
    for (ptrdiff_t rows = block * job->block_panels; rows < last; rows++)
      job->kernels->gemm_tile(
          nk_least(height, job->filters - rows * height), count, pixels,
          job->packed_dy + (group * job->filter_panels + rows) * height * job->pixels +
              first * height,
          columns, dw + rows * height * job->k, job->k, job->sample > 0 || first > 0, NULL, 0, 0);
  }
  nk_arena_give(columns, bytes);
}

int nk_conv_weight_gradient(const nk_conv *c, const float *x, const float *dy, float *dw) {
  nk_weight_job job = {.conv = c, .kernels = nk_active(), .dy = dy, .dw = dw};
  job.pixels = nk_pixels(c);
  job.filters = c->filters / c->groups;
  job.k = c->channels / c->groups * nk_taps(c);
  if (c->batch <= 0 || job.pixels <= 0) {
    memset(dw, 0, (size_t)(c->filters * job.k) * sizeof(float));
    return 1;
  }
  ptrdiff_t height = job.kernels->gemm_rows;
  job.filter_panels = (job.filters + height - 1) / height;
  job.k_panels = (job.k + nk_panel - 1) / nk_panel;
  job.block_panels = job.filter_panels;
  while (job.block_panels > 1 &&
         c->groups * job.k_panels *
                 ((job.filter_panels + job.block_panels - 1) / job.block_panels) <
             8)
    job.block_panels = (job.block_panels + 1) / 2;
  job.filter_blocks = (job.filter_panels + job.block_panels - 1) / job.block_panels;
  size_t dy_bytes =
      (size_t)(c->groups * job.filter_panels * height * job.pixels) * sizeof(float);
  size_t tap_bytes = (size_t)(job.k + 1) * sizeof(ptrdiff_t);
  job.packed_dy = nk_arena_take(dy_bytes);
  ptrdiff_t *taps = nk_arena_take(tap_bytes);
  int made = job.packed_dy && taps && nk_image_make(c, x, &job.image);
  if (made) {
    ptrdiff_t at = 0;
    for (ptrdiff_t channel = 0; channel < c->channels / c->groups; channel++)
      for (ptrdiff_t z = 0; z < c->kernel[0]; z++)
        for (ptrdiff_t v = 0; v < c->kernel[1]; v++)
          for (ptrdiff_t u = 0; u < c->kernel[2]; u++)
            taps[at++] = channel * job.image.channel_stride + nk_image_tap(c, &job.image, z, v, u);
    job.taps = taps;
    for (job.sample = 0; job.sample < c->batch; job.sample++) {
      nk_parallel((size_t)(c->groups * job.filter_panels), nk_weight_pack_chunk, &job);
      nk_parallel(
          (size_t)(c->groups * job.k_panels * job.filter_blocks), nk_weight_chunk, &job);
    }
  }
  nk_image_free(&job.image);
  if (taps) nk_arena_give(taps, tap_bytes);
  if (job.packed_dy) nk_arena_give(job.packed_dy, dy_bytes);
  return made && !job.failed;
}
