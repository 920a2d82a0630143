// Direct convolution of images with channels innermost: six pixels by a panel of filters at a time.
#include <string.h>

#include "image.h"

typedef struct {
  const nk_conv *c;
  const nk_kernels *kernels;
  const float *x;       // with its margin where it has one
  ptrdiff_t sizes[3];   // of the image that is read
  const float *packed;
  float *y;
  const nk_epilogue *e;
  const ptrdiff_t *taps;
  ptrdiff_t tap_count, length;  // taps, and numbers next to each other at each
  // Panels of all groups, and of one.
  ptrdiff_t pixels, block_pixels, pixel_blocks, panels, own_panels, block_panels;
} nk_channels_job;

// The taps of a step: their weights stay in the second-level cache.
enum { nk_weight_floats = 96 << 10 };

typedef struct {
  ptrdiff_t x, y, z, sample;
} nk_place;

static nk_place nk_place_of(const nk_conv *c, ptrdiff_t pixel) {
  nk_place at;
  at.x = pixel % c->out[2];
  pixel /= c->out[2];
  at.y = pixel % c->out[1];
  pixel /= c->out[1];
  at.z = pixel % c->out[0];
  at.sample = pixel / c->out[0];
  return at;
}

static void nk_place_next(const nk_conv *c, nk_place *at) {
  if (++at->x < c->out[2]) return;
  at->x = 0;
  if (++at->y < c->out[1]) return;
  at->y = 0;
  if (++at->z < c->out[0]) return;
  at->z = 0;
  at->sample++;
}

static void nk_channels_chunk(void *context, size_t number) {
  const nk_channels_job *job = context;
  const nk_conv *c = job->c;
  ptrdiff_t block = (ptrdiff_t)number % job->pixel_blocks;
  ptrdiff_t panel0 = (ptrdiff_t)number / job->pixel_blocks * job->block_panels;
  ptrdiff_t panel1 = nk_least(panel0 + job->block_panels, job->panels);
  ptrdiff_t first = block * job->block_pixels;
  ptrdiff_t end = nk_least(first + job->block_pixels, job->pixels);
  nk_pixel_tile t = {.taps = job->taps, .length = job->length};
  if (job->e) {
    t.activation = job->e->activation;
    t.p = job->e->p;
    t.q = job->e->q;
    t.has_residual = job->e->residual != NULL;
  }
  for (ptrdiff_t panel = panel0; panel < panel1; panel++) {
    ptrdiff_t group = panel / job->own_panels, own = c->filters / c->groups;
    ptrdiff_t inside = panel % job->own_panels * nk_filter_panel;
    ptrdiff_t filter = group * own + inside, channel = group * (c->channels / c->groups);
    t.columns = nk_least(nk_filter_panel, own - inside);
    t.weight_stride = nk_up(t.columns, 16);
    const float *weights =
        job->packed + (group * nk_up(own, 16) + inside) * job->tap_count * job->length;
    t.bias = job->e && job->e->row_bias ? job->e->row_bias + filter : NULL;
    ptrdiff_t each = nk_most(1, nk_weight_floats / nk_most(1, job->length * t.weight_stride));
    for (ptrdiff_t tap = 0; tap < job->tap_count; tap += each) {
      t.tap_count = nk_least(each, job->tap_count - tap);
      t.taps = job->taps + tap;
      t.weights = weights + tap * job->length * t.weight_stride;
      t.accumulate = tap > 0;
      t.finishes = job->e && tap + t.tap_count == job->tap_count;
      nk_place at = nk_place_of(c, first);
      for (ptrdiff_t pixel = first; pixel < end; pixel += nk_pixel_rows) {
        t.rows = nk_least(nk_pixel_rows, end - pixel);
        for (ptrdiff_t i = 0; i < nk_pixel_rows; i++) {
          if (i >= t.rows) {  // not stored: reads what the first one reads
            t.pixels[i] = t.pixels[0];
            continue;
          }
          t.pixels[i] = job->x + (((at.sample * job->sizes[0] + at.z * c->stride[0]) *
                                       job->sizes[1] + at.y * c->stride[1]) *
                                      job->sizes[2] + at.x * c->stride[2]) * c->channels + channel;
          ptrdiff_t place = (pixel + i) * c->filters + filter;
          t.results[i] = job->y + place;
          if (t.has_residual) t.residuals[i] = job->e->residual + place;
          nk_place_next(c, &at);
        }
        job->kernels->pixels_by_filters(&t);
      }
    }
  }
}

