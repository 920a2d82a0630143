// Convolution as a matrix product whose right operand is packed straight from the image.
//
// y[filter, pixel] = W[filter, k] · columns[k, pixel] with k over channels and taps. The columns are
// never stored whole: each chunk packs 384 of k for a few panels of 32 pixels and multiplies them
// with all filters while they are in the second-level cache.
#include <string.h>

#include "image.h"
#include "winograd.h"

// Filters in panels as tall as the tile; the table that packed them stands in front.
typedef struct {
  const nk_kernels *kernels;
  ptrdiff_t filters, k, panels;
} nk_filters;

enum { nk_header = 64 / sizeof(float) };

static nk_filters nk_filters_of(const nk_conv *c, const nk_kernels *kernels) {
  nk_filters f = {.kernels = kernels, .filters = c->filters / c->groups};
  f.k = c->channels / c->groups * nk_taps(c);
  f.panels = (f.filters + kernels->gemm_rows - 1) / kernels->gemm_rows;
  return f;
}

static ptrdiff_t nk_group_floats(const nk_filters *f) {
  return f->panels * f->kernels->gemm_rows * f->k;
}

size_t nk_conv_packed_size(const nk_conv *c, nk_conv_algorithm algorithm) {
  if (algorithm == NK_CONV_WINOGRAD) return nk_winograd_packed_size(c) + 64;
  nk_filters f = nk_filters_of(c, nk_active());
  // Few filters a group keep the order they came in.
  return ((size_t)nk_most(nk_group_floats(&f), f.filters * f.k) * (size_t)c->groups + nk_header) *
         sizeof(float);
}

static int nk_few_filters(const nk_conv *c) { return c->filters / c->groups <= 4; }

typedef struct {
  const nk_conv *conv;
  const float *filters;
  float *packed;
  nk_filters f;
  // Of a gradient: the taps of a source filter, and which of them each tap here is.
  ptrdiff_t source_taps;
  const ptrdiff_t *order;
} nk_pack_job;

enum { nk_pack_panels = 4 };

// The filters of a convolution in the order of the one that is its gradient: filters and channels of
// a group change places. Neighbouring rows are neighbours in memory, but for the taps between them.
static void nk_pack_turned_chunk(void *context, size_t chunk) {
  const nk_pack_job *job = context;
  const nk_filters *f = &job->f;
  ptrdiff_t height = f->kernels->gemm_rows, blocks = (f->panels + nk_pack_panels - 1) / nk_pack_panels;
  ptrdiff_t group = (ptrdiff_t)chunk / blocks;
  ptrdiff_t first = (ptrdiff_t)chunk % blocks * nk_pack_panels;
  ptrdiff_t last = nk_least(first + nk_pack_panels, f->panels);
  ptrdiff_t taps = nk_taps(job->conv), channels = job->conv->channels / job->conv->groups;
  float *to = job->packed + group * nk_group_floats(f);
  for (ptrdiff_t k = 0; k < f->k; k++) {
    ptrdiff_t step = k / nk_depth * nk_depth, depth = nk_least(nk_depth, f->k - step);
    const float *source = job->filters +
                          (group * channels + k / taps) * f->filters * job->source_taps +
                          job->order[k % taps];
    for (ptrdiff_t panel = first; panel < last; panel++) {
      float *at = to + (step * f->panels + panel * depth + k - step) * height;
      ptrdiff_t rows = nk_least(height, f->filters - panel * height);
      const float *line = source + panel * height * job->source_taps;
      for (ptrdiff_t row = 0; row < rows; row++) at[row] = line[row * job->source_taps];
      for (ptrdiff_t row = rows; row < height; row++) at[row] = 0;
    }
  }
}

