// Winograd's F(4×4, 3×3) with channels innermost; the mathematics is that of winograd.c.
//
// A chunk is a few tiles, a range of slices and some panels of filters, and depends on nothing else: it
// transforms its tiles (in three dimensions each slice once, into a ring as deep as the filter),
// multiplies point by point, and transforms back, panel by panel. V and the products of a panel stay
// in the second-level cache, the weights of a chunk's panels in the third.
#include <string.h>

#include "image.h"
#include "winograd.h"

int nk_channels_winograd_faster(const nk_conv *c) {
  if (!nk_conv_winograd_possible(c) || c->channels < 8 || c->filters < 8) return 0;
  ptrdiff_t rows = (c->out[1] + 3) / 4, columns = (c->out[2] + 3) / 4;
  ptrdiff_t tiles = rows * columns * (c->out[0] == 1 ? c->batch : 1);
  // Products of the tiles against those of the direct sum.
  double fast = (double)nk_up(tiles, 2) * 36;
  double direct = (double)(c->out[1] * c->out[2]) * (c->out[0] == 1 ? (double)c->batch : 1) * 9;
  return tiles >= 12 && fast * 1.35 < direct;
}

typedef struct {
  const nk_conv *c;
  const nk_kernels *kernels;
  // The image, or the images whose channels follow one another, and the channels of each.
  const float *x[2], *packed, *zeros;
  ptrdiff_t own[2];
  float *y;
  const nk_epilogue *e;
  ptrdiff_t rows, columns, tiles;  // tiles of the batch, or of a sample in three dimensions
  ptrdiff_t each, tile_blocks;     // tiles of a chunk
  ptrdiff_t slices, slice_blocks;  // output slices of a chunk
  ptrdiff_t panels, group, panel_groups;  // panels of a chunk
  ptrdiff_t slots, width;                 // width: channels rounded up to 16
  _Atomic int unsound, failed;
} nk_tiles_job;

// The 36 pixels of a tile in one slice of an image.
static void nk_tile_pixels(
    const nk_tiles_job *job, int image, ptrdiff_t sample, ptrdiff_t slice, ptrdiff_t row,
    ptrdiff_t column, const float **pixels) {
  const nk_conv *c = job->c;
  ptrdiff_t channels = job->own[image];
  const float *plane = job->x[image] + (sample * c->in[0] + slice) * c->in[1] * c->in[2] * channels;
  for (ptrdiff_t i = 0; i < 6; i++)
    for (ptrdiff_t j = 0; j < 6; j++) {
      ptrdiff_t y = row * 4 + i - c->before[1], x = column * 4 + j - c->before[2];
      int inside = y >= 0 && y < c->in[1] && x >= 0 && x < c->in[2];
      pixels[i * 6 + j] = inside ? plane + (y * c->in[2] + x) * channels : job->zeros;
    }
}

typedef struct {
  ptrdiff_t sample, row, column;
} nk_tile_place;

static nk_tile_place nk_tile_at(const nk_tiles_job *job, ptrdiff_t sample, ptrdiff_t tile) {
  ptrdiff_t plane = job->rows * job->columns;
  return (nk_tile_place){
      sample + tile / plane, tile % plane / job->columns, tile % plane % job->columns};
}

// Transforms `count` tiles of a slice; the numbers of point p begin at v + p · point.
static void nk_tiles_before(
    const nk_tiles_job *job, ptrdiff_t sample, ptrdiff_t slice, ptrdiff_t first, ptrdiff_t count,
    float *v, ptrdiff_t point) {
  for (int image = 0; image < 2 && job->own[image]; v += job->own[image++]) {
    const float *pixels[2][36];
    for (ptrdiff_t i = 0; i <= count; i++) {
      if (i < count) {
        nk_tile_place at = nk_tile_at(job, sample, first + i);
        nk_tile_pixels(job, image, at.sample, slice, at.row, at.column, pixels[i % 2]);
      }
      if (i == 0) continue;
      nk_tile_input in = {
          .pixels = pixels[(i - 1) % 2], .next = pixels[(i < count ? i : i - 1) % 2],
          .channels = job->own[image], .v = v + (i - 1) * job->width, .point_stride = point};
      job->kernels->tile_before(&in);
    }
  }
}