typedef struct {
  const nk_conv *c;
  const float *x;
  float *to;
  ptrdiff_t sizes[3];
} nk_frame_job;

// One row of the image with its margin.
static void nk_frame_chunk(void *context, size_t number) {
  const nk_frame_job *job = context;
  const nk_conv *c = job->c;
  ptrdiff_t row = (ptrdiff_t)number % job->sizes[1], rest = (ptrdiff_t)number / job->sizes[1];
  ptrdiff_t z = rest % job->sizes[0] - c->before[0], sample = rest / job->sizes[0];
  ptrdiff_t y = row - c->before[1], channels = c->channels;
  float *to = job->to + (ptrdiff_t)number * job->sizes[2] * channels;
  if (y < 0 || y >= c->in[1] || z < 0 || z >= c->in[0]) {
    memset(to, 0, (size_t)(job->sizes[2] * channels) * sizeof(float));
    return;
  }
  ptrdiff_t left = nk_least(c->before[2], job->sizes[2]);
  ptrdiff_t inside = nk_least(c->in[2], job->sizes[2] - left);
  memset(to, 0, (size_t)(left * channels) * sizeof(float));
  memcpy(
      to + left * channels,
      job->x + ((sample * c->in[0] + z) * c->in[1] + y) * c->in[2] * channels,
      (size_t)(inside * channels) * sizeof(float));
  memset(
      to + (left + inside) * channels, 0,
      (size_t)((job->sizes[2] - left - inside) * channels) * sizeof(float));
}

int nk_channels_depthwise(
    const nk_conv *c, const float *x, const float *packed, float *y, const nk_epilogue *e);

static int nk_channels_direct(
    const nk_conv *c, const float *x, const float *packed, float *y, const nk_epilogue *e) {
  nk_channels_job job = {
      .c = c, .kernels = nk_active(), .x = x, .packed = packed, .y = y, .e = e,
      .pixels = c->batch * nk_pixels(c)};
  if (job.pixels <= 0) return 1;
  if (nk_is_depthwise(c)) return nk_channels_depthwise(c, x, packed, y, e);
  ptrdiff_t reach[3];
  int leans = 0;
  for (int axis = 0; axis < 3; axis++) {
    reach[axis] =
        (c->out[axis] - 1) * c->stride[axis] + (c->kernel[axis] - 1) * c->dilation[axis] + 1;
    leans |= c->before[axis] > 0 || reach[axis] > c->in[axis];
  }
  memcpy(job.sizes, leans ? reach : c->in, sizeof reach);
  // Taps side by side in a row are one run of numbers.
  int joined = c->groups == 1 && c->dilation[2] == 1;
  job.length = c->channels / c->groups * (joined ? c->kernel[2] : 1);
  job.tap_count = nk_taps(c) / (joined ? c->kernel[2] : 1);
  size_t tap_bytes = nk_up(job.tap_count * (ptrdiff_t)sizeof(ptrdiff_t), 64);
  size_t image_floats =
      leans ? (size_t)(c->batch * reach[0] * reach[1] * reach[2] * c->channels) : 0;
  char *memory = nk_arena_take(tap_bytes + image_floats * sizeof(float));
  if (!memory) return 0;
  ptrdiff_t *taps = (ptrdiff_t *)memory, found = 0;
  for (ptrdiff_t z = 0; z < c->kernel[0]; z++)
    for (ptrdiff_t v = 0; v < c->kernel[1]; v++)
      for (ptrdiff_t u = 0; u < (joined ? 1 : c->kernel[2]); u++)
        taps[found++] = ((z * c->dilation[0] * job.sizes[1] + v * c->dilation[1]) * job.sizes[2] +
                         u * c->dilation[2]) * c->channels;
  job.taps = taps;
  if (leans) {
    nk_frame_job frame = {.c = c, .x = x, .to = (float *)(memory + tap_bytes)};
    memcpy(frame.sizes, reach, sizeof reach);
    nk_parallel((size_t)(c->batch * reach[0] * reach[1]), nk_frame_chunk, &frame);
    job.x = frame.to;
  }
  job.own_panels = (c->filters / c->groups + nk_filter_panel - 1) / nk_filter_panel;
  job.panels = c->groups * job.own_panels;
  job.block_pixels = 96;
  job.pixel_blocks = (job.pixels + job.block_pixels - 1) / job.block_pixels;
  job.block_panels = job.panels;
  while (job.block_panels > 1 &&
         job.pixel_blocks * ((job.panels + job.block_panels - 1) / job.block_panels) < 16)
    job.block_panels = (job.block_panels + 1) / 2;
  ptrdiff_t groups = (job.panels + job.block_panels - 1) / job.block_panels;
  // Every block of pixels reads all weights of its panels, so there are no more than keep the threads
  // busy, and all are about as long.
  while (job.block_pixels > 24 && job.pixel_blocks * groups < 4 * (ptrdiff_t)nk_threads()) {
    job.pixel_blocks++;
    job.block_pixels =
        nk_up((job.pixels + job.pixel_blocks - 1) / job.pixel_blocks, nk_pixel_rows);
  }
  job.pixel_blocks = (job.pixels + job.block_pixels - 1) / job.block_pixels;
  nk_parallel((size_t)(job.pixel_blocks * groups), nk_channels_chunk, &job);
  nk_arena_give(memory, tap_bytes + image_floats * sizeof(float));
  return 1;
}