static void nk_pack_filters_chunk(void *context, size_t chunk) {
  const nk_pack_job *job = context;
  const nk_filters *f = &job->f;
  ptrdiff_t height = f->kernels->gemm_rows;
  ptrdiff_t group = (ptrdiff_t)chunk / f->panels, panel = (ptrdiff_t)chunk % f->panels;
  float *to = job->packed + group * nk_group_floats(f);
  const float *from = job->filters + (group * f->filters + panel * height) * f->k;
  ptrdiff_t rows = nk_least(height, f->filters - panel * height);
  for (ptrdiff_t step = 0; step < f->k; step += nk_depth) {
    ptrdiff_t depth = nk_least(nk_depth, f->k - step);
    float *at = to + step * f->panels * height + panel * height * depth;
    for (ptrdiff_t k = 0; k < depth; k++)
      for (ptrdiff_t row = 0; row < height; row++)
        at[k * height + row] = row < rows ? from[row * f->k + step + k] : 0.0f;
  }
}

void nk_conv_pack(
    const nk_conv *c, nk_conv_algorithm algorithm, const float *filters, float *packed) {
  const nk_kernels *kernels = nk_active();
  memcpy(packed, &kernels, sizeof kernels);
  nk_pack_job job = {c, filters, packed + nk_header, nk_filters_of(c, kernels), 0, NULL};
  if (algorithm == NK_CONV_WINOGRAD) {
    nk_winograd_pack(c, kernels, filters, 0, packed + nk_header);
  } else if (nk_few_filters(c)) {
    memcpy(packed + nk_header, filters, (size_t)(c->filters * job.f.k) * sizeof(float));
  } else {
    nk_parallel((size_t)(c->groups * job.f.panels), nk_pack_filters_chunk, &job);
  }
}

void nk_conv_pack_turned(
    const nk_conv *c, nk_conv_algorithm algorithm, const float *filters, ptrdiff_t source_taps,
    const ptrdiff_t *order, float *packed) {
  const nk_kernels *kernels = nk_active();
  memcpy(packed, &kernels, sizeof kernels);
  nk_pack_job job = {
      c, filters, packed + nk_header, nk_filters_of(c, kernels), source_taps, order};
  ptrdiff_t channels = c->channels / c->groups, taps = nk_taps(c);
  if (algorithm == NK_CONV_WINOGRAD) {
    nk_winograd_pack(c, kernels, filters, 1, packed + nk_header);
  } else if (nk_few_filters(c)) {
    float *to = packed + nk_header;
    for (ptrdiff_t group = 0; group < c->groups; group++)
      for (ptrdiff_t row = 0; row < job.f.filters; row++)
        for (ptrdiff_t k = 0; k < job.f.k; k++)
          *to++ = filters
              [((group * channels + k / taps) * job.f.filters + row) * source_taps + order[k % taps]];
  } else {
    ptrdiff_t blocks = (job.f.panels + nk_pack_panels - 1) / nk_pack_panels;
    nk_parallel((size_t)(c->groups * blocks), nk_pack_turned_chunk, &job);
  }
}

typedef struct {
  const nk_conv *conv;
  nk_filters f;
  const nk_image *image;
  const float *packed;
  float *y;
  const nk_epilogue *epilogue;
  const ptrdiff_t *taps;
  float *scratch;
  ptrdiff_t pixels, block_pixels, pixel_blocks, block_panels, panel_blocks;
  _Atomic int failed;
} nk_direct_job;

// One panel of columns: k rows of 32 pixels, copied run by run. A copy may write past its run; what
// follows overwrites it.
static void nk_pack_columns(
    const float *image, const ptrdiff_t *taps, ptrdiff_t k, const nk_run *runs, int count,
    int slack, float *panel) {
  if (count == 1 && runs[0].length == nk_panel) {
    const float *from = image + runs[0].place;
    for (ptrdiff_t step = 0; step < k; step++)
      memcpy(panel + step * nk_panel, from + taps[step], nk_panel * sizeof(float));
    return;
  }
  if (!slack) {
    memset(panel, 0, (size_t)(k * nk_panel) * sizeof(float));
    for (ptrdiff_t step = 0; step < k; step++)
      for (int run = 0; run < count; run++)
        memcpy(
            panel + step * nk_panel + runs[run].start, image + runs[run].place + taps[step],
            (size_t)runs[run].length * sizeof(float));
    return;
  }
  for (ptrdiff_t step = 0; step < k; step++)
    for (int run = 0; run < count; run++) {
      const float *from = image + runs[run].place + taps[step];
      float *to = panel + step * nk_panel + runs[run].start;
      for (ptrdiff_t done = 0; done < runs[run].length; done += 16)
        memcpy(to + done, from + done, 16 * sizeof(float));
    }
}

