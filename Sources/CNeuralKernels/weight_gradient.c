// The gradient of a convolution's filters: dW[filter, k] = Σ over samples and pixels of
// dy[filter, pixel] · columns[k, pixel], with k over channels and taps.
//
// Pixels are summed in steps of at most 448: small images share a step. A chunk owns a block of dW
// for one part of the steps; it packs its rows of dy and its columns for a step and multiplies them
// while they are in the second-level cache. How many parts there are depends on shapes alone, and
// parts are added in ascending order, so the bits do not depend on threads.
#include "weight_gradient.h"

#include <string.h>

enum { nk_step_pixels = 448, nk_step_rows = 384 };

typedef struct {
  const nk_conv *conv;
  const nk_kernels *kernels;
  nk_image image;
  const float *dy;
  float *dw;  // or, with more than one part, all parts of it
  const ptrdiff_t *taps;
  ptrdiff_t pixels, filters, k, filter_panels, k_panels;
  // A step is some pixels of a sample, or some samples.
  ptrdiff_t step_pixels, step_samples, sample_steps, steps;
  ptrdiff_t parts, filter_blocks, k_blocks;
  _Atomic int failed;
} nk_weight_job;

static void nk_weight_steps(nk_weight_job *job) {
  ptrdiff_t batch = job->conv->batch;
  if (job->pixels * 2 > nk_step_pixels) {
    job->sample_steps = (job->pixels + nk_step_pixels - 1) / nk_step_pixels;
    job->step_pixels =
        nk_least(nk_up((job->pixels + job->sample_steps - 1) / job->sample_steps, 16), nk_step_pixels);
    job->sample_steps = (job->pixels + job->step_pixels - 1) / job->step_pixels;
    job->step_samples = 1;
    job->steps = batch * job->sample_steps;
  } else {
    job->step_pixels = job->pixels;
    job->step_samples = nk_step_pixels / job->pixels;
    job->sample_steps = 1;
    job->steps = (batch + job->step_samples - 1) / job->step_samples;
  }
}

static void nk_weight_chunk(void *context, size_t number) {
  nk_weight_job *job = context;
  const nk_conv *c = job->conv;
  ptrdiff_t height = job->kernels->gemm_rows, rest = (ptrdiff_t)number;
  ptrdiff_t k_block = rest % job->k_blocks;
  rest /= job->k_blocks;
  ptrdiff_t filter_block = rest % job->filter_blocks;
  rest /= job->filter_blocks;
  ptrdiff_t group = rest % c->groups, part = rest / c->groups;
  ptrdiff_t panel0 = filter_block * job->filter_panels / job->filter_blocks;
  ptrdiff_t panel1 = (filter_block + 1) * job->filter_panels / job->filter_blocks;
  ptrdiff_t k_first = k_block * job->k_panels / job->k_blocks * nk_panel;
  ptrdiff_t k_end = nk_least((k_block + 1) * job->k_panels / job->k_blocks * nk_panel, job->k);
  ptrdiff_t step0 = part * job->steps / job->parts, step1 = (part + 1) * job->steps / job->parts;
  ptrdiff_t row0 = panel0 * height, rows = nk_least(panel1 * height, job->filters) - row0;
  const float *image = job->image.values +
                       group * (c->channels / c->groups) * job->image.channel_stride;
  const float *dy = job->dy + (group * job->filters + row0) * job->pixels;
  float *dw = job->dw + ((part * c->groups + group) * job->filters + row0) * job->k;
  ptrdiff_t dy_floats = (panel1 - panel0) * height * nk_step_pixels;
  size_t bytes = (size_t)(dy_floats + nk_step_pixels * nk_panel) * sizeof(float) +
                 nk_step_pixels * sizeof(nk_run);
  float *packed = nk_arena_take(bytes);
  if (!packed) {
    job->failed = 1;
    return;
  }
  float *columns = packed + dy_floats;
  nk_run *runs = (nk_run *)(columns + nk_step_pixels * nk_panel);
  for (ptrdiff_t step = step0; step < step1; step++) {
    ptrdiff_t sample0 = step / job->sample_steps * job->step_samples;
    ptrdiff_t first = step % job->sample_steps * job->step_pixels;
    ptrdiff_t samples = nk_least(job->step_samples, c->batch - sample0);
    ptrdiff_t each = nk_least(job->step_pixels, job->pixels - first), count = samples * each;
    for (ptrdiff_t row = 0; row < rows; row += height)
      for (ptrdiff_t i = 0; i < samples; i++)
        nk_pack_rows(
            job->kernels, dy + ((sample0 + i) * c->filters + row) * job->pixels + first,
            job->pixels, 1, nk_least(height, rows - row), each, height,
            packed + row * count + i * each * height);
    int found = nk_image_runs(c, &job->image, first, each, runs);
    for (ptrdiff_t k = k_first; k < k_end; k += nk_panel) {
      ptrdiff_t wide = nk_least(nk_panel, k_end - k);
      for (ptrdiff_t i = 0; i < samples; i++)
        for (int run = 0; run < found; run++)
          job->kernels->transpose(
              image + (sample0 + i) * job->image.sample_stride + runs[run].place, 0,
              job->taps + k, wide, runs[run].length,
              columns + (i * each + runs[run].start) * nk_panel, nk_panel);
      for (ptrdiff_t row = 0; row < rows; row += height)
        job->kernels->gemm_tile(
            nk_least(height, rows - row), wide, count, packed + row * count, columns,
            dw + row * job->k + k, job->k, step > step0, NULL, 0, 0);
    }
  }
  nk_arena_give(packed, bytes);
}