int nk_channels_winograd(
    const nk_conv *c, const float *x, const float *packed, float *y, const nk_epilogue *e);

int nk_channels_conv_run(
    const nk_conv *c, nk_conv_algorithm algorithm, const float *x, const float *packed, float *y,
    const nk_epilogue *e) {
  if (algorithm == NK_CONV_WINOGRAD) return nk_channels_winograd(c, x, packed, y, e);
  return nk_channels_direct(c, x, packed, y, e);
}

typedef struct {
  const nk_conv *c;
  const nk_kernels *kernels;
  const float *x, *packed;
  float *y;
  const nk_epilogue *e;
  ptrdiff_t pixels, blocks, panels;
} nk_rise_job;

enum { nk_rise_pixels = 96 };

// Each tap is a product of its own whose results lie `stride` pixels apart.
static void nk_rise_chunk(void *context, size_t number) {
  const nk_rise_job *job = context;
  const nk_conv *c = job->c;
  ptrdiff_t taps = nk_taps(c), tap = (ptrdiff_t)number % taps;
  ptrdiff_t first = (ptrdiff_t)number / taps * nk_rise_pixels;
  ptrdiff_t end = nk_least(first + nk_rise_pixels, job->pixels), zero = 0;
  ptrdiff_t u = tap % c->kernel[2], v = tap / c->kernel[2] % c->kernel[1];
  ptrdiff_t w = tap / c->kernel[2] / c->kernel[1];
  nk_pixel_tile t = {.taps = &zero, .tap_count = 1, .length = c->channels, .finishes = job->e != 0};
  if (job->e) {
    t.activation = job->e->activation;
    t.p = job->e->p;
    t.q = job->e->q;
  }
  for (ptrdiff_t filter = 0; filter < c->filters; filter += nk_filter_panel) {
    t.columns = nk_least(nk_filter_panel, c->filters - filter);
    t.weight_stride = nk_up(t.columns, 16);
    t.weights = job->packed + filter * taps * c->channels + tap * c->channels * t.weight_stride;
    t.bias = job->e && job->e->row_bias ? job->e->row_bias + filter : NULL;
    for (ptrdiff_t pixel = first; pixel < end; pixel += nk_pixel_rows) {
      t.rows = nk_least(nk_pixel_rows, end - pixel);
      for (ptrdiff_t i = 0; i < nk_pixel_rows; i++) {
        ptrdiff_t at = pixel + (i < t.rows ? i : 0);
        t.pixels[i] = job->x + at * c->channels;
        ptrdiff_t x = at % c->in[2], rest = at / c->in[2];
        ptrdiff_t y = rest % c->in[1], z = rest / c->in[1];  // z counts through the batch
        t.results[i] = job->y + (((z * c->kernel[0] + w) * c->out[1] + y * c->kernel[1] + v) *
                                     c->out[2] + x * c->kernel[2] + u) * c->filters + filter;
      }
      job->kernels->pixels_by_filters(&t);
    }
  }
}

