// The gradient of 3×3 filters in Winograd's domain.
//
// F(4×4, 3×3) is y = Aᵀ[(G·g·Gᵀ) ⊙ (Bᵀ·x·B)]A, so dg = Gᵀ[Σ over tiles of (A·dy·Aᵀ) ⊙ (Bᵀ·x·B)]G: for each
// of 36 points one product of matrices whose k are tiles, a quarter of the direct multiplications.
// In three dimensions a tap along the depth pairs a slice of dy with another slice of x.
//
// A block is some slices by some rows of tiles. Channels lie side by side: V is [panel of 32][point]
// [tile][32], D is [panel of filters][point][tile][filter], as the matrix kernel reads them.
#include <string.h>

#include "weight_gradient.h"
#include "winograd.h"

enum { nk_lanes = 16, nk_block_tiles = 256, nk_least_tiles = 64 };

int nk_winograd_weight_faster(const nk_conv *c) {
  if (!nk_conv_winograd_possible(c) || c->stride[0] != 1 || c->dilation[0] != 1) return 0;
  if (c->channels < 16 || c->filters < 8) return 0;
  ptrdiff_t rows = (c->out[1] + 3) / 4, columns = (c->out[2] + 3) / 4;
  double kept = (double)(c->out[1] * c->out[2]) / (double)(rows * columns * 16);
  return c->batch * c->out[0] * rows * columns >= 32 && kept > 0.6;
}

typedef struct {
  const nk_conv *conv;
  const nk_kernels *kernels;
  const float *x, *dy;
  float *dw;
  ptrdiff_t height, filter_panels, channel_panels;
  // Tiles of a plane, and rows of tiles of a sample or, of single slices, of the batch.
  ptrdiff_t high, wide, all_rows;
  // The block.
  ptrdiff_t sample, slice0, slices, row0, rows, tiles;
  float *v, *d, *sums;
  ptrdiff_t v_point, v_panel, d_point, d_panel;
  int first;
  _Atomic int failed;
} nk_job;

// Rows of a plane with `count` channels side by side in `lanes`, zeros around the image.
static void nk_side_by_side(
    const nk_job *job, const float *plane, ptrdiff_t plane_stride, const ptrdiff_t *size,
    ptrdiff_t row, ptrdiff_t rows, ptrdiff_t before, ptrdiff_t width, ptrdiff_t count,
    ptrdiff_t lanes, float *to) {
  memset(to, 0, (size_t)(rows * width * lanes) * sizeof(float));
  ptrdiff_t from = nk_most(-before, 0), kept = nk_least(size[1] - from, width - nk_most(before, 0));
  for (ptrdiff_t y = 0; y < rows; y++)
    if (row + y >= 0 && row + y < size[0] && kept > 0)
      job->kernels->transpose(
          plane + (row + y) * size[1] + from, plane_stride, NULL, count, kept,
          to + (y * width + nk_most(before, 0)) * lanes, lanes);
}

// One block of 16 channels of x, all tiles of the block and the slices that its taps reach.
static void nk_transform_image(nk_job *job, ptrdiff_t block) {
  const nk_conv *c = job->conv;
  ptrdiff_t channel = block * nk_lanes, count = nk_least(nk_lanes, c->channels - channel);
  ptrdiff_t width = job->wide * 4 + 2, plane = c->in[1] * c->in[2], volume = plane * c->in[0];
  size_t bytes = (size_t)(6 * width * nk_lanes + nk_slack) * sizeof(float);
  float *lines = nk_arena_take(bytes);
  if (!lines) {
    job->failed = 1;
    return;
  }
  ptrdiff_t taps[nk_points];
  for (ptrdiff_t i = 0; i < 6; i++)
    for (ptrdiff_t j = 0; j < 6; j++) taps[i * 6 + j] = (i * width + j) * nk_lanes;
  float *to = job->v + block / 2 * job->v_panel + block % 2 * nk_lanes;
  for (ptrdiff_t z = 0; z < job->slices + c->kernel[0] - 1; z++)
    for (ptrdiff_t row = 0; row < job->rows; row++, to += job->wide * nk_panel) {
      ptrdiff_t slice = job->slice0 + z - c->before[0], place = job->row0 + row;
      if (slice < 0 || slice >= c->in[0]) {
        for (ptrdiff_t p = 0; p < nk_points; p++)
          for (ptrdiff_t tile = 0; tile < job->wide; tile++)
            memset(to + p * job->v_point + tile * nk_panel, 0, nk_lanes * sizeof(float));
        continue;
      }
      const float *from = job->x +
                          ((job->sample + place / job->high) * c->channels + channel) * volume +
                          slice * plane;
      nk_side_by_side(
          job, from, volume, c->in + 1, place % job->high * 4 - c->before[1], 6, c->before[2],
          width, count, nk_lanes, lines);
      for (ptrdiff_t tile = 0; tile < job->wide; tile++)
        job->kernels->winograd_input(
            lines + tile * 4 * nk_lanes, taps, nk_lanes, to + tile * nk_panel, job->v_point,
            nk_lanes);
    }
  nk_arena_give(lines, bytes);
}