static void nk_tiles_chunk(void *context, size_t number) {
  nk_tiles_job *job = context;
  const nk_conv *c = job->c;
  // Chunks that share filters follow one another.
  ptrdiff_t rest = (ptrdiff_t)number, block = rest % job->tile_blocks;
  rest /= job->tile_blocks;
  ptrdiff_t slice_block = rest % job->slice_blocks;
  rest /= job->slice_blocks;
  ptrdiff_t panel0 = rest % job->panel_groups * job->group, sample = rest / job->panel_groups;
  ptrdiff_t panel1 = nk_least(panel0 + job->group, job->panels);
  ptrdiff_t first = block * job->each, count = nk_least(job->each, job->tiles - first);
  ptrdiff_t groups = (count + nk_pixel_rows - 1) / nk_pixel_rows;
  // A line more than the tiles need, so that points do not fall into the same sets of the cache.
  ptrdiff_t point = job->each * job->width + 16, slot = nk_points * point;
  ptrdiff_t product = groups * nk_pixel_rows * nk_filter_panel + 16;
  size_t floats = (size_t)(slot * job->slots + nk_points * product);
  float *v = nk_arena_take(floats * sizeof(float));
  if (!v) {
    job->failed = 1;
    return;
  }
  float *m = v + slot * job->slots;
  ptrdiff_t taps[64], depth = c->kernel[0], ready = 0;
  nk_pixel_tile t = {.length = c->channels};
  ptrdiff_t z0 = slice_block * job->slices, z1 = nk_least(z0 + job->slices, c->out[0]);
  for (ptrdiff_t z = z0; z < z1; z++) {
    ptrdiff_t tap0 = -1, tap1 = 0;
    for (ptrdiff_t tap = 0; tap < depth; tap++) {
      ptrdiff_t slice = z * c->stride[0] + tap * c->dilation[0] - c->before[0];
      if (slice < 0 || slice >= c->in[0]) continue;
      if (tap0 < 0) tap0 = tap;
      tap1 = tap + 1;
      taps[tap] = slice % job->slots * slot;
      if (slice < ready) continue;
      nk_tiles_before(job, sample, slice, first, count, v + taps[tap], point);
      // With a dilation along the depth slices are not met in order: all are transformed again.
      ready = c->dilation[0] == 1 ? slice + 1 : 0;
    }
    t.tap_count = tap0 < 0 ? 0 : tap1 - tap0;
    t.taps = taps + nk_most(tap0, 0);
    for (ptrdiff_t panel = panel0; panel < panel1; panel++) {
      ptrdiff_t filter = panel * nk_filter_panel;
      ptrdiff_t columns = nk_least(nk_filter_panel, c->filters - filter);
      t.columns = t.weight_stride = nk_up(columns, 16);
      const float *weights = job->packed + filter * nk_points * depth * c->channels;
      for (ptrdiff_t p = 0; p < nk_points; p++) {
        t.weights = weights + (p * depth + nk_most(tap0, 0)) * c->channels * t.weight_stride;
        for (ptrdiff_t group = 0; group < groups; group++) {
          t.rows = nk_least(nk_pixel_rows, count - group * nk_pixel_rows);
          for (ptrdiff_t i = 0; i < nk_pixel_rows; i++) {
            ptrdiff_t tile = nk_least(group * nk_pixel_rows + i, count - 1);
            t.pixels[i] = v + p * point + tile * job->width;
            t.results[i] = m + p * product + (group * nk_pixel_rows + i) * nk_filter_panel;
          }
          job->kernels->pixels_by_filters(&t);
        }
      }
      for (ptrdiff_t i = 0; i < count; i++) {
        nk_tile_place at = nk_tile_at(job, sample, first + i);
        ptrdiff_t place = (((at.sample * c->out[0] + z) * c->out[1] + at.row * 4) * c->out[2] +
                           at.column * 4) * c->filters + filter;
        nk_tile_output out = {
            .m = m + i * nk_filter_panel, .point_stride = product, .columns = columns,
            .y = job->y + place, .row_stride = c->out[2] * c->filters, .pixel_stride = c->filters,
            .high = nk_least(4, c->out[1] - at.row * 4), .wide = nk_least(4, c->out[2] - at.column * 4)};
        if (job->e) {
          out.bias = job->e->row_bias ? job->e->row_bias + filter : NULL;
          out.residual = job->e->residual ? job->e->residual + place : NULL;
          out.activation = job->e->activation;
          out.p = job->e->p;
          out.q = job->e->q;
        }
        if (job->kernels->tile_after(&out)) job->unsound = 1;
      }
    }
  }
  nk_arena_give(v, floats * sizeof(float));
}

