// Copies between views of any strides.
#include <string.h>

#include "nk_memory.h"
#include "nk_threads.h"

enum { nk_most_axes = 16 };

typedef struct {
  char *target;
  const char *source;
  ptrdiff_t shape[nk_most_axes], to[nk_most_axes], from[nk_most_axes];
  ptrdiff_t rank;
  size_t size;
  ptrdiff_t rows, rows_per_chunk;
} nk_copy_job;

#define NK_ROW(type)                                                         \
  for (ptrdiff_t i = 0; i < count; i++)                                      \
  ((type *)target)[i * to] = ((const type *)source)[i * from]

static void nk_copy_row(
    char *target, ptrdiff_t to, const char *source, ptrdiff_t from, ptrdiff_t count, size_t size) {
  if (to == 1 && from == 1) {
    memcpy(target, source, (size_t)count * size);
    return;
  }
  switch (size) {
  case 1: NK_ROW(uint8_t); break;
  case 2: NK_ROW(uint16_t); break;
  case 4: NK_ROW(uint32_t); break;
  default: NK_ROW(uint64_t); break;
  }
}

// A matrix whose source runs down columns: blocks keep both sides in cache.
static void nk_copy_transposed4(
    char *target, ptrdiff_t to, const char *source, ptrdiff_t from, ptrdiff_t rows, ptrdiff_t columns) {
  uint32_t *out = (uint32_t *)target;
  const uint32_t *in = (const uint32_t *)source;
  for (ptrdiff_t r0 = 0; r0 < rows; r0 += 16) {
    ptrdiff_t r1 = r0 + 16 < rows ? r0 + 16 : rows;
    for (ptrdiff_t c0 = 0; c0 < columns; c0 += 16) {
      ptrdiff_t c1 = c0 + 16 < columns ? c0 + 16 : columns;
      for (ptrdiff_t r = r0; r < r1; r++)
        for (ptrdiff_t c = c0; c < c1; c++) out[r * to + c] = in[c * from + r];
    }
  }
}

static void nk_copy_chunk(void *context, size_t chunk) {
  const nk_copy_job *job = context;
  ptrdiff_t inner = job->rank - 1;
  ptrdiff_t first = (ptrdiff_t)chunk * job->rows_per_chunk;
  ptrdiff_t last = first + job->rows_per_chunk;
  if (last > job->rows) last = job->rows;
  ptrdiff_t size = (ptrdiff_t)job->size;
  for (ptrdiff_t row = first; row < last;) {
    ptrdiff_t rest = row, to = 0, from = 0, index = 0;
    for (ptrdiff_t axis = inner - 1; axis >= 0; axis--) {
      ptrdiff_t at = rest % job->shape[axis];
      if (axis == inner - 1) index = at;
      rest /= job->shape[axis];
      to += at * job->to[axis];
      from += at * job->from[axis];
    }
    ptrdiff_t rows = 1;
    if (inner > 0 && size == 4 && job->from[inner - 1] == 1 && job->to[inner] == 1) {
      rows = job->shape[inner - 1] - index;
      if (rows > last - row) rows = last - row;
      nk_copy_transposed4(
          job->target + to * size, job->to[inner - 1], job->source + from * size, job->from[inner],
          rows, job->shape[inner]);
    } else {
      nk_copy_row(
          job->target + to * size, job->to[inner], job->source + from * size, job->from[inner],
          job->shape[inner], job->size);
    }
    row += rows;
  }
}

void nk_copy(
    void *target, const ptrdiff_t *target_strides, const void *source,
    const ptrdiff_t *source_strides, const ptrdiff_t *shape, ptrdiff_t rank, size_t size) {
  nk_copy_job job = {.target = target, .source = source, .size = size};
  if (rank > nk_most_axes) {
    // Peel the first axis until the rest fits.
    for (ptrdiff_t i = 0; i < shape[0]; i++)
      nk_copy(
          (char *)target + i * target_strides[0] * (ptrdiff_t)size, target_strides + 1,
          (const char *)source + i * source_strides[0] * (ptrdiff_t)size, source_strides + 1,
          shape + 1, rank - 1, size);
    return;
  }
  // Axes of one element go; neighbours that lie as one become one.
  for (ptrdiff_t axis = 0; axis < rank; axis++) {
    if (shape[axis] == 0) return;
    if (shape[axis] == 1) continue;
    ptrdiff_t top = job.rank - 1;
    if (top >= 0 && job.to[top] == target_strides[axis] * shape[axis] &&
        job.from[top] == source_strides[axis] * shape[axis]) {
      job.shape[top] *= shape[axis];
      job.to[top] = target_strides[axis];
      job.from[top] = source_strides[axis];
    } else {
      job.shape[job.rank] = shape[axis];
      job.to[job.rank] = target_strides[axis];
      job.from[job.rank] = source_strides[axis];
      job.rank++;
    }
  }
  if (job.rank == 0) {
    job.shape[0] = job.to[0] = job.from[0] = 1;
    job.rank = 1;
  }
  if (job.rank == 1 && job.to[0] == 1 && job.from[0] == 1 && job.shape[0] > 65536) {
    // One long run: cut it into rows so that threads share it.
    ptrdiff_t piece = 16384, rest = job.shape[0] % piece;
    if (rest)
      memcpy(
          job.target + (job.shape[0] - rest) * (ptrdiff_t)size,
          job.source + (job.shape[0] - rest) * (ptrdiff_t)size, (size_t)rest * size);
    job.rank = 2;
    job.shape[0] /= piece;
    job.shape[1] = piece;
    job.to[0] = job.from[0] = piece;
    job.to[1] = job.from[1] = 1;
  }
  job.rows = 1;
  for (ptrdiff_t axis = 0; axis + 1 < job.rank; axis++) job.rows *= job.shape[axis];
  ptrdiff_t inner = job.shape[job.rank - 1];
  ptrdiff_t per_chunk = 65536 / inner;
  job.rows_per_chunk = per_chunk < 16 ? 16 : per_chunk;
  nk_parallel(
      (size_t)((job.rows + job.rows_per_chunk - 1) / job.rows_per_chunk), nk_copy_chunk, &job);
}
