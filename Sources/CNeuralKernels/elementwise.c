// Whole tensors through the row kernels, shared among threads.
#include <string.h>

#include "kernels.h"

enum { nk_piece = 16384 };

typedef struct {
  const nk_kernels *kernels;
  nk_unary_op op;
  float p, q;
  const float *x;
  float *y;
  size_t count;
} nk_unary_job;

static void nk_unary_chunk(void *context, size_t chunk) {
  const nk_unary_job *job = context;
  size_t from = chunk * nk_piece, left = job->count - from;
  job->kernels->unary(
      job->op, job->p, job->q, job->x + from, job->y + from, left < nk_piece ? left : nk_piece);
}

void nk_unary(nk_unary_op op, float p, float q, const float *x, float *y, size_t count) {
  nk_unary_job job = {nk_active(), op, p, q, x, y, count};
  nk_parallel((count + nk_piece - 1) / nk_piece, nk_unary_chunk, &job);
}

enum { nk_binary_axes = 12 };

typedef struct {
  const nk_kernels *kernels;
  nk_binary_op op;
  const float *a, *b;
  float *y;
  ptrdiff_t rank, shape[nk_binary_axes], at[nk_binary_axes], bt[nk_binary_axes];
  ptrdiff_t rows, rows_per_chunk;
} nk_binary_job;

static void nk_binary_chunk(void *context, size_t chunk) {
  const nk_binary_job *job = context;
  ptrdiff_t inner = job->rank - 1, length = job->shape[inner];
  ptrdiff_t first = (ptrdiff_t)chunk * job->rows_per_chunk;
  ptrdiff_t last = first + job->rows_per_chunk < job->rows ? first + job->rows_per_chunk : job->rows;
  for (ptrdiff_t row = first; row < last; row++) {
    ptrdiff_t rest = row, a = 0, b = 0;
    for (ptrdiff_t axis = inner - 1; axis >= 0; axis--) {
      ptrdiff_t index = rest % job->shape[axis];
      rest /= job->shape[axis];
      a += index * job->at[axis];
      b += index * job->bt[axis];
    }
    const float *left = job->a + a, *right = job->b + b;
    ptrdiff_t as = job->at[inner], bs = job->bt[inner];
    float *y = job->y + row * length;
    if ((as == 0 || as == 1) && (bs == 0 || bs == 1)) {
      job->kernels->binary(job->op, left, as, right, bs, y, (size_t)length);
      continue;
    }
    for (ptrdiff_t from = 0; from < length; from += 256) {
      float gathered_a[256], gathered_b[256];
      ptrdiff_t count = length - from < 256 ? length - from : 256;
      for (ptrdiff_t i = 0; i < count; i++) {
        gathered_a[i] = left[(from + i) * as];
        gathered_b[i] = right[(from + i) * bs];
      }
      job->kernels->binary(job->op, gathered_a, 1, gathered_b, 1, y + from, (size_t)count);
    }
  }
}

void nk_binary(
    nk_binary_op op, const float *a, const ptrdiff_t *a_strides, const float *b,
    const ptrdiff_t *b_strides, float *y, const ptrdiff_t *shape, ptrdiff_t rank) {
  if (rank > nk_binary_axes) {
    ptrdiff_t inner = 1;
    for (ptrdiff_t axis = 1; axis < rank; axis++) inner *= shape[axis];
    for (ptrdiff_t i = 0; i < shape[0]; i++)
      nk_binary(
          op, a + i * a_strides[0], a_strides + 1, b + i * b_strides[0], b_strides + 1,
          y + i * inner, shape + 1, rank - 1);
    return;
  }
  nk_binary_job job = {.kernels = nk_active(), .op = op, .a = a, .b = b, .y = y};
  for (ptrdiff_t axis = 0; axis < rank; axis++) {
    if (shape[axis] == 0) return;
    if (shape[axis] == 1) continue;
    ptrdiff_t top = job.rank - 1;
    if (top >= 0 && job.at[top] == a_strides[axis] * shape[axis] &&
        job.bt[top] == b_strides[axis] * shape[axis]) {
      job.shape[top] *= shape[axis];
      job.at[top] = a_strides[axis];
      job.bt[top] = b_strides[axis];
    } else {
      job.shape[job.rank] = shape[axis];
      job.at[job.rank] = a_strides[axis];
      job.bt[job.rank++] = b_strides[axis];
    }
  }
  if (job.rank == 0) {
    job.shape[0] = job.at[0] = job.bt[0] = 1;
    job.rank = 1;
  }
  ptrdiff_t inner = job.rank - 1;
  // One long row: cut it so that threads share it; the rest is a row of its own.
  if (inner == 0 && job.shape[0] > 2 * nk_piece) {
    ptrdiff_t rows = job.shape[0] / nk_piece, done = rows * nk_piece;
    if (done < job.shape[0]) {
      ptrdiff_t left = job.shape[0] - done;
      nk_binary(
          op, a + done * job.at[0], job.at, b + done * job.bt[0], job.bt, y + done, &left, 1);
    }
    job.rank = 2;
    job.shape[1] = nk_piece;
    job.at[1] = job.at[0];
    job.bt[1] = job.bt[0];
    job.shape[0] = rows;
    job.at[0] *= nk_piece;
    job.bt[0] *= nk_piece;
    inner = 1;
  }
  job.rows = 1;
  for (ptrdiff_t axis = 0; axis < inner; axis++) job.rows *= job.shape[axis];
  job.rows_per_chunk = nk_piece / job.shape[inner] + 1;
  nk_parallel(
      (size_t)((job.rows + job.rows_per_chunk - 1) / job.rows_per_chunk), nk_binary_chunk, &job);
}
