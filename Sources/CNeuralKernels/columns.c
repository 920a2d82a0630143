// Pictures as columns and back. One chunk is one channel, so that threads never share a result.

#include "include/nk_columns.h"

#include <string.h>

#include "include/nk_threads.h"

typedef struct {
  const nk_windows *windows;
  const float *source;
  float *target;
} job;

/// The outputs along one axis whose tap falls inside the picture: first and one past the last.
static void reach(const nk_windows *w, int axis, ptrdiff_t tap, ptrdiff_t *first, ptrdiff_t *end) {
  ptrdiff_t at = tap * w->dilation[axis] - w->padding[axis];
  ptrdiff_t stride = w->stride[axis];
  ptrdiff_t low = at >= 0 ? 0 : (-at + stride - 1) / stride;
  ptrdiff_t high = w->size[axis] - 1 - at < 0 ? 0 : (w->size[axis] - 1 - at) / stride + 1;
  if (high > w->output[axis]) high = w->output[axis];
  *first = low < high ? low : high;
  *end = high;
}

static void lay_out(void *context, size_t channel) {
  const job *j = context;
  const nk_windows *w = j->windows;
  ptrdiff_t plane = w->size[0] * w->size[1] * w->size[2];
  ptrdiff_t places = w->output[0] * w->output[1] * w->output[2];
  ptrdiff_t taps = w->taps[0] * w->taps[1] * w->taps[2];
  float *row = j->target + (ptrdiff_t)channel * taps * places * w->batch;
  for (ptrdiff_t a = 0; a < w->taps[0]; a++)
    for (ptrdiff_t b = 0; b < w->taps[1]; b++)
      for (ptrdiff_t c = 0; c < w->taps[2]; c++) {
        ptrdiff_t z0, z1, y0, y1, x0, x1;
        reach(w, 0, a, &z0, &z1);
        reach(w, 1, b, &y0, &y1);
        reach(w, 2, c, &x0, &x1);
        int whole = z0 == 0 && z1 == w->output[0] && y0 == 0 && y1 == w->output[1] && x0 == 0 &&
                    x1 == w->output[2];
        for (ptrdiff_t n = 0; n < w->batch; n++, row += places) {
          const float *picture = j->source + n * w->batch_stride + (ptrdiff_t)channel * plane;
          if (!whole) memset(row, 0, (size_t)places * sizeof(float));
          for (ptrdiff_t z = z0; z < z1; z++)
            for (ptrdiff_t y = y0; y < y1; y++) {
              ptrdiff_t iz = z * w->stride[0] + a * w->dilation[0] - w->padding[0];
              ptrdiff_t iy = y * w->stride[1] + b * w->dilation[1] - w->padding[1];
              ptrdiff_t ix = x0 * w->stride[2] + c * w->dilation[2] - w->padding[2];
              const float *from = picture + (iz * w->size[1] + iy) * w->size[2] + ix;
              float *to = row + (z * w->output[1] + y) * w->output[2];
              if (w->stride[2] == 1)
                memcpy(to + x0, from, (size_t)(x1 - x0) * sizeof(float));
              else
                for (ptrdiff_t x = x0; x < x1; x++) to[x] = from[(x - x0) * w->stride[2]];
            }
        }
      }
}

static void sum_up(void *context, size_t channel) {
  const job *j = context;
  const nk_windows *w = j->windows;
  ptrdiff_t plane = w->size[0] * w->size[1] * w->size[2];
  ptrdiff_t places = w->output[0] * w->output[1] * w->output[2];
  ptrdiff_t taps = w->taps[0] * w->taps[1] * w->taps[2];
  for (ptrdiff_t n = 0; n < w->batch; n++)
    memset(
        j->target + n * w->batch_stride + (ptrdiff_t)channel * plane, 0,
        (size_t)plane * sizeof(float));
  const float *row = j->source + (ptrdiff_t)channel * taps * places * w->batch;
  for (ptrdiff_t a = 0; a < w->taps[0]; a++)
    for (ptrdiff_t b = 0; b < w->taps[1]; b++)
      for (ptrdiff_t c = 0; c < w->taps[2]; c++) {
        ptrdiff_t z0, z1, y0, y1, x0, x1;
        reach(w, 0, a, &z0, &z1);
        reach(w, 1, b, &y0, &y1);
        reach(w, 2, c, &x0, &x1);
        for (ptrdiff_t n = 0; n < w->batch; n++, row += places) {
          float *picture = j->target + n * w->batch_stride + (ptrdiff_t)channel * plane;
          for (ptrdiff_t z = z0; z < z1; z++)
            for (ptrdiff_t y = y0; y < y1; y++) {
              ptrdiff_t iz = z * w->stride[0] + a * w->dilation[0] - w->padding[0];
              ptrdiff_t iy = y * w->stride[1] + b * w->dilation[1] - w->padding[1];
              ptrdiff_t ix = x0 * w->stride[2] + c * w->dilation[2] - w->padding[2];
              float *to = picture + (iz * w->size[1] + iy) * w->size[2] + ix;
              const float *from = row + (z * w->output[1] + y) * w->output[2];
              if (w->stride[2] == 1)
                for (ptrdiff_t x = x0; x < x1; x++) to[x - x0] += from[x];
              else
                for (ptrdiff_t x = x0; x < x1; x++) to[(x - x0) * w->stride[2]] += from[x];
            }
        }
      }
}

void nk_lay_out(const nk_windows *windows, const float *x, float *columns) {
  job j = {windows, x, columns};
  nk_parallel((size_t)windows->channels, lay_out, &j);
}

void nk_lay_back(const nk_windows *windows, const float *columns, float *x) {
  job j = {windows, columns, x};
  nk_parallel((size_t)windows->channels, sum_up, &j);
}
