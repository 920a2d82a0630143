// Attention with memory linear in its length: blocks of keys pass by, and each query keeps its
// largest score, its sum of exponentials and its weighted sum of values so far. Keys are turned once
// into panels of 64; queries, scores and values are read from where they lie.
// Source: T. Dao et al., "FlashAttention", NeurIPS 2022, without its backward pass.
#include <math.h>
#include <string.h>

#include "image.h"

enum { nk_query_block = 96, nk_key_block = 384 };

typedef struct {
  const nk_attention *a;
  const nk_kernels *kernels;
  nk_heads q, k, v;
  float *y, *statistics;
  // Keys of a head: [panel of 64][width][64]; values, where their rows are not whole vectors.
  float *keys, *values;
  ptrdiff_t key_panels, key_stride, value_stride;
  ptrdiff_t blocks;
  _Atomic int failed;
} nk_attention_job;

// A panel of one head's keys, turned, and its values copied where they need room at the end.
static void nk_key_chunk(void *context, size_t number) {
  const nk_attention_job *job = context;
  const nk_attention *a = job->a;
  ptrdiff_t panel = (ptrdiff_t)number % job->key_panels, rest = (ptrdiff_t)number / job->key_panels;
  ptrdiff_t head = rest % a->key_heads, batch = rest / a->key_heads;
  ptrdiff_t first = panel * nk_filter_panel, count = nk_least(nk_filter_panel, a->keys - first);
  const float *k = job->k.values + batch * job->k.batch_stride + head * job->k.head_stride +
                   first * job->k.row_stride;
  nk_pack_rows(
      job->kernels, k, job->k.row_stride, 1, count, a->width, nk_filter_panel,
      job->keys + rest * job->key_stride + panel * a->width * nk_filter_panel);
  if (!job->values) return;
  ptrdiff_t wide = nk_up(a->value_width, 16);
  float *to = job->values + rest * job->value_stride + first * wide;
  const float *v = job->v.values + batch * job->v.batch_stride + head * job->v.head_stride +
                   first * job->v.row_stride;
  memset(to, 0, (size_t)(count * wide) * sizeof(float));
  for (ptrdiff_t i = 0; i < count; i++)
    memcpy(to + i * wide, v + i * job->v.row_stride, (size_t)a->value_width * sizeof(float));
}

// rows × columns (+)= x · weights, x in rows that are read from where they lie.
static void nk_rows_product(
    const nk_kernels *kernels, const float *x, ptrdiff_t x_stride, ptrdiff_t rows, ptrdiff_t k,
    const float *weights, ptrdiff_t weight_stride, ptrdiff_t columns, float *y,
    ptrdiff_t y_stride, int accumulate) {
  const ptrdiff_t zero = 0;
  nk_pixel_tile t = {
      .taps = &zero, .tap_count = 1, .length = k, .weights = weights,
      .weight_stride = weight_stride, .columns = columns, .accumulate = accumulate};
  for (ptrdiff_t row = 0; row < rows; row += nk_pixel_rows) {
    t.rows = nk_least(nk_pixel_rows, rows - row);
    for (ptrdiff_t i = 0; i < nk_pixel_rows; i++) {
      ptrdiff_t at = row + (i < t.rows ? i : 0);
      t.pixels[i] = x + at * x_stride;
      t.results[i] = y + at * y_stride;
    }
    kernels->pixels_by_filters(&t);
  }
}

// Scores of one row: bias added, keys from `seen` on hidden.
static void nk_prepare_row(
    const nk_attention *a, ptrdiff_t batch, ptrdiff_t head, ptrdiff_t query, ptrdiff_t key0,
    ptrdiff_t keys, float *scores) {
  if (a->bias) {
    const float *bias = a->bias + batch * a->bias_strides[0] + head * a->bias_strides[1] +
                        query * a->bias_strides[2] + key0 * a->bias_strides[3];
    for (ptrdiff_t i = 0; i < keys; i++) scores[i] += bias[i * a->bias_strides[3]];
  }
  if (!a->causal) return;
  ptrdiff_t seen = query + a->keys - a->queries + 1 - key0;
  for (ptrdiff_t i = nk_most(seen, 0); i < keys; i++) scores[i] = -INFINITY;
}