// One panel of filters of dy. Lanes past the panel are rewritten by the next tile.
static void nk_transform_gradient(nk_job *job, ptrdiff_t panel) {
  const nk_conv *c = job->conv;
  ptrdiff_t height = job->height, filter = panel * height;
  ptrdiff_t count = nk_least(height, c->filters - filter), width = job->wide * 4;
  ptrdiff_t plane = c->out[1] * c->out[2], volume = plane * c->out[0];
  size_t bytes = (size_t)(4 * width * height + nk_slack) * sizeof(float);
  float *lines = nk_arena_take(bytes);
  if (!lines) {
    job->failed = 1;
    return;
  }
  memset(lines + 4 * width * height, 0, nk_slack * sizeof(float));
  float *to = job->d + panel * job->d_panel;
  for (ptrdiff_t z = 0; z < job->slices; z++)
    for (ptrdiff_t row = 0; row < job->rows; row++, to += job->wide * height) {
      ptrdiff_t place = job->row0 + row;
      const float *from = job->dy +
                          ((job->sample + place / job->high) * c->filters + filter) * volume +
                          (job->slice0 + z) * plane;
      nk_side_by_side(
          job, from, volume, c->out + 1, place % job->high * 4, 4, 0, width, count, height, lines);
      for (ptrdiff_t tile = 0; tile < job->wide; tile++)
        job->kernels->winograd_gradient(
            lines + tile * 4 * height, width * height, height, to + tile * height, job->d_point);
    }
  nk_arena_give(lines, bytes);
}

static void nk_transform_chunk(void *context, size_t number) {
  nk_job *job = context;
  if ((ptrdiff_t)number < job->filter_panels)
    nk_transform_gradient(job, (ptrdiff_t)number);
  else
    nk_transform_image(job, (ptrdiff_t)number - job->filter_panels);
}

// One panel of filters by one of channels for one tap along the depth.
static void nk_multiply_chunk(void *context, size_t number) {
  const nk_job *job = context;
  ptrdiff_t height = job->height, rest = (ptrdiff_t)number;
  ptrdiff_t rows = rest % job->filter_panels;
  rest /= job->filter_panels;
  ptrdiff_t columns = rest % job->channel_panels, z = rest / job->channel_panels;
  float products[nk_points * nk_lanes * nk_panel];
  const float *v = job->v + columns * job->v_panel + z * job->rows * job->wide * nk_panel;
  const float *d = job->d + rows * job->d_panel;
  for (ptrdiff_t p = 0; p < nk_points; p++)
    job->kernels->gemm_tile(
        height, nk_panel, job->tiles, d + p * job->d_point, v + p * job->v_point,
        products + p * height * nk_panel, nk_panel, 0, NULL, 0, 0);
  job->kernels->winograd_fold(
      products, height * nk_panel, job->sums + (ptrdiff_t)number * 9 * height * nk_panel,
      !job->first);
}

// Sums of a panel of filters, [depth][channels][filters][tap][filter][32], to dW.
static void nk_store_chunk(void *context, size_t panel) {
  const nk_job *job = context;
  const nk_conv *c = job->conv;
  ptrdiff_t height = job->height, filter0 = (ptrdiff_t)panel * height;
  for (ptrdiff_t row = 0; row < nk_least(height, c->filters - filter0); row++)
    for (ptrdiff_t columns = 0; columns < job->channel_panels; columns++)
      for (ptrdiff_t z = 0; z < c->kernel[0]; z++) {
        const float *from =
            job->sums + ((z * job->channel_panels + columns) * job->filter_panels +
                         (ptrdiff_t)panel) * 9 * height * nk_panel + row * nk_panel;
        ptrdiff_t count = nk_least(nk_panel, c->channels - columns * nk_panel);
        float *to = job->dw + (((filter0 + row) * c->channels + columns * nk_panel) *
                                            c->kernel[0] + z) * 9;
        for (ptrdiff_t channel = 0; channel < count; channel++, to += 9 * c->kernel[0])
          for (int tap = 0; tap < 9; tap++) to[tap] = from[tap * height * nk_panel + channel];
      }
}

