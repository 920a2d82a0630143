// Convolutions of bytes with channels innermost: a pixel's channels are contiguous, so the tile reads
// them from where they are and nothing is packed but the filters. Where a filter leans out of the
// image, the image is copied once into one with a stored margin.
#include "int8.h"

#include <string.h>

static ptrdiff_t nk_whole(ptrdiff_t value, ptrdiff_t step) { return (value + step - 1) / step * step; }
static ptrdiff_t nk_lesser(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

static ptrdiff_t nk_int8_depth(const nk_int8_conv *c) {
  return c->kernel[0] * c->kernel[1] * c->channels;
}

size_t nk_int8_packed_size(const nk_int8_conv *c) {
  return (size_t)(nk_whole(c->filters, nk_int8_columns) * nk_int8_depth(c));
}

void nk_int8_pack(const nk_int8_conv *c, const int8_t *filters, int8_t *packed) {
  ptrdiff_t depth = nk_int8_depth(c);
  for (ptrdiff_t panel = 0; panel < nk_whole(c->filters, nk_int8_columns); panel += nk_int8_columns)
    for (ptrdiff_t k = 0; k < depth; k += 4)
      for (ptrdiff_t column = 0; column < nk_int8_columns; column++, packed += 4)
        if (panel + column < c->filters)
          memcpy(packed, filters + (panel + column) * depth + k, 4);
        else
          memset(packed, 0, 4);
}

typedef struct {
  const nk_int8_conv *conv;
  const uint8_t *image;  // with its margin where it has one
  ptrdiff_t row_bytes, sample_bytes;
  const int8_t *packed;
  const nk_int8_finish *finish;
  uint8_t *bytes;
  float *floats;
  const ptrdiff_t *taps;
  nk_int8_tile_function *tile;
  ptrdiff_t pixels, block_pixels, pixel_blocks, panels, block_panels;
} nk_int8_job;

static void nk_int8_chunk(void *context, size_t number) {
  const nk_int8_job *job = context;
  const nk_int8_conv *c = job->conv;
  ptrdiff_t block = (ptrdiff_t)number % job->pixel_blocks;
  ptrdiff_t panel0 = (ptrdiff_t)number / job->pixel_blocks * job->block_panels;
  ptrdiff_t panel1 = nk_lesser(panel0 + job->block_panels, job->panels);
  ptrdiff_t first = block * job->block_pixels;
  ptrdiff_t end = nk_lesser(first + job->block_pixels, job->pixels);
  ptrdiff_t plane = c->out[0] * c->out[1];
  nk_int8_tile t = {
      .taps = job->taps, .tap_count = c->kernel[0] * c->kernel[1], .quads = c->channels / 4,
      .finish = job->finish, .bytes = job->bytes, .floats = job->floats};
  for (ptrdiff_t panel = panel0; panel < panel1; panel++) {
    t.filter = panel * nk_int8_columns;
    t.columns = nk_lesser(nk_int8_columns, c->filters - t.filter);
    t.weights = job->packed + t.filter * nk_int8_depth(c);
    for (ptrdiff_t pixel = first; pixel < end; pixel += nk_int8_rows) {
      t.rows = nk_lesser(nk_int8_rows, end - pixel);
      for (ptrdiff_t i = 0; i < nk_int8_rows; i++) {
        // Rows that are not stored read what the last one reads.
        ptrdiff_t at = pixel + (i < t.rows ? i : t.rows - 1);
        ptrdiff_t sample = at / plane, inside = at % plane;
        ptrdiff_t y = inside / c->out[1], x = inside % c->out[1];
        t.pixels[i] = job->image + sample * job->sample_bytes +
                      y * c->stride[0] * job->row_bytes + x * c->stride[1] * c->channels;
        t.places[i] = at * c->filters;
      }
      job->tile(&t);
    }
  }
}

typedef struct {
  const nk_int8_conv *conv;
  const uint8_t *x;
  uint8_t *to;
  ptrdiff_t high, wide;
} nk_margin_job;

// One sample's padded row.
static void nk_margin_chunk(void *context, size_t number) {
  const nk_margin_job *job = context;
  const nk_int8_conv *c = job->conv;
  ptrdiff_t sample = (ptrdiff_t)number / job->high, row = (ptrdiff_t)number % job->high;
  uint8_t *to = job->to + (ptrdiff_t)number * job->wide * c->channels;
  ptrdiff_t y = row - c->before[0];
  size_t whole = (size_t)(job->wide * c->channels);
  if (y < 0 || y >= c->in[0]) {
    memset(to, c->zero, whole);
    return;
  }
  ptrdiff_t left = nk_lesser(c->before[1], job->wide);
  ptrdiff_t inside = nk_lesser(c->in[1], job->wide - left);
  memset(to, c->zero, (size_t)(left * c->channels));
  memcpy(
      to + left * c->channels, job->x + (sample * c->in[0] + y) * c->in[1] * c->channels,
      (size_t)(inside * c->channels));
  memset(
      to + (left + inside) * c->channels, c->zero,
      (size_t)((job->wide - left - inside) * c->channels));
}

int nk_int8_conv_run(
    const nk_int8_conv *c, const uint8_t *x, const int8_t *packed, const nk_int8_finish *finish,
    uint8_t *bytes, float *floats) {
  nk_int8_job job = {
      .conv = c, .image = x, .packed = packed, .finish = finish, .bytes = bytes, .floats = floats,
      .tile = nk_int8_tile_for(nk_active()), .pixels = c->batch * c->out[0] * c->out[1]};
  if (job.pixels <= 0 || c->filters <= 0) return 1;
  ptrdiff_t high = (c->out[0] - 1) * c->stride[0] + (c->kernel[0] - 1) * c->dilation[0] + 1;
  ptrdiff_t wide = (c->out[1] - 1) * c->stride[1] + (c->kernel[1] - 1) * c->dilation[1] + 1;
  int leans = c->before[0] > 0 || c->before[1] > 0 || high > c->in[0] || wide > c->in[1];
  ptrdiff_t tap_count = c->kernel[0] * c->kernel[1];
  size_t tap_bytes = ((size_t)tap_count * sizeof(ptrdiff_t) + 63) & ~(size_t)63;
  size_t image_bytes = leans ? (size_t)(c->batch * high * wide * c->channels) : 0;
  char *memory = nk_arena_take(tap_bytes + image_bytes);
  if (!memory) return 0;
  job.row_bytes = c->in[1] * c->channels;
  job.sample_bytes = c->in[0] * job.row_bytes;
  if (leans) {
    nk_margin_job margin = {c, x, (uint8_t *)memory + tap_bytes, high, wide};
    nk_parallel((size_t)(c->batch * high), nk_margin_chunk, &margin);
    job.image = margin.to;
    job.row_bytes = wide * c->channels;
    job.sample_bytes = high * job.row_bytes;
  }
  ptrdiff_t *taps = (ptrdiff_t *)memory;
  for (ptrdiff_t v = 0; v < c->kernel[0]; v++)
    for (ptrdiff_t u = 0; u < c->kernel[1]; u++)
      taps[v * c->kernel[1] + u] =
          v * c->dilation[0] * job.row_bytes + u * c->dilation[1] * c->channels;
  job.taps = taps;
  job.panels = (c->filters + nk_int8_columns - 1) / nk_int8_columns;
  job.block_pixels = 96;
  job.pixel_blocks = (job.pixels + job.block_pixels - 1) / job.block_pixels;
  job.block_panels = job.panels;
  while (job.block_panels > 1 &&
         job.pixel_blocks * ((job.panels + job.block_panels - 1) / job.block_panels) < 12)
    job.block_panels = (job.block_panels + 1) / 2;
  ptrdiff_t groups = (job.panels + job.block_panels - 1) / job.block_panels;
  nk_parallel((size_t)(job.pixel_blocks * groups), nk_int8_chunk, &job);
  nk_arena_give(memory, tap_bytes + image_bytes);
  return 1;
}

typedef struct {
  const float *x;
  uint8_t *y;
  ptrdiff_t channels, padded, pixels;
  float inverse, zero;
} nk_planes_job;

enum { nk_planes_pixels = 4096 };

static void nk_planes_chunk(void *context, size_t number) {
#pragma STDC FP_CONTRACT OFF  // the same bits where the machine fuses
  const nk_planes_job *job = context;
  ptrdiff_t blocks = (job->pixels + nk_planes_pixels - 1) / nk_planes_pixels;
  ptrdiff_t sample = (ptrdiff_t)number / blocks;
  ptrdiff_t first = (ptrdiff_t)number % blocks * nk_planes_pixels;
  ptrdiff_t count = nk_lesser(nk_planes_pixels, job->pixels - first);
  uint8_t *to = job->y + (sample * job->pixels + first) * job->padded;
  for (ptrdiff_t channel = 0; channel < job->padded; channel++) {
    const float *from = job->x + (sample * job->channels + channel) * job->pixels + first;
    for (ptrdiff_t i = 0; i < count; i++) {
      float level = channel < job->channels ? from[i] * job->inverse + job->zero : job->zero;
      level = level > 0 ? level : 0;
      level = level < 255 ? level : 255;
      // Adding 1.5·2²³ rounds to the nearest whole number, ties to even.
      float shifted = level + 12582912.0f;
      uint32_t bits;
      memcpy(&bits, &shifted, 4);
      to[i * job->padded + channel] = (uint8_t)bits;
    }
  }
}

void nk_int8_from_planes(
    const float *x, uint8_t *y, ptrdiff_t batch, ptrdiff_t channels, ptrdiff_t padded,
    ptrdiff_t pixels, float inverse, float zero) {
  nk_planes_job job = {x, y, channels, padded, pixels, inverse, zero};
  nk_parallel(
      (size_t)(batch * ((pixels + nk_planes_pixels - 1) / nk_planes_pixels)), nk_planes_chunk,
      &job);
}

typedef struct {
  const nk_int8_conv *c;
  const uint8_t *x;
  uint8_t *y;
} nk_byte_pool_job;

// One row of windows.
static void nk_byte_pool_chunk(void *context, size_t number) {
  const nk_byte_pool_job *job = context;
  const nk_int8_conv *c = job->c;
  ptrdiff_t sample = (ptrdiff_t)number / c->out[0], row = (ptrdiff_t)number % c->out[0];
  for (ptrdiff_t column = 0; column < c->out[1]; column++) {
    uint8_t *to = job->y + (((ptrdiff_t)number) * c->out[1] + column) * c->channels;
    memset(to, 0, (size_t)c->channels);
    for (ptrdiff_t v = 0; v < c->kernel[0]; v++)
      for (ptrdiff_t u = 0; u < c->kernel[1]; u++) {
        ptrdiff_t y = row * c->stride[0] + v * c->dilation[0] - c->before[0];
        ptrdiff_t x = column * c->stride[1] + u * c->dilation[1] - c->before[1];
        if (y < 0 || y >= c->in[0] || x < 0 || x >= c->in[1]) continue;
        const uint8_t *from =
            job->x + ((sample * c->in[0] + y) * c->in[1] + x) * c->channels;
        for (ptrdiff_t i = 0; i < c->channels; i++) to[i] = to[i] > from[i] ? to[i] : from[i];
      }
  }
}

void nk_int8_max_pool(const nk_int8_conv *window, const uint8_t *x, uint8_t *y) {
  nk_byte_pool_job job = {window, x, y};
  nk_parallel((size_t)(window->batch * window->out[0]), nk_byte_pool_chunk, &job);
}

void nk_int8_sum(
    const uint8_t *x, int64_t *sums, ptrdiff_t batch, ptrdiff_t pixels, ptrdiff_t channels) {
  for (ptrdiff_t sample = 0; sample < batch; sample++) {
    int64_t *to = sums + sample * channels;
    memset(to, 0, (size_t)channels * sizeof *to);
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel++, x += channels)
      for (ptrdiff_t i = 0; i < channels; i++) to[i] += x[i];
  }
}
