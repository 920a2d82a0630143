// Winograd convolution in three dimensions with few tiles a slice.
//
// A panel of 32 tiles then spans slices. Each tile brings the slices that its taps reach, one after
// another along k, so the products need no ring: k is taps along the depth by channels.
#include <string.h>

#include "winograd.h"

int nk_winograd_stacks(const nk_conv *c) {
  ptrdiff_t tiles = (c->out[1] + 3) / 4 * ((c->out[2] + 3) / 4);
  return c->out[0] > 1 && c->kernel[0] > 1 && tiles < 12;
}

enum { nk_channel_block = 8 };

typedef struct {
  const nk_conv *conv;
  nk_conv tiles;
  const nk_kernels *kernels;
  nk_image image;
  const float *packed;
  float *y, *transformed;
  const nk_epilogue *epilogue;
  ptrdiff_t taps[nk_points];
  ptrdiff_t all, panel0, panels, k, point_stride, panel_stride, filter_panels, filter_blocks,
      block_panels;
} nk_stack_job;

// A run of neighbouring tiles of one row.
typedef struct {
  ptrdiff_t start, length, sample, slice, row, column;
} nk_tile_run;

static ptrdiff_t nk_stack_runs(const nk_stack_job *job, ptrdiff_t panel, nk_tile_run *runs) {
  ptrdiff_t wide = job->tiles.out[2], high = job->tiles.out[1], found = 0;
  ptrdiff_t first = (job->panel0 + panel) * nk_panel;
  ptrdiff_t count = nk_least(nk_panel, job->all - first);
  for (ptrdiff_t done = 0; done < count; found++) {
    ptrdiff_t tile = first + done, x = tile % wide, rest = tile / wide;
    ptrdiff_t length = nk_least(wide - x, count - done);
    runs[found] = (nk_tile_run){
        done, length, rest / high / job->conv->out[0], rest / high % job->conv->out[0],
        rest % high, x};
    done += length;
  }
  return found;
}

static void nk_stack_transform_chunk(void *context, size_t number) {
  const nk_stack_job *job = context;
  const nk_conv *c = job->conv;
  ptrdiff_t blocks = (c->channels + nk_channel_block - 1) / nk_channel_block;
  ptrdiff_t panel = (ptrdiff_t)number / blocks, first = (ptrdiff_t)number % blocks * nk_channel_block;
  ptrdiff_t last = nk_least(first + nk_channel_block, c->channels);
  nk_tile_run runs[nk_panel];
  ptrdiff_t found = nk_stack_runs(job, panel, runs);
  for (ptrdiff_t z = 0; z < c->kernel[0]; z++)
    for (ptrdiff_t channel = first; channel < last; channel++) {
      float *v = job->transformed + panel * job->panel_stride + (z * c->channels + channel) * nk_panel;
      for (const nk_tile_run *run = runs; run < runs + found; run++)
        job->kernels->winograd_input(
            job->image.values + run->sample * job->image.sample_stride +
                channel * job->image.channel_stride +
                (run->slice * c->stride[0] + z * c->dilation[0]) * job->image.slice_stride +
                run->row * 4 * job->image.row_stride + run->column,
            job->taps, run->length, v + run->start, job->point_stride, nk_panel - run->start);
    }
}