typedef struct {
  const float *parts;
  float *sum;
  ptrdiff_t count, size;
} nk_part_job;

enum { nk_sum_block = 4096 };

static void nk_part_chunk(void *context, size_t chunk) {
  const nk_part_job *job = context;
  ptrdiff_t first = (ptrdiff_t)chunk * nk_sum_block;
  ptrdiff_t end = nk_least(first + nk_sum_block, job->size);
  for (ptrdiff_t i = first; i < end; i++) {
    float sum = job->parts[i];
    for (ptrdiff_t part = 1; part < job->count; part++) sum += job->parts[part * job->size + i];
    job->sum[i] = sum;
  }
}

// Parts of the steps while partial sums stay small, then blocks of dW until there are enough chunks.
static void nk_weight_blocks(nk_weight_job *job) {
  ptrdiff_t size = job->conv->groups * job->filters * job->k;
  job->parts = nk_most(1, nk_least(nk_least(job->steps, 8), ((ptrdiff_t)1 << 20) / size));
  ptrdiff_t tallest = nk_most(nk_step_rows / job->kernels->gemm_rows, 1);
  job->filter_blocks = (job->filter_panels + tallest - 1) / tallest;
  job->k_blocks = 1;
  while (job->parts * job->conv->groups * job->filter_blocks * job->k_blocks < 8 &&
         (job->k_blocks < job->k_panels || job->filter_blocks < job->filter_panels)) {
    ptrdiff_t tall = job->filter_panels * job->kernels->gemm_rows / job->filter_blocks;
    if (job->k_blocks < job->k_panels &&
        (tall <= job->k_panels * nk_panel / job->k_blocks || job->filter_blocks == job->filter_panels))
      job->k_blocks = nk_least(2 * job->k_blocks, job->k_panels);
    else
      job->filter_blocks = nk_least(2 * job->filter_blocks, job->filter_panels);
  }
}

static int nk_weight_direct(const nk_conv *c, const float *x, const float *dy, float *dw) {
  nk_weight_job job = {.conv = c, .kernels = nk_active(), .dy = dy, .dw = dw};
  job.pixels = nk_pixels(c);
  job.filters = c->filters / c->groups;
  job.k = c->channels / c->groups * nk_taps(c);
  job.filter_panels = (job.filters + job.kernels->gemm_rows - 1) / job.kernels->gemm_rows;
  job.k_panels = (job.k + nk_panel - 1) / nk_panel;
  nk_weight_steps(&job);
  nk_weight_blocks(&job);
  ptrdiff_t size = c->filters * job.k;
  size_t tap_bytes = (size_t)(job.k + 1) * sizeof(ptrdiff_t);
  size_t part_bytes = (size_t)(job.parts * size) * sizeof(float);
  float *parts = job.parts > 1 ? nk_arena_take(part_bytes) : NULL;
  if (parts) job.dw = parts;
  ptrdiff_t *taps = nk_arena_take(tap_bytes);
  int made = taps && (parts || job.parts == 1) && nk_image_make(c, x, &job.image);
  if (made) {
    ptrdiff_t at = 0;
    for (ptrdiff_t channel = 0; channel < c->channels / c->groups; channel++)
      for (ptrdiff_t z = 0; z < c->kernel[0]; z++)
        for (ptrdiff_t v = 0; v < c->kernel[1]; v++)
          for (ptrdiff_t u = 0; u < c->kernel[2]; u++)
            taps[at++] = channel * job.image.channel_stride + nk_image_tap(c, &job.image, z, v, u);
    job.taps = taps;
    nk_parallel(
        (size_t)(job.parts * c->groups * job.filter_blocks * job.k_blocks), nk_weight_chunk, &job);
    nk_part_job sum = {parts, dw, job.parts, size};
    if (parts)
      nk_parallel((size_t)((size + nk_sum_block - 1) / nk_sum_block), nk_part_chunk, &sum);
  }
  nk_image_free(&job.image);
  if (taps) nk_arena_give(taps, tap_bytes);
  if (parts) nk_arena_give(parts, part_bytes);
  return made && !job.failed;
}

int nk_conv_weight_gradient(
    const nk_conv *c, nk_conv_algorithm most, const float *x, const float *dy, float *dw) {
  if (c->batch <= 0 || nk_pixels(c) <= 0 || c->filters <= 0 || c->channels <= 0) {
    memset(dw, 0, (size_t)(c->filters * (c->channels / c->groups) * nk_taps(c)) * sizeof(float));
    return 1;
  }
  if (most == NK_CONV_WINOGRAD && nk_winograd_weight_faster(c))
    return nk_winograd_weight_gradient(c, x, dy, dw);
  return nk_weight_direct(c, x, dy, dw);
}