// How many slices and rows of tiles a block has.
static void nk_choose_block(nk_job *job) {
  const nk_conv *c = job->conv;
  ptrdiff_t each = nk_points * (ptrdiff_t)sizeof(float) *
                   (job->channel_panels * nk_panel + job->filter_panels * job->height);
  ptrdiff_t most = nk_most(nk_least(((ptrdiff_t)8 << 20) / each, nk_block_tiles), nk_least_tiles);
  job->slices = 1;
  if (c->kernel[0] > 1)
    job->slices = nk_least(c->out[0], nk_most(4, most / (job->all_rows * job->wide)));
  job->rows = nk_most(1, nk_least(job->all_rows, most / (job->slices * job->wide)));
}

int nk_winograd_weight_gradient(
    const nk_conv *c, const float *x, const float *dy, float *dw) {
  const nk_kernels *kernels = nk_active();
  nk_job job = {.conv = c, .kernels = kernels, .x = x, .dy = dy, .dw = dw};
  job.height = kernels->gemm_rows;
  job.filter_panels = (c->filters + job.height - 1) / job.height;
  job.channel_panels = (c->channels + nk_panel - 1) / nk_panel;
  job.high = (c->out[1] + 3) / 4;
  job.wide = (c->out[2] + 3) / 4;
  int flat = c->out[0] == 1 && c->kernel[0] == 1;
  job.all_rows = flat ? job.high * c->batch : job.high;
  nk_choose_block(&job);
  ptrdiff_t slices = job.slices, rows = job.rows, blocks = (c->channels + nk_lanes - 1) / nk_lanes;
  job.v_point = (slices + c->kernel[0] - 1) * rows * job.wide * nk_panel;
  job.d_point = slices * rows * job.wide * job.height + nk_lanes;
  job.v_panel = nk_points * job.v_point;
  job.d_panel = nk_points * job.d_point;
  ptrdiff_t chunks = c->kernel[0] * job.channel_panels * job.filter_panels;
  size_t v_bytes = (size_t)(job.channel_panels * job.v_panel) * sizeof(float);
  size_t d_bytes = (size_t)(job.filter_panels * job.d_panel) * sizeof(float);
  size_t sum_bytes = (size_t)(chunks * 9 * job.height * nk_panel) * sizeof(float);
  job.v = nk_arena_take(v_bytes);
  job.d = nk_arena_take(d_bytes);
  job.sums = nk_arena_take(sum_bytes);
  int made = job.v && job.d && job.sums;
  // A last odd block of 16 channels leaves half a panel that is multiplied, too.
  if (made && blocks % 2) memset(job.v + (job.channel_panels - 1) * job.v_panel, 0,
                                 (size_t)job.v_panel * sizeof(float));
  job.first = 1;
  for (job.sample = 0; made && job.sample < (flat ? 1 : c->batch); job.sample++)
    for (job.row0 = 0; job.row0 < job.all_rows; job.row0 += rows)
      for (job.slice0 = 0; job.slice0 < c->out[0]; job.slice0 += slices) {
        job.rows = nk_least(rows, job.all_rows - job.row0);
        job.slices = nk_least(slices, c->out[0] - job.slice0);
        job.tiles = job.slices * job.rows * job.wide;
        nk_parallel((size_t)(job.filter_panels + blocks), nk_transform_chunk, &job);
        nk_parallel((size_t)chunks, nk_multiply_chunk, &job);
        job.first = 0;
      }
  if (made) nk_parallel((size_t)job.filter_panels, nk_store_chunk, &job);
  if (job.v) nk_arena_give(job.v, v_bytes);
  if (job.d) nk_arena_give(job.d, d_bytes);
  if (job.sums) nk_arena_give(job.sums, sum_bytes);
  return made && !job.failed;
}
