// Padding and phase splitting.
#include "image.h"

#include <string.h>

typedef struct {
  const nk_conv *conv;
  const float *x;
  float *to;
  const nk_image *image;
  ptrdiff_t padded[3];
} nk_layout_job;

static int nk_is_flat(const nk_conv *c) {
  for (int axis = 0; axis < 3; axis++)
    if (c->kernel[axis] != 1 || c->stride[axis] != 1 || c->before[axis] != 0 ||
        c->in[axis] != c->out[axis])
      return 0;
  return 1;
}

// One padded row: phase f holds columns f, f + stride, … of the padded row.
static void nk_layout_row(const nk_conv *c, const nk_image *image, const float *from, float *to) {
  ptrdiff_t stride = c->stride[2], before = c->before[2], width = c->in[2];
  ptrdiff_t length = image->phase_stride;
  for (ptrdiff_t phase = 0; phase < stride; phase++) {
    float *line = to + phase * length;
    // Column i of the phase is column phase + i·stride − before of the image.
    ptrdiff_t first = before > phase ? (before - phase + stride - 1) / stride : 0;
    if (first > length) first = length;
    ptrdiff_t end = first;
    if (width + before > phase) end = (width + before - phase + stride - 1) / stride;
    if (end > length) end = length;
    if (end < first) end = first;
    memset(line, 0, (size_t)first * sizeof(float));
    const float *source = from + phase - before;
    if (stride == 1)
      memcpy(line + first, source + first, (size_t)(end - first) * sizeof(float));
    else
      for (ptrdiff_t i = first; i < end; i++) line[i] = source[i * stride];
    memset(line + end, 0, (size_t)(length - end) * sizeof(float));
  }
}

static void nk_layout_chunk(void *context, size_t chunk) {
  const nk_layout_job *job = context;
  const nk_conv *c = job->conv;
  const nk_image *image = job->image;
  ptrdiff_t slices = job->padded[0], rows = job->padded[1];
  const float *plane = job->x + (ptrdiff_t)chunk * c->in[0] * c->in[1] * c->in[2];
  float *to = job->to + (ptrdiff_t)chunk * image->channel_stride;
  for (ptrdiff_t z = 0; z < slices; z++)
    for (ptrdiff_t y = 0; y < rows; y++, to += image->row_stride) {
      ptrdiff_t slice = z - c->before[0], row = y - c->before[1];
      if (slice < 0 || slice >= c->in[0] || row < 0 || row >= c->in[1])
        memset(to, 0, (size_t)image->row_stride * sizeof(float));
      else
        nk_layout_row(c, image, plane + (slice * c->in[1] + row) * c->in[2], to);
    }
}

// One plane of the places that a 1×1 filter with a stride reads.
static void nk_sample_chunk(void *context, size_t chunk) {
  const nk_layout_job *job = context;
  const nk_conv *c = job->conv;
  const float *plane = job->x + (ptrdiff_t)chunk * c->in[0] * c->in[1] * c->in[2];
  float *to = job->to + (ptrdiff_t)chunk * job->image->channel_stride;
  for (ptrdiff_t z = 0; z < c->out[0]; z++)
    for (ptrdiff_t y = 0; y < c->out[1]; y++, to += c->out[2]) {
      const float *row = plane + (z * c->stride[0] * c->in[1] + y * c->stride[1]) * c->in[2];
      for (ptrdiff_t x = 0; x < c->out[2]; x++) to[x] = row[x * c->stride[2]];
    }
}

static int nk_is_sampled(const nk_conv *c) {
  for (int axis = 0; axis < 3; axis++)
    if (c->kernel[axis] != 1 || c->before[axis] != 0 ||
        (c->out[axis] - 1) * c->stride[axis] >= c->in[axis])
      return 0;
  return 1;
}

int nk_image_make(const nk_conv *c, const float *x, nk_image *image) {
  *image = (nk_image){0};
  if (nk_is_flat(c)) {
    image->values = x;
    image->flat = 1;
    image->channel_stride = c->in[0] * c->in[1] * c->in[2];
    image->sample_stride = image->channel_stride * c->channels;
    image->phase_stride = image->row_stride = image->slice_stride = image->channel_stride;
    return 1;
  }
  nk_layout_job job = {.conv = c, .x = x, .image = image};
  if (nk_is_sampled(c)) {
    image->flat = 1;
    image->channel_stride = nk_pixels(c);
    image->sample_stride = image->channel_stride * c->channels;
    image->phase_stride = image->row_stride = image->slice_stride = image->channel_stride;
    image->bytes = ((size_t)(image->sample_stride * c->batch) + nk_slack) * sizeof(float);
    image->memory = nk_arena_take(image->bytes);
    if (!image->memory) return 0;
    image->values = job.to = image->memory;
    image->slack = 1;
    memset(job.to + image->sample_stride * c->batch, 0, nk_slack * sizeof(float));
    nk_parallel((size_t)(c->batch * c->channels), nk_sample_chunk, &job);
    return 1;
  }
  ptrdiff_t reach = 0;
  for (int axis = 0; axis < 3; axis++) {
    reach = (c->out[axis] - 1) * c->stride[axis] + (c->kernel[axis] - 1) * c->dilation[axis] + 1;
    job.padded[axis] = reach;
  }
  image->phase_stride = (reach + c->stride[2] - 1) / c->stride[2];
  image->row_stride = image->phase_stride * c->stride[2];
  image->slice_stride = image->row_stride * job.padded[1];
  image->channel_stride = image->slice_stride * job.padded[0];
  image->sample_stride = image->channel_stride * c->channels;
  image->bytes = ((size_t)(image->sample_stride * c->batch) + nk_slack) * sizeof(float);
  image->memory = nk_arena_take(image->bytes);
  if (!image->memory) return 0;
  image->values = job.to = image->memory;
  image->slack = 1;
  memset(job.to + image->sample_stride * c->batch, 0, nk_slack * sizeof(float));
  nk_parallel((size_t)(c->batch * c->channels), nk_layout_chunk, &job);
  return 1;
}

void nk_image_free(nk_image *image) {
  if (image->memory) nk_arena_give(image->memory, image->bytes);
  image->memory = NULL;
}

ptrdiff_t nk_image_tap(
    const nk_conv *c, const nk_image *image, ptrdiff_t z, ptrdiff_t y, ptrdiff_t x) {
  ptrdiff_t column = x * c->dilation[2];
  return z * c->dilation[0] * image->slice_stride + y * c->dilation[1] * image->row_stride +
         column % c->stride[2] * image->phase_stride + column / c->stride[2];
}

int nk_image_runs(
    const nk_conv *c, const nk_image *image, ptrdiff_t first, ptrdiff_t count, nk_run *runs) {
  if (image->flat) {
    runs[0] = (nk_run){0, count, first};
    return 1;
  }
  int found = 0;
  for (ptrdiff_t done = 0; done < count;) {
    ptrdiff_t pixel = first + done, x = pixel % c->out[2], rest = pixel / c->out[2];
    ptrdiff_t y = rest % c->out[1], z = rest / c->out[1];
    ptrdiff_t length = nk_least(c->out[2] - x, count - done);
    runs[found++] = (nk_run){
        done, length,
        z * c->stride[0] * image->slice_stride + y * c->stride[1] * image->row_stride + x};
    done += length;
  }
  return found;
}
