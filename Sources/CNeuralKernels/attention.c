// Attention with memory linear in its length: blocks of keys pass by, and each query keeps its
// largest score, its sum of exponentials and its weighted sum of values so far.
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
  ptrdiff_t blocks;
  _Atomic int failed;
} nk_attention_job;

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
    const float *k = job->k.values + batch * job->k.batch_stride + key_head * job->k.head_stride +
                     key0 * job->k.row_stride;
    const float *v = job->v.values + batch * job->v.batch_stride + key_head * job->v.head_stride +
                     key0 * job->v.row_stride;
    nk_matrix left = {scaled, a->width, 1}, right = {k, 1, job->k.row_stride};
    if (!nk_sgemm(queries, keys, a->width, left, right, scores, wide, 0, NULL)) job->failed = 1;
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
    nk_matrix weights = {scores, wide, 1}, values = {v, job->v.row_stride, 1};
    if (!nk_sgemm(queries, width, keys, weights, values, y, width, 1, NULL)) job->failed = 1;
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
  nk_attention_job job = {a, nk_active(), q, k, v, y, statistics, 0, 0};
  job.blocks = (a->queries + nk_query_block - 1) / nk_query_block;
  nk_parallel((size_t)(a->batch * a->heads * job.blocks), nk_attention_chunk, &job);
  return !job.failed;
}