static void nk_direct_chunk(void *context, size_t number) {
  nk_direct_job *job = context;
  const nk_conv *c = job->conv;
  const nk_filters *f = &job->f;
  ptrdiff_t chunk = (ptrdiff_t)number, height = f->kernels->gemm_rows;
  ptrdiff_t panel_block = chunk % job->panel_blocks;
  chunk /= job->panel_blocks;
  ptrdiff_t block = chunk % job->pixel_blocks;
  chunk /= job->pixel_blocks;
  ptrdiff_t group = chunk % c->groups, sample = chunk / c->groups;

  ptrdiff_t first = block * job->block_pixels;
  ptrdiff_t count = nk_least(job->block_pixels, job->pixels - first);
  ptrdiff_t panels = (count + nk_panel - 1) / nk_panel;
  ptrdiff_t row0 = panel_block * job->block_panels * height;
  ptrdiff_t row1 = nk_least(row0 + job->block_panels * height, f->filters);
  const float *image = job->image->values + sample * job->image->sample_stride +
                       group * (c->channels / c->groups) * job->image->channel_stride;
  const float *filters = job->packed + group * nk_group_floats(f);
  float *y = job->y + (sample * c->filters + group * f->filters) * job->pixels;
  nk_epilogue shifted;
  if (job->epilogue) {
    shifted = *job->epilogue;
    if (shifted.row_bias) shifted.row_bias += group * f->filters;
    if (shifted.residual) shifted.residual += y - job->y;
  }
  ptrdiff_t depth = nk_least(f->k, nk_depth);
  size_t bytes = (size_t)(panels * depth * nk_panel + nk_slack) * sizeof(float);
  float *columns = nk_arena_take(bytes);
  if (!columns) {
    job->failed = 1;
    return;
  }
  for (ptrdiff_t step = 0; step < f->k; step += nk_depth) {
    ptrdiff_t k = nk_least(nk_depth, f->k - step);
    for (ptrdiff_t panel = 0; panel < panels; panel++) {
      nk_run runs[nk_panel];
      ptrdiff_t from = panel * nk_panel;
      int found = nk_image_runs(
          c, job->image, first + from, nk_least(nk_panel, count - from), runs);
      nk_pack_columns(
          image, job->taps + step, k, runs, found, job->image->slack, columns + from * k);
    }
    const nk_epilogue *epilogue = job->epilogue && step + k == f->k ? &shifted : NULL;
    for (ptrdiff_t row = row0; row < row1; row += height)
      for (ptrdiff_t panel = 0; panel < panels; panel++) {
        ptrdiff_t from = panel * nk_panel;
        f->kernels->gemm_tile(
            nk_least(height, row1 - row), nk_least(nk_panel, count - from), k,
            filters + step * f->panels * height + row * k, columns + from * k,
            y + row * job->pixels + first + from, job->pixels, step > 0, epilogue, row,
            first + from);
      }
  }
  nk_arena_give(columns, bytes);
}

// Pixels that are computed at a time: a row, or a part of a plane that is one row.
static ptrdiff_t nk_row_pixels(const nk_conv *c, const nk_image *image) {
  return image->flat ? nk_least(nk_pixels(c), 4096) : c->out[2];
}