static void nk_stack_multiply_chunk(void *context, size_t number) {
  const nk_stack_job *job = context;
  const nk_conv *c = job->conv;
  ptrdiff_t height = job->kernels->gemm_rows, plane = c->out[1] * c->out[2];
  ptrdiff_t block = (ptrdiff_t)number / job->panels, panel = (ptrdiff_t)number % job->panels;
  nk_tile_run runs[nk_panel];
  ptrdiff_t found = nk_stack_runs(job, panel, runs);
  ptrdiff_t count = runs[found - 1].start + runs[found - 1].length;
  float products[nk_points * 12 * nk_panel + nk_slack];
  ptrdiff_t last = nk_least((block + 1) * job->block_panels, job->filter_panels);
  for (ptrdiff_t rows = block * job->block_panels; rows < last; rows++) {
    for (ptrdiff_t p = 0; p < nk_points; p++)
      for (ptrdiff_t step = 0; step < job->k; step += nk_depth)
        job->kernels->gemm_tile(
            height, count, nk_least(nk_depth, job->k - step),
            job->packed + ((p * job->filter_panels + rows) * job->k + step) * height,
            job->transformed + panel * job->panel_stride + p * job->point_stride + step * nk_panel,
            products + p * height * nk_panel, nk_panel, step > 0, NULL, 0, 0);
    ptrdiff_t filter = rows * height, valid = nk_least(height, c->filters - filter);
    for (ptrdiff_t row = 0; row < valid; row++)
      for (const nk_tile_run *run = runs; run < runs + found; run++) {
        ptrdiff_t offset = ((run->sample * c->filters + filter + row) * c->out[0] + run->slice) * plane +
                           run->row * 4 * c->out[2] + run->column * 4;
        ptrdiff_t high = nk_least(4, c->out[1] - run->row * 4);
        ptrdiff_t wide = nk_least(4 * run->length, c->out[2] - run->column * 4);
        job->kernels->winograd_output(
            products + row * nk_panel + run->start, height * nk_panel, run->length,
            job->y + offset, c->out[2], high, wide);
        if (!job->epilogue) continue;
        nk_epilogue e = *job->epilogue;
        float bias[4];
        if (e.row_bias) {
          bias[0] = bias[1] = bias[2] = bias[3] = e.row_bias[filter + row];
          e.row_bias = bias;
        }
        if (e.residual) e.residual += offset;
        job->kernels->finish(high, wide, job->y + offset, c->out[2], &e, 0, 0);
      }
  }
}

int nk_winograd_stack_run(
    const nk_conv *c, const nk_kernels *kernels, const float *x, const float *packed, float *y,
    const nk_epilogue *epilogue) {
  nk_stack_job job = {
      .conv = c, .kernels = kernels, .packed = packed, .y = y, .epilogue = epilogue, .tiles = *c};
  for (int axis = 1; axis < 3; axis++) {
    job.tiles.out[axis] = (c->out[axis] + 3) / 4;
    job.tiles.kernel[axis] = 6;
    job.tiles.stride[axis] = 4;
  }
  job.all = c->batch * c->out[0] * job.tiles.out[1] * job.tiles.out[2];
  job.k = c->kernel[0] * c->channels;
  job.filter_panels = (c->filters + kernels->gemm_rows - 1) / kernels->gemm_rows;
  job.point_stride = job.k * nk_panel + nk_slack;
  job.panel_stride = nk_points * job.point_stride;
  ptrdiff_t panels = (job.all + nk_panel - 1) / nk_panel;
  ptrdiff_t most = nk_most(
      2, (ptrdiff_t)(8 << 20) / (job.panel_stride * (ptrdiff_t)sizeof(float)));
  most = nk_least(most, panels);
  size_t bytes = (size_t)(job.panel_stride * most + nk_slack) * sizeof(float);
  job.transformed = nk_arena_take(bytes);
  int made = job.transformed && nk_image_make(&job.tiles, x, &job.image);
  if (made) {
    for (ptrdiff_t i = 0; i < 6; i++)
      for (ptrdiff_t j = 0; j < 6; j++)
        job.taps[i * 6 + j] = nk_image_tap(&job.tiles, &job.image, 0, i, j);
    ptrdiff_t blocks = (c->channels + nk_channel_block - 1) / nk_channel_block;
    for (job.panel0 = 0; job.panel0 < panels; job.panel0 += most) {
      job.panels = nk_least(most, panels - job.panel0);
      job.block_panels = job.filter_panels;
      while (job.block_panels > 1 &&
             job.panels * ((job.filter_panels + job.block_panels - 1) / job.block_panels) < 8)
        job.block_panels = (job.block_panels + 1) / 2;
      job.filter_blocks = (job.filter_panels + job.block_panels - 1) / job.block_panels;
      nk_parallel((size_t)(job.panels * blocks), nk_stack_transform_chunk, &job);
      nk_parallel((size_t)(job.panels * job.filter_blocks), nk_stack_multiply_chunk, &job);
    }
  }
  nk_image_free(&job.image);
  if (job.transformed) nk_arena_give(job.transformed, bytes);
  return made;
}