static void nk_attention_chunk(void *context, size_t number) {
  nk_attention_job *job = context;
  const nk_attention *a = job->a;
  ptrdiff_t block = (ptrdiff_t)number % job->blocks, rest = (ptrdiff_t)number / job->blocks;
  ptrdiff_t head = rest % a->heads, batch = rest / a->heads;
  ptrdiff_t key_head = head / (a->heads / a->key_heads);
  ptrdiff_t query0 = block * nk_query_block;
  ptrdiff_t queries = nk_least(nk_query_block, a->queries - query0);
  ptrdiff_t wide = nk_least(nk_key_block, a->keys), width = a->value_width;
  size_t bytes = (size_t)(queries * (wide + a->width)) * sizeof(float);
  float *scores = nk_arena_take(bytes);
  if (!scores) {
    job->failed = 1;
    return;
  }
  float *scaled = scores + queries * wide, top[nk_query_block], sums[nk_query_block];
  float *y = job->y + ((batch * a->heads + head) * a->queries + query0) * width;
  const float *q = job->q.values + batch * job->q.batch_stride + head * job->q.head_stride +
                   query0 * job->q.row_stride;
  for (ptrdiff_t i = 0; i < queries; i++) {
    top[i] = -INFINITY;
    sums[i] = 0;
    job->kernels->combine(
        q + i * job->q.row_stride, NULL, a->scale, 0, 0, scaled + i * a->width, (size_t)a->width,
        0);
  }
  memset(y, 0, (size_t)(queries * width) * sizeof(float));
  ptrdiff_t end = a->keys;
  if (a->causal) end = nk_least(end, nk_most(0, query0 + queries + a->keys - a->queries));
  for (ptrdiff_t key0 = 0; key0 < end; key0 += wide) {
    ptrdiff_t keys = nk_least(wide, end - key0);
    const float *k = job->keys + (batch * a->key_heads + key_head) * job->key_stride;
    for (ptrdiff_t key = 0; key < keys; key += nk_filter_panel)
      nk_rows_product(
          job->kernels, scaled, a->width, queries, a->width, k + (key0 + key) * a->width,
          nk_filter_panel, nk_least(nk_filter_panel, keys - key), scores + key, wide, 0);
    for (ptrdiff_t i = 0; i < queries; i++) {
      float *row = scores + i * wide;
      nk_prepare_row(a, batch, head, query0 + i, key0, keys, row);
      float largest = job->kernels->fold_row(NK_LARGEST, row, (size_t)keys);
      float next = largest > top[i] || largest != largest ? largest : top[i];
      // Nothing seen so far: exponentials of −∞ − 0 are zeros.
      float shift = next == -INFINITY ? 0 : next;
      float keep = top[i] == -INFINITY ? 0 : expf(top[i] - shift);
      float sum = job->kernels->exponentials(row, shift, row, (size_t)keys);
      if (keep != 1)
        job->kernels->combine(
            y + i * width, NULL, keep, 0, 0, y + i * width, (size_t)width, 0);
      sums[i] = sums[i] * keep + sum;
      top[i] = next;
    }
    const float *v = job->v.values + batch * job->v.batch_stride + key_head * job->v.head_stride +
                     key0 * job->v.row_stride;
    ptrdiff_t v_stride = job->v.row_stride;
    if (job->values) {
      v_stride = nk_up(width, 16);
      v = job->values + (batch * a->key_heads + key_head) * job->value_stride + key0 * v_stride;
    }
    for (ptrdiff_t column = 0; column < width; column += nk_filter_panel)
      nk_rows_product(
          job->kernels, scores, wide, queries, keys, v + column, v_stride,
          nk_least(nk_filter_panel, width - column), y + column, width, 1);
  }
  for (ptrdiff_t i = 0; i < queries; i++) {
    float inverse = sums[i] == 0 ? 0 : 1 / sums[i];
    job->kernels->combine(
        y + i * width, NULL, inverse, 0, 0, y + i * width, (size_t)width, 0);
    if (job->statistics)
      job->statistics[(batch * a->heads + head) * a->queries + query0 + i] =
          top[i] == -INFINITY ? -INFINITY : top[i] + logf(sums[i]);
  }
  nk_arena_give(scores, bytes);
}

int nk_attention_run(
    const nk_attention *a, nk_heads q, nk_heads k, nk_heads v, float *y, float *statistics) {
  nk_attention_job job = {
      .a = a, .kernels = nk_active(), .q = q, .k = k, .v = v, .y = y, .statistics = statistics};
  ptrdiff_t heads = a->batch * a->key_heads;
  job.blocks = (a->queries + nk_query_block - 1) / nk_query_block;
  job.key_panels = (a->keys + nk_filter_panel - 1) / nk_filter_panel;
  job.key_stride = job.key_panels * nk_filter_panel * a->width;
  if (a->value_width % 16 != 0) job.value_stride = a->keys * nk_up(a->value_width, 16);
  size_t bytes = (size_t)(heads * (job.key_stride + job.value_stride) + 16) * sizeof(float);
  job.keys = nk_arena_take(bytes);
  if (!job.keys) return 0;
  if (job.value_stride) job.values = job.keys + heads * job.key_stride;
  nk_parallel((size_t)(heads * job.key_panels), nk_key_chunk, &job);
  nk_parallel((size_t)(a->batch * a->heads * job.blocks), nk_attention_chunk, &job);
  nk_arena_give(job.keys, bytes);
  return !job.failed;
}