// Few filters a group (depthwise among them): each row of outputs straight from the image.
static void nk_few_chunk(void *context, size_t number) {
  nk_direct_job *job = context;
  const nk_conv *c = job->conv;
  ptrdiff_t block = (ptrdiff_t)number % job->pixel_blocks, rest = (ptrdiff_t)number / job->pixel_blocks;
  ptrdiff_t group = rest % c->groups, sample = rest / c->groups;
  ptrdiff_t filters = job->f.filters, end = nk_least((block + 1) * job->block_pixels, job->pixels);
  const float *image = job->image->values + sample * job->image->sample_stride +
                       group * (c->channels / c->groups) * job->image->channel_stride;
  const float *weights = job->packed + group * filters * job->f.k;
  float *y = job->y + (sample * c->filters + group * filters) * job->pixels;
  ptrdiff_t step = nk_row_pixels(c, job->image);
  for (ptrdiff_t pixel = block * job->block_pixels; pixel < end; pixel += step) {
    nk_run run;
    ptrdiff_t width = nk_least(step, end - pixel);
    nk_image_runs(c, job->image, pixel, width, &run);
    job->f.kernels->conv_row(
        image + run.place, job->taps, weights, job->f.k, filters, y + pixel, job->pixels, width,
        job->image->slack);
    if (job->epilogue) {
      nk_epilogue shifted = *job->epilogue;
      if (shifted.row_bias) shifted.row_bias += group * filters;
      if (shifted.residual) shifted.residual += y - job->y;
      job->f.kernels->finish(
          filters, width, y + pixel, job->pixels, &shifted, 0, pixel);
    }
  }
}

int nk_conv_run(
    const nk_conv *c, nk_conv_algorithm algorithm, const float *x, const float *packed, float *y,
    const nk_epilogue *epilogue) {
  const nk_kernels *kernels;
  memcpy(&kernels, packed, sizeof kernels);
  packed += nk_header;
  if (algorithm == NK_CONV_WINOGRAD) return nk_winograd_run(c, kernels, x, packed, y, epilogue);
  nk_direct_job job = {
      .conv = c, .packed = packed, .y = y, .epilogue = epilogue, .f = nk_filters_of(c, kernels)};
  job.pixels = nk_pixels(c);
  if (job.pixels <= 0 || c->batch <= 0 || c->filters <= 0) return 1;
  size_t tap_bytes = (size_t)(job.f.k + 1) * sizeof(ptrdiff_t);
  ptrdiff_t *taps = nk_arena_take(tap_bytes);
  nk_image image = {0};
  int made = taps && nk_image_make(c, x, &image);
  if (made) {
    ptrdiff_t at = 0;
    for (ptrdiff_t channel = 0; channel < c->channels / c->groups; channel++)
      for (ptrdiff_t z = 0; z < c->kernel[0]; z++)
        for (ptrdiff_t v = 0; v < c->kernel[1]; v++)
          for (ptrdiff_t u = 0; u < c->kernel[2]; u++)
            taps[at++] = channel * image.channel_stride + nk_image_tap(c, &image, z, v, u);
    job.taps = taps;
    job.image = &image;
    if (nk_few_filters(c)) {
      // Rows of outputs, shared where there are few samples and groups.
      ptrdiff_t width = nk_row_pixels(c, &image), rows = (job.pixels + width - 1) / width;
      ptrdiff_t wanted = nk_least(rows, (15 + c->batch * c->groups) / (c->batch * c->groups));
      job.block_pixels = (rows + wanted - 1) / wanted * width;
      job.pixel_blocks = (job.pixels + job.block_pixels - 1) / job.block_pixels;
      nk_parallel((size_t)(c->batch * c->groups * job.pixel_blocks), nk_few_chunk, &job);
    } else {
      // A chunk: up to 8 panels of pixels by all filters; split further until there are 8 chunks.
      ptrdiff_t all = (job.pixels + nk_panel - 1) / nk_panel, panels = nk_least(all, 8);
      ptrdiff_t images = c->batch * c->groups;
      while (panels > 4 && images * ((all + panels - 1) / panels) < 16) panels--;
      job.block_pixels = panels * nk_panel;
      job.pixel_blocks = (all + panels - 1) / panels;
      job.block_panels = job.f.panels;
      while (job.block_panels > 4 &&
             images * job.pixel_blocks *
                     ((job.f.panels + job.block_panels - 1) / job.block_panels) <
                 8)
        job.block_panels = (job.block_panels + 1) / 2;
      job.panel_blocks = (job.f.panels + job.block_panels - 1) / job.block_panels;
      nk_parallel(
          (size_t)(images * job.pixel_blocks * job.panel_blocks), nk_direct_chunk, &job);
    }
  }
  nk_image_free(&image);
  if (taps) nk_arena_give(taps, tap_bytes);
  return made && !job.failed;
}
