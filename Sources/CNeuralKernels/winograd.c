// Winograd convolution: transform tiles of the image, multiply in the transformed domain, transform
// back. In three dimensions the taps along the depth are summed in the transformed domain, so each
// slice is transformed once and serves every output slice that reads it.
//
// Tiles of 6×6 numbers overlap by two and yield 4×4 outputs. A panel is 32 tiles; V[p][channel] is a
// row of 32, which is what the matrix kernel reads. Slices wait in a ring as deep as the filter.
#include "winograd.h"

#include <string.h>

int nk_conv_winograd_possible(const nk_conv *c) {
  return c->groups == 1 && c->kernel[1] == 3 && c->kernel[2] == 3 && c->stride[1] == 1 &&
         c->stride[2] == 1 && c->dilation[1] == 1 && c->dilation[2] == 1 && c->channels > 0 &&
         c->filters > 0;
}

int nk_conv_winograd_faster(const nk_conv *c) {
  if (!nk_conv_winograd_possible(c) || c->channels < 16 || c->filters < 8) return 0;
  // Outputs that tiles compute for each one that is kept, against the fourfold saving.
  ptrdiff_t rows = (c->out[1] + 3) / 4, columns = (c->out[2] + 3) / 4;
  ptrdiff_t tiles = rows * columns * c->batch * (nk_winograd_stacks(c) ? c->out[0] : 1);
  if (c->out[0] > 1 && !nk_winograd_stacks(c)) tiles = rows * columns;
  double kept = (double)(c->out[1] * c->out[2]) / (double)(rows * columns * 16);
  return tiles >= 12 && kept > 0.6;
}

static ptrdiff_t nk_depth_taps(const nk_conv *c) { return c->kernel[0] * c->channels; }

size_t nk_winograd_packed_size(const nk_conv *c) {
  // Tall enough for any table's tile.
  ptrdiff_t filters = nk_up(c->filters, nk_active()->gemm_rows);
  return (size_t)(nk_points * filters * nk_depth_taps(c)) * sizeof(float);
}

typedef struct {
  const nk_conv *conv;
  const nk_kernels *kernels;
  const float *filters;
  float *packed;
  int turned;
} nk_winograd_pack_job;

// U = G·g·Gᵀ for one filter and channel.
void nk_winograd_filter(const float *g, float *u) {
  float rows[6][3];
  for (int j = 0; j < 3; j++) {
    float a = g[j], b = g[3 + j], c = g[6 + j];
    rows[0][j] = a / 4;
    rows[1][j] = -(a + b + c) / 6;
    rows[2][j] = -(a - b + c) / 6;
    rows[3][j] = a / 24 + b / 12 + c / 6;
    rows[4][j] = a / 24 - b / 12 + c / 6;
    rows[5][j] = c;
  }
  for (int i = 0; i < 6; i++) {
    float a = rows[i][0], b = rows[i][1], c = rows[i][2];
    u[i * 6 + 0] = a / 4;
    u[i * 6 + 1] = -(a + b + c) / 6;
    u[i * 6 + 2] = -(a - b + c) / 6;
    u[i * 6 + 3] = a / 24 + b / 12 + c / 6;
    u[i * 6 + 4] = a / 24 - b / 12 + c / 6;
    u[i * 6 + 5] = c;
  }
}

// Filters of a panel for some channels are transformed side by side, then copied to each point.
enum { nk_pack_channels = 8, nk_most_rows = 16 };