int nk_channels_rise_run(
    const nk_conv *c, const float *x, const float *packed, float *y, const nk_epilogue *e) {
  nk_rise_job job = {
      .c = c, .kernels = nk_active(), .x = x, .packed = packed, .y = y, .e = e,
      .pixels = c->batch * c->in[0] * c->in[1] * c->in[2]};
  job.blocks = (job.pixels + nk_rise_pixels - 1) / nk_rise_pixels;
  nk_parallel((size_t)(job.blocks * nk_taps(c)), nk_rise_chunk, &job);
  return 1;
}

typedef struct {
  const nk_pool *p;
  const nk_kernels *kernels;
  ptrdiff_t channels;
  nk_pool_kind kind;
  const float *x;
  float *y;
} nk_channel_pool_job;

// One row of windows.
static void nk_channel_pool_chunk(void *context, size_t number) {
  const nk_channel_pool_job *job = context;
  const nk_pool *p = job->p;
  ptrdiff_t row = (ptrdiff_t)number % p->out[1], rest = (ptrdiff_t)number / p->out[1];
  ptrdiff_t slice = rest % p->out[0], sample = rest / p->out[0];
  const float *pixels[512];
  for (ptrdiff_t column = 0; column < p->out[2]; column++) {
    ptrdiff_t found = 0, counted = 0;
    for (ptrdiff_t w = 0; w < p->kernel[0]; w++)
      for (ptrdiff_t v = 0; v < p->kernel[1]; v++)
        for (ptrdiff_t u = 0; u < p->kernel[2]; u++) {
          ptrdiff_t z = slice * p->stride[0] + w * p->dilation[0] - p->before[0];
          ptrdiff_t y = row * p->stride[1] + v * p->dilation[1] - p->before[1];
          ptrdiff_t x = column * p->stride[2] + u * p->dilation[2] - p->before[2];
          if (z < p->in[0] + p->after[0] && y < p->in[1] + p->after[1] && x < p->in[2] + p->after[2])
            counted++;
          if (z < 0 || z >= p->in[0] || y < 0 || y >= p->in[1] || x < 0 || x >= p->in[2]) continue;
          pixels[found++] =
              job->x + (((sample * p->in[0] + z) * p->in[1] + y) * p->in[2] + x) * job->channels;
        }
    ptrdiff_t count = p->counts_margin ? counted : found;
    float factor = job->kind == NK_POOL_AVERAGE && count ? 1.0f / (float)count : 1.0f;
    job->kernels->channel_pool(
        pixels, found, job->channels,
        job->y + ((ptrdiff_t)number * p->out[2] + column) * job->channels,
        job->kind == NK_POOL_MAX, factor);
  }
}

void nk_channels_pool(
    const nk_pool *p, ptrdiff_t channels, nk_pool_kind kind, const float *x, float *y) {
  nk_channel_pool_job job = {p, nk_active(), channels, kind, x, y};
  nk_parallel((size_t)(p->planes * p->out[0] * p->out[1]), nk_channel_pool_chunk, &job);
}

typedef struct {
  const nk_kernels *kernels;
  const float *x;
  float *y;
  ptrdiff_t channels, pixels, each, blocks;
} nk_turn_job;

static void nk_turn_chunk(void *context, size_t number) {
  const nk_turn_job *job = context;
  ptrdiff_t sample = (ptrdiff_t)number / job->blocks;
  ptrdiff_t first = (ptrdiff_t)number % job->blocks * job->each;
  ptrdiff_t count = nk_least(job->each, job->pixels - first);
  for (ptrdiff_t channel = 0; channel < job->channels; channel += 16)
    job->kernels->transpose(
        job->x + (sample * job->channels + channel) * job->pixels + first, job->pixels, NULL,
        nk_least(16, job->channels - channel), count,
        job->y + (sample * job->pixels + first) * job->channels + channel, job->channels);
}

void nk_channels_last(
    const float *x, float *y, ptrdiff_t batch, ptrdiff_t channels, ptrdiff_t pixels) {
  if (batch <= 0 || channels <= 0 || pixels <= 0) return;
  nk_turn_job job = {nk_active(), x, y, channels, pixels, 0, 0};
  job.each = nk_least(nk_up(nk_most(1, 16384 / channels), 16), nk_up(pixels, 16));
  job.blocks = (pixels + job.each - 1) / job.each;
  nk_parallel((size_t)(batch * job.blocks), nk_turn_chunk, &job);
}