// How long the slowest thread works with chunks of `each` tiles, in groups of six and a part of one
// for what a chunk costs by itself.
static double nk_tiles_cost(ptrdiff_t tiles, ptrdiff_t each, ptrdiff_t times, ptrdiff_t threads) {
  ptrdiff_t whole = tiles / each, rest = tiles % each;
  double full = (double)(each / nk_pixel_rows) + 0.7;
  double last = rest ? (double)((rest + nk_pixel_rows - 1) / nk_pixel_rows) + 0.7 : 0;
  double total = (double)times * ((double)whole * full + last);
  double longest = whole ? full : last;
  return total / (double)threads + longest * 0.5 * (double)(threads - 1) / (double)threads;
}

int nk_channels_joined_run(
    const nk_conv *c, const float *first, ptrdiff_t channels, const float *second,
    const float *packed, float *y, const nk_epilogue *e) {
  if (c->batch <= 0 || nk_pixels(c) <= 0) return 1;
  if (c->kernel[0] > 64) return 0;
  nk_tiles_job job = {
      .c = c, .kernels = nk_active(), .x = {first, second}, .packed = packed, .y = y, .e = e,
      .own = {channels, c->channels - channels},
      .rows = (c->out[1] + 3) / 4, .columns = (c->out[2] + 3) / 4,
      .slots = (c->kernel[0] - 1) * c->dilation[0] + 1, .width = nk_up(c->channels, 16),
      .panels = (c->filters + nk_filter_panel - 1) / nk_filter_panel};
  int flat = c->out[0] == 1;
  job.tiles = job.rows * job.columns * (flat ? c->batch : 1);
  ptrdiff_t samples = flat ? 1 : c->batch, threads = (ptrdiff_t)nk_threads();
  // V and the products of a chunk within 640 KB.
  ptrdiff_t most = (ptrdiff_t)(640 << 10) / ((job.slots * job.width + nk_filter_panel) * nk_points * 4);
  most = nk_least(nk_most(most / nk_pixel_rows * nk_pixel_rows, nk_pixel_rows), 48);
  job.slices = c->out[0];
  // So many panels that their weights are 8 MB at most, while enough chunks are left.
  ptrdiff_t weights = nk_points * c->kernel[0] * c->channels * nk_filter_panel * 4;
  job.group = nk_least(nk_most(1, (ptrdiff_t)(8 << 20) / weights), job.panels);
  while (job.group > 1 && samples * ((job.panels + job.group - 1) / job.group) *
                                  ((job.tiles + most - 1) / most) * c->out[0] < 6 * threads)
    job.group = (job.group + 1) / 2;
  job.panel_groups = (job.panels + job.group - 1) / job.group;
  double best = 0;
  for (ptrdiff_t each = nk_pixel_rows; each <= most; each += nk_pixel_rows) {
    double cost = nk_tiles_cost(job.tiles, each, samples * job.panel_groups, threads);
    if (job.each && cost >= best) continue;
    best = cost;
    job.each = each;
  }
  job.tile_blocks = (job.tiles + job.each - 1) / job.each;
  while (job.slices > 4 && samples * job.panel_groups * job.tile_blocks *
                                   ((c->out[0] + job.slices - 1) / job.slices) < 4 * threads)
    job.slices = (job.slices + 1) / 2;
  job.slice_blocks = (c->out[0] + job.slices - 1) / job.slices;
  float *zeros = nk_arena_take((size_t)(job.width) * sizeof(float));
  if (!zeros) return 0;
  memset(zeros, 0, (size_t)job.width * sizeof(float));
  job.zeros = zeros;
  nk_parallel(
      (size_t)(samples * job.panel_groups * job.slice_blocks * job.tile_blocks), nk_tiles_chunk,
      &job);
  nk_arena_give(zeros, (size_t)job.width * sizeof(float));
  if (job.failed) return 0;
  return job.unsound ? 2 : 1;
}

int nk_channels_winograd(
    const nk_conv *c, const float *x, const float *packed, float *y, const nk_epilogue *e) {
  return nk_channels_joined_run(c, x, c->channels, NULL, packed, y, e);
}