static void nk_winograd_pack_chunk(void *context, size_t panel) {
  const nk_winograd_pack_job *job = context;
  const nk_conv *c = job->conv;
  ptrdiff_t height = job->kernels->gemm_rows, k = nk_depth_taps(c), slices = c->kernel[0];
  ptrdiff_t panels = (c->filters + height - 1) / height;
  ptrdiff_t filter0 = (ptrdiff_t)panel * height, rows = nk_least(height, c->filters - filter0);
  // Turned, filters and channels change places and the taps run backwards.
  ptrdiff_t row_step = (job->turned ? 1 : c->channels) * slices * 9;
  ptrdiff_t channel_step = (job->turned ? c->filters : 1) * slices * 9;
  float g[9 * nk_most_rows] = {0};
  float blocks[nk_points * nk_pack_channels * nk_most_rows];
  for (ptrdiff_t z = 0; z < slices; z++)
    for (ptrdiff_t first = 0; first < c->channels; first += nk_pack_channels) {
      ptrdiff_t count = nk_least(nk_pack_channels, c->channels - first);
      for (ptrdiff_t channel = 0; channel < count; channel++) {
        const float *from = job->filters + filter0 * row_step + (first + channel) * channel_step +
                            (job->turned ? slices - 1 - z : z) * 9;
        for (ptrdiff_t row = 0; row < rows; row++)
          for (int tap = 0; tap < 9; tap++)
            g[tap * nk_most_rows + row] = from[row * row_step + (job->turned ? 8 - tap : tap)];
        job->kernels->winograd_filter(
            g, height, blocks + channel * height, nk_pack_channels * height);
      }
      float *to = job->packed + ((ptrdiff_t)panel * k + z * c->channels + first) * height;
      for (ptrdiff_t p = 0; p < nk_points; p++)
        memcpy(
            to + p * panels * k * height, blocks + p * nk_pack_channels * height,
            (size_t)(count * height) * sizeof(float));
    }
}

void nk_winograd_pack(
    const nk_conv *c, const nk_kernels *kernels, const float *filters, int turned,
    float *packed) {
  nk_winograd_pack_job job = {c, kernels, filters, packed, turned};
  nk_parallel(
      (size_t)((c->filters + kernels->gemm_rows - 1) / kernels->gemm_rows), nk_winograd_pack_chunk,
      &job);
}

enum { nk_channel_block = 8 };

typedef struct {
  const nk_conv *conv;
  // The convolution whose outputs are the tiles: 6×6 filters with stride 4.
  nk_conv tiles;
  const nk_kernels *kernels;
  nk_image image;
  const float *packed;
  float *y;
  const nk_epilogue *epilogue;
  ptrdiff_t taps[nk_points];
  // V of a ring of slices: [slot][panel][point][channel][32].
  float *transformed;
  ptrdiff_t slots, slot_stride, panel_stride;
  // The work of one step.
  ptrdiff_t sample, tile0, tile_count, panels, slice, output_slice, filter_panels, filter_blocks,
      block_panels;
  _Atomic int unsound;
} nk_winograd_job;

// Tiles count from the first of the sample, or of the whole batch when planes are single slices.
static ptrdiff_t nk_tile_runs(
    const nk_winograd_job *job, ptrdiff_t first, ptrdiff_t count, nk_run *runs, ptrdiff_t *samples,
    ptrdiff_t *tiles) {
  ptrdiff_t columns = job->tiles.out[2], plane = job->tiles.out[1] * columns, found = 0;
  for (ptrdiff_t done = 0; done < count; found++) {
    ptrdiff_t tile = first + done, sample = tile / plane, inside = tile % plane;
    ptrdiff_t x = inside % columns, row = inside / columns;
    ptrdiff_t length = nk_least(columns - x, count - done);
    runs[found] = (nk_run){
        done, length,
        (job->sample + sample) * job->image.sample_stride + row * 4 * job->image.row_stride + x};
    samples[found] = job->sample + sample;
    tiles[found] = inside;
    done += length;
  }
  return found;
}

static void nk_transform_chunk(void *context, size_t number) {
  const nk_winograd_job *job = context;
  ptrdiff_t blocks = (job->conv->channels + nk_channel_block - 1) / nk_channel_block;
  ptrdiff_t panel = (ptrdiff_t)number / blocks, block = (ptrdiff_t)number % blocks;
  ptrdiff_t first = panel * nk_panel, count = nk_least(nk_panel, job->tile_count - first);
  nk_run runs[nk_panel];
  ptrdiff_t samples[nk_panel], tiles[nk_panel];
  ptrdiff_t found = nk_tile_runs(job, job->tile0 + first, count, runs, samples, tiles);
  ptrdiff_t channel0 = block * nk_channel_block;
  ptrdiff_t channel1 = nk_least(channel0 + nk_channel_block, job->conv->channels);
  float *v = job->transformed + job->slice % job->slots * job->slot_stride +
             panel * job->panel_stride;
  const float *image = job->image.values + job->slice * job->image.slice_stride;
  for (ptrdiff_t channel = channel0; channel < channel1; channel++)
    for (ptrdiff_t run = 0; run < found; run++)
      job->kernels->winograd_input(
          image + channel * job->image.channel_stride + runs[run].place, job->taps,
          runs[run].length, v + channel * nk_panel + runs[run].start,
          job->conv->channels * nk_panel + nk_slack, nk_panel - runs[run].start);
}

static void nk_winograd_multiply_chunk(void *context, size_t number) {
  nk_winograd_job *job = context;
  const nk_conv *c = job->conv;
  ptrdiff_t height = job->kernels->gemm_rows, k = nk_depth_taps(c);
  ptrdiff_t block = (ptrdiff_t)number / job->panels, panel = (ptrdiff_t)number % job->panels;
  ptrdiff_t first = panel * nk_panel, count = nk_least(nk_panel, job->tile_count - first);
  nk_run runs[nk_panel];
  ptrdiff_t samples[nk_panel], tiles[nk_panel];
  ptrdiff_t found = nk_tile_runs(job, job->tile0 + first, count, runs, samples, tiles);
  ptrdiff_t point_stride = c->channels * nk_panel + nk_slack;
  ptrdiff_t plane = c->out[1] * c->out[2], volume = plane * c->out[0];
  float products[nk_points * 12 * nk_panel + nk_slack];
  ptrdiff_t last = nk_least((block + 1) * job->block_panels, job->filter_panels);
  for (ptrdiff_t rows = block * job->block_panels; rows < last; rows++) {
    ptrdiff_t filter = rows * height, valid = nk_least(height, c->filters - filter);
    for (ptrdiff_t p = 0; p < nk_points; p++) {
      const float *u = job->packed + (p * job->filter_panels + rows) * k * height;
      for (ptrdiff_t z = 0; z < c->kernel[0]; z++) {
        ptrdiff_t slice = job->output_slice * c->stride[0] + z * c->dilation[0];
        job->kernels->gemm_tile(
            height, count, c->channels, u + z * c->channels * height,
            job->transformed + slice % job->slots * job->slot_stride + panel * job->panel_stride +
                p * point_stride,
            products + p * height * nk_panel, nk_panel, z > 0, NULL, 0, 0);
      }
    }
    for (ptrdiff_t row = 0; row < valid; row++)
      for (ptrdiff_t run = 0; run < found; run++) {
        ptrdiff_t tile_row = tiles[run] / job->tiles.out[2];
        ptrdiff_t tile_column = tiles[run] % job->tiles.out[2];
        ptrdiff_t offset = (samples[run] * c->filters + filter + row) * volume +
                           job->output_slice * plane + tile_row * 4 * c->out[2] + tile_column * 4;
        ptrdiff_t high = nk_least(4, c->out[1] - tile_row * 4);
        ptrdiff_t wide = nk_least(4 * runs[run].length, c->out[2] - tile_column * 4);
        if (job->kernels->winograd_output(
                products + row * nk_panel + runs[run].start, height * nk_panel,
                runs[run].length, job->y + offset, c->out[2], high, wide))
          job->unsound = 1;
        if (job->epilogue) {
          nk_epilogue e = *job->epilogue;
          float bias[4] = {0};
          if (e.row_bias) {
            bias[0] = bias[1] = bias[2] = bias[3] = e.row_bias[filter + row];
            e.row_bias = bias;
          }
          if (e.residual) e.residual += offset;
          job->kernels->finish(high, wide, job->y + offset, c->out[2], &e, 0, 0);
        }
      }
  }
}

// All tiles of the job's sample (or batch), slice by slice.
static void nk_winograd_tiles(nk_winograd_job *job) {
  const nk_conv *c = job->conv;
  job->panels = (job->tile_count + nk_panel - 1) / nk_panel;
  job->block_panels = job->filter_panels;
  while (job->block_panels > 1 &&
         job->panels * ((job->filter_panels + job->block_panels - 1) / job->block_panels) < 8)
    job->block_panels = (job->block_panels + 1) / 2;
  job->filter_blocks = (job->filter_panels + job->block_panels - 1) / job->block_panels;
  ptrdiff_t blocks = (c->channels + nk_channel_block - 1) / nk_channel_block, ready = 0;
  for (ptrdiff_t z = 0; z < c->out[0]; z++) {
    ptrdiff_t first = z * c->stride[0], end = first + (c->kernel[0] - 1) * c->dilation[0] + 1;
    for (ptrdiff_t slice = nk_most(first, ready); slice < end; slice++) {
      job->slice = slice;
      nk_parallel((size_t)(job->panels * blocks), nk_transform_chunk, job);
    }
    ready = end;
    job->output_slice = z;
    nk_parallel(
        (size_t)(job->panels * job->filter_blocks), nk_winograd_multiply_chunk, job);
  }
}

int nk_winograd_run(
    const nk_conv *c, const nk_kernels *kernels, const float *x, const float *packed, float *y,
    const nk_epilogue *epilogue) {
  if (c->batch <= 0 || nk_pixels(c) <= 0) return 1;
  if (nk_winograd_stacks(c)) return nk_winograd_stack_run(c, kernels, x, packed, y, epilogue);
  nk_winograd_job job = {
      .conv = c, .kernels = kernels, .packed = packed, .y = y, .epilogue = epilogue, .tiles = *c};
  for (int axis = 1; axis < 3; axis++) {
    job.tiles.out[axis] = (c->out[axis] + 3) / 4;
    job.tiles.kernel[axis] = 6;
    job.tiles.stride[axis] = 4;
  }
  ptrdiff_t plane = job.tiles.out[1] * job.tiles.out[2];
  int flat = c->out[0] == 1 && c->kernel[0] == 1;
  ptrdiff_t all = flat ? plane * c->batch : plane;
  job.slots = (c->kernel[0] - 1) * c->dilation[0] + 1;
  job.filter_panels = (c->filters + kernels->gemm_rows - 1) / kernels->gemm_rows;
  job.panel_stride = nk_points * (c->channels * nk_panel + nk_slack);
  // As many panels at a time as keep the ring within 6 MB.
  ptrdiff_t panels = nk_most(
      1, (ptrdiff_t)(6 << 20) / (job.panel_stride * job.slots * (ptrdiff_t)sizeof(float)));
  panels = nk_least(nk_most(panels, 4), (all + nk_panel - 1) / nk_panel);
  job.slot_stride = job.panel_stride * panels;
  size_t bytes = (size_t)(job.slot_stride * job.slots + nk_slack) * sizeof(float);
  job.transformed = nk_arena_take(bytes);
  int made = job.transformed && nk_image_make(&job.tiles, x, &job.image);
  if (made) {
    for (ptrdiff_t i = 0; i < 6; i++)
      for (ptrdiff_t j = 0; j < 6; j++)
        job.taps[i * 6 + j] = nk_image_tap(&job.tiles, &job.image, 0, i, j);
    for (job.sample = 0; job.sample < (flat ? 1 : c->batch); job.sample++)
      for (job.tile0 = 0; job.tile0 < all; job.tile0 += panels * nk_panel) {
        job.tile_count = nk_least(panels * nk_panel, all - job.tile0);
        nk_winograd_tiles(&job);
      }
  }
  nk_image_free(&job.image);
  if (job.transformed) nk_arena_give(job.transformed, bytes);
  return made ? (job.unsound ? 2 : 1) : 0;
}
