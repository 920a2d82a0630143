// Drives the C kernels over odd sizes on every instruction set, for the address and undefined-
// behaviour sanitizers:
//
//   clang -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
//     -ISources/CNeuralKernels/include Tests/CNeuralKernelsSanitize/main.c \
//     Sources/CNeuralKernels/*.c -lm -lpthread -o sanitize && ./sanitize
//
// Buffers are as large as the arguments say and not a byte larger, so a sanitizer sees every read
// and write beyond them. Results are compared with plain loops.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CNeuralKernels.h"

static int failures;

static float *filled(size_t count, unsigned seed) {
  float *values = malloc((count ? count : 1) * sizeof(float));
  if (!values) exit(2);
  unsigned state = seed * 2654435761u | 1u;
  for (size_t i = 0; i < count; i++) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    values[i] = (float)(int)state / 2147483648.0f;
  }
  return values;
}

static void check(const char *what, float found, double expected, double tolerance) {
  if (fabs((double)found - expected) <= tolerance) return;
  printf("%s: %s: %g for %g\n", nk_isa(), what, (double)found, expected);
  failures++;
}

static void matrices(void) {
  const ptrdiff_t sizes[][3] = {{1, 1, 1}, {5, 7, 3}, {13, 33, 17}, {50, 65, 400}, {3, 100, 0},
                                {14, 520, 390}};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    ptrdiff_t m = sizes[s][0], n = sizes[s][1], k = sizes[s][2];
    float *a = filled((size_t)(m * k), 1), *b = filled((size_t)(k * n), 2);
    float *c = filled((size_t)(m * n), 3), *bias = filled((size_t)n, 4);
    for (int turned = 0; turned < 4; turned++) {
      nk_matrix left = {a, turned & 1 ? 1 : k, turned & 1 ? m : 1};
      nk_matrix right = {b, turned & 2 ? 1 : n, turned & 2 ? k : 1};
      nk_epilogue e = {.column_bias = bias, .activation = NK_ACT_RELU};
      if (!nk_sgemm(m, n, k, left, right, c, n, 0, &e)) failures++;
      for (ptrdiff_t i = 0; i < m; i++)
        for (ptrdiff_t j = 0; j < n; j++) {
          double sum = bias[j];
          for (ptrdiff_t p = 0; p < k; p++)
            sum += (double)a[i * left.row_stride + p * left.column_stride] *
                   (double)b[p * right.row_stride + j * right.column_stride];
          check("sgemm", c[i * n + j], sum > 0 ? sum : 0, 1e-4);
        }
    }
    free(a), free(b), free(c), free(bias);
  }
}

// [planes, pixels] turned into [pixels, planes] for each sample.
static float *turned(const float *x, ptrdiff_t batch, ptrdiff_t channels, ptrdiff_t pixels) {
  float *y = malloc((size_t)(batch * channels * pixels) * sizeof(float) + 1);
  if (!y) exit(2);
  nk_channels_last(x, y, batch, channels, pixels);
  return y;
}

// What the plain layout gave, with channels innermost.
static void last_channels(const nk_conv *c, const float *x, const float *w, const float *y) {
  if (!nk_channels_possible(c)) return;
  ptrdiff_t in = c->in[0] * c->in[1] * c->in[2], out = c->out[0] * c->out[1] * c->out[2];
  float *from = turned(x, c->batch, c->channels, in), *to = turned(y, c->batch, c->filters, out);
  float *found = filled((size_t)(c->batch * c->filters * out), 9);
  for (int algorithm = 0; algorithm <= nk_conv_winograd_possible(c); algorithm++) {
    nk_conv_algorithm how = algorithm ? NK_CONV_WINOGRAD : NK_CONV_DIRECT;
    float *packed = malloc(nk_channels_packed_size(c, how));
    if (!packed) exit(2);
    nk_channels_pack(c, how, w, NULL, packed);
    if (nk_channels_conv_run(c, how, from, packed, found, NULL) != 1) failures++;
    for (ptrdiff_t i = 0; i < c->batch * c->filters * out; i++)
      check("channels", found[i], (double)to[i], algorithm ? 1e-3 : 1e-4);
    free(packed);
  }
  nk_pool pool = {.planes = c->batch, .kernel = {1, 2, 3}, .stride = {1, 2, 1},
                  .before = {0, 1, 1}, .after = {0, 1, 1}, .dilation = {1, 1, 1}};
  memcpy(pool.in, c->in, sizeof pool.in);
  for (int axis = 0; axis < 3; axis++)
    pool.out[axis] = (pool.in[axis] + pool.before[axis] + pool.after[axis] - pool.kernel[axis]) /
                         pool.stride[axis] + 1;
  float *pooled = malloc(
      (size_t)(c->batch * c->channels * pool.out[0] * pool.out[1] * pool.out[2]) * sizeof(float));
  if (!pooled) exit(2);
  nk_channels_pool(&pool, c->channels, NK_POOL_MAX, from, pooled);
  nk_channels_pool(&pool, c->channels, NK_POOL_AVERAGE, from, pooled);
  free(from), free(to), free(found), free(pooled);
  if (c->groups > 1) return;
  nk_conv rise = *c;
  for (int axis = 0; axis < 3; axis++) {
    rise.kernel[axis] = rise.stride[axis] = axis ? 2 : 1;
    rise.out[axis] = rise.in[axis] * rise.kernel[axis];
    rise.before[axis] = 0;
  }
  size_t weights = (size_t)(c->channels * c->filters * 4);
  float *v = filled(weights, 3), *packed = malloc(nk_channels_rise_packed_size(&rise));
  float *small = filled((size_t)(c->batch * c->channels * in), 4);
  float *large = filled((size_t)(c->batch * c->filters * in * 4), 5);
  if (!packed) exit(2);
  nk_channels_rise_pack(&rise, v, packed);
  if (!nk_channels_rise_run(&rise, small, packed, large, NULL)) failures++;
  for (ptrdiff_t filter = 0; filter < c->filters; filter++) {
    double sum = 0;
    for (ptrdiff_t k = 0; k < c->channels; k++)
      sum += (double)small[k] * (double)v[(k * c->filters + filter) * 4];
    check("rise", large[filter], sum, 1e-4);
  }
  free(v), free(packed), free(small), free(large);
}

static void convolutions(void) {
  const nk_conv shapes[] = {
      {2, 3, 5, 1, {1, 9, 11}, {1, 9, 11}, {1, 3, 3}, {1, 1, 1}, {0, 1, 1}, {1, 1, 1}},
      {1, 4, 8, 2, {1, 7, 10}, {1, 4, 5}, {1, 3, 3}, {1, 2, 2}, {0, 1, 1}, {1, 1, 1}},
      {1, 6, 6, 6, {1, 5, 21}, {1, 5, 21}, {1, 3, 3}, {1, 1, 1}, {0, 1, 1}, {1, 1, 1}},
      {1, 17, 13, 1, {3, 6, 7}, {3, 6, 7}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
      {1, 3, 9, 1, {1, 5, 7}, {1, 5, 7}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {1, 1, 1}},
      {1, 3, 2, 1, {1, 3, 3}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {1, 1, 1}},
  };
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    nk_conv c = shapes[s];
    size_t in = (size_t)(c.batch * c.channels * c.in[0] * c.in[1] * c.in[2]);
    size_t out = (size_t)(c.batch * c.filters * c.out[0] * c.out[1] * c.out[2]);
    size_t taps = (size_t)(c.kernel[0] * c.kernel[1] * c.kernel[2]);
    size_t weights = (size_t)(c.filters * (c.channels / c.groups)) * taps;
    float *x = filled(in, 1), *w = filled(weights, 2), *y = filled(out, 3), *z = filled(out, 4);
    float *dx = filled(in, 5), *dw = filled(weights, 6);
    for (int algorithm = 0; algorithm <= nk_conv_winograd_possible(&c); algorithm++) {
      nk_conv_algorithm how = algorithm ? NK_CONV_WINOGRAD : NK_CONV_DIRECT;
      size_t bytes = nk_conv_packed_size(&c, how);
      float *packed = aligned_alloc(64, (bytes + 63) / 64 * 64);
      if (!packed) exit(2);
      nk_conv_pack(&c, how, w, packed);
      if (!nk_conv_run(&c, how, x, packed, algorithm ? z : y, NULL)) failures++;
      if (algorithm)
        for (size_t i = 0; i < out; i++) check("winograd", z[i], (double)y[i], 1e-3);
      free(packed);
    }
    last_channels(&c, x, w, y);
    // ⟨y, y⟩ = ⟨x, dx⟩ = ⟨w, dw⟩ because a convolution is linear in both.
    double yy = 0;
    for (size_t i = 0; i < out; i++) yy += (double)y[i] * (double)y[i];
    for (int fastest = 0; fastest < 2; fastest++) {
      nk_conv_algorithm most = fastest ? NK_CONV_WINOGRAD : NK_CONV_DIRECT;
      if (!nk_conv_input_gradient(&c, most, w, y, dx) ||
          !nk_conv_weight_gradient(&c, most, x, y, dw))
        failures++;
      double xx = 0, ww = 0;
      for (size_t i = 0; i < in; i++) xx += (double)x[i] * (double)dx[i];
      for (size_t i = 0; i < weights; i++) ww += (double)w[i] * (double)dw[i];
      check("input gradient", (float)xx, yy, 1e-4 * yy);
      check("weight gradient", (float)ww, yy, 1e-4 * yy);
    }
    free(x), free(w), free(y), free(z), free(dx), free(dw);
  }
}

static void rows(void) {
  for (size_t length = 1; length < 40; length += 3) {
    size_t count = 3 * length;
    float *x = filled(count, 1), *y = filled(count, 2), *d = filled(count, 3);
    float mean[3], inverse[3], *scale = filled(length, 4), *shift = filled(length, 5);
    for (int op = NK_NEGATE; op <= NK_SCALE_SHIFT; op++)
      nk_unary((nk_unary_op)op, 0.5f, 0.25f, x, y, count);
    const ptrdiff_t shape[2] = {3, (ptrdiff_t)length}, whole[2] = {(ptrdiff_t)length, 1};
    const ptrdiff_t row[2] = {0, 1}, column[2] = {1, 0};
    for (int op = NK_ADD; op <= NK_SILU_GRADIENT; op++) {
      nk_binary((nk_binary_op)op, x, whole, scale, row, y, shape, 2);
      nk_binary((nk_binary_op)op, x, whole, mean, column, y, shape, 2);
      mean[0] = mean[1] = mean[2] = 0.5f;
    }
    nk_softmax(x, y, 3, length, 0);
    for (int r = 0; r < 3; r++) {
      double sum = 0;
      for (size_t i = 0; i < length; i++) sum += (double)y[(size_t)r * length + i];
      check("softmax", (float)sum, 1, 1e-5);
    }
    nk_softmax_gradient(y, d, x, 3, length, 0);
    nk_softmax(x, y, 3, length, 1);
    nk_layer_norm(x, scale, shift, y, mean, inverse, 3, length, 1e-5f, 0);
    nk_layer_norm_gradient(x, scale, d, mean, inverse, y, 3, length, 0);
    nk_layer_norm_weight_gradient(x, d, mean, inverse, scale, shift, 3, length);
    nk_fold(NK_SUM, x, y, 3, length, 1);
    nk_fold(NK_LARGEST, x, y, 1, 3, length);
    free(x), free(y), free(d), free(scale), free(shift);
  }
}

static void attention(void) {
  nk_attention a = {.batch = 1, .heads = 4, .key_heads = 2, .queries = 101, .keys = 410,
                    .width = 9, .value_width = 7, .scale = 0.3f, .causal = 1};
  float *q = filled(4 * 101 * 9, 1), *k = filled(2 * 410 * 9, 2), *v = filled(2 * 410 * 7, 3);
  float *y = filled(4 * 101 * 7, 4);
  nk_heads hq = {q, 4 * 101 * 9, 101 * 9, 9}, hk = {k, 2 * 410 * 9, 410 * 9, 9};
  nk_heads hv = {v, 2 * 410 * 7, 410 * 7, 7};
  if (!nk_attention_run(&a, hq, hk, hv, y, NULL)) failures++;
  for (int i = 0; i < 4 * 101 * 7; i++)
    if (!(fabsf(y[i]) <= 1)) failures++;
  free(q), free(k), free(v), free(y);
}

static float rounded(float x) {
  uint16_t half;
  float back;
  nk_f32_to_bf16(&x, &half, 1);
  nk_bf16_to_f32(&half, &back, 1);
  return back;
}

static void halves(void) {
  const ptrdiff_t sizes[][3] = {{1, 1, 1}, {5, 7, 3}, {13, 33, 17}, {14, 65, 801}, {3, 100, 0},
                                {7, 520, 1030}};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    ptrdiff_t m = sizes[s][0], n = sizes[s][1], k = sizes[s][2];
    float *a = filled((size_t)(m * k), 1), *b = filled((size_t)(k * n), 2);
    float *c = filled((size_t)(m * n), 3), *bias = filled((size_t)n, 4);
    uint16_t *half = malloc((size_t)(m * k) * 2 + 1);
    void *packed = malloc(nk_bgemm_packed_size(n, k) + 1);
    if (!half || !packed) exit(2);
    nk_f32_to_bf16(a, half, (size_t)(m * k));
    for (int turned = 0; turned < 8; turned++) {
      int stored = turned & 4;
      nk_half_matrix left = {
          stored ? (const void *)half : a, turned & 1 ? 1 : k, turned & 1 ? m : 1, stored != 0};
      nk_half_matrix right = {b, turned & 2 ? 1 : n, turned & 2 ? k : 1, 0};
      nk_epilogue e = {.column_bias = bias};
      if (turned == 3) memset(c, 0, (size_t)(m * n) * sizeof(float));  // to be added to
      if (stored) {
        nk_bgemm_pack(n, k, right, packed);
        if (!nk_bgemm_packed(m, n, k, left, packed, c, n, &e)) failures++;
      } else if (!nk_bgemm(m, n, k, left, right, c, n, turned == 3, &e)) {
        failures++;
      }
      for (ptrdiff_t i = 0; i < m; i++)
        for (ptrdiff_t j = 0; j < n; j++) {
          double sum = bias[j];
          for (ptrdiff_t p = 0; p < k; p++)
            sum += (double)rounded(a[i * left.row_stride + p * left.column_stride]) *
                   (double)rounded(b[p * right.row_stride + j * right.column_stride]);
          check("bgemm", c[i * n + j], sum, 1e-4);
        }
    }
    free(a), free(b), free(c), free(bias), free(half), free(packed);
  }
}

static uint8_t *bytes(size_t count, unsigned seed) {
  uint8_t *values = malloc(count ? count : 1);
  if (!values) exit(2);
  for (size_t i = 0; i < count; i++) values[i] = (uint8_t)((seed += 7919u * 31) >> 3);
  return values;
}

static void images_of_bytes(void) {
  const nk_int8_conv shapes[] = {
      {1, 4, 64, {5, 7}, {5, 7}, {1, 1}, {1, 1}, {0, 0}, {1, 1}, 0},
      {2, 8, 12, {9, 11}, {9, 11}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, 7},
      {1, 12, 68, {8, 9}, {4, 5}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, 200},
      {1, 4, 4, {6, 6}, {6, 6}, {3, 3}, {1, 1}, {2, 2}, {2, 2}, 3},
  };
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    nk_int8_conv c = shapes[s];
    size_t in = (size_t)(c.batch * c.in[0] * c.in[1] * c.channels);
    size_t out = (size_t)(c.batch * c.out[0] * c.out[1] * c.filters);
    size_t weights = (size_t)(c.filters * c.kernel[0] * c.kernel[1] * c.channels);
    uint8_t *x = bytes(in, 1), *residual = bytes(out, 2), *y = bytes(out, 3);
    int8_t *w = (int8_t *)bytes(weights, 4), *packed = malloc(nk_int8_packed_size(&c));
    float *scale = filled((size_t)c.filters, 1), *shift = filled((size_t)c.filters, 2);
    float *z = filled(out, 5);
    if (!packed) exit(2);
    for (ptrdiff_t i = 0; i < c.filters; i++) scale[i] *= 1e-3f;
    nk_int8_pack(&c, w, packed);
    nk_int8_finish f = {scale, shift, residual, 0.01f, -0.5f, 1, 20, 3};
    if (!nk_int8_conv_run(&c, x, packed, &f, y, NULL)) failures++;
    if (!nk_int8_conv_run(&c, x, packed, &f, NULL, z)) failures++;
    for (size_t i = 0; i < out; i++) {
      ptrdiff_t filter = (ptrdiff_t)i % c.filters, rest = (ptrdiff_t)i / c.filters;
      ptrdiff_t column = rest % c.out[1], row = rest / c.out[1] % c.out[0];
      ptrdiff_t sample = rest / c.out[1] / c.out[0];
      int sum = 0;
      for (ptrdiff_t v = 0; v < c.kernel[0]; v++)
        for (ptrdiff_t u = 0; u < c.kernel[1]; u++)
          for (ptrdiff_t channel = 0; channel < c.channels; channel++) {
            ptrdiff_t p = row * c.stride[0] + v * c.dilation[0] - c.before[0];
            ptrdiff_t q = column * c.stride[1] + u * c.dilation[1] - c.before[1];
            int inside = p >= 0 && p < c.in[0] && q >= 0 && q < c.in[1];
            sum += (inside ? x[((sample * c.in[0] + p) * c.in[1] + q) * c.channels + channel]
                           : c.zero) *
                   w[((filter * c.kernel[0] + v) * c.kernel[1] + u) * c.channels + channel];
          }
      double expected = (double)sum * (double)scale[filter] + (double)shift[filter] +
                        residual[i] * 0.01 - 0.5;
      expected = expected > 0 ? expected : 0;
      check("int8", z[i], expected, 1e-4 + 1e-6 * fabs(expected));
      double level = expected * 20 + 3;
      check("int8 level", (float)y[i], level < 255 ? level : 255, 0.51);
    }
    uint8_t *pooled = bytes((size_t)(c.batch * c.out[0] * c.out[1] * c.channels), 6);
    nk_int8_max_pool(&c, x, pooled);
    int64_t sums[16];
    nk_int8_sum(x, sums, c.batch, c.in[0] * c.in[1], c.channels);
    float *planes = filled((size_t)(3 * 35), 7);
    uint8_t *turned = bytes(4 * 35, 8);
    nk_int8_from_planes(planes, turned, 1, 3, 4, 35, 100, 128);
    free(x), free(residual), free(y), free(w), free(packed), free(scale), free(shift), free(z);
    free(pooled), free(planes), free(turned);
  }
}

int main(void) {
  const char *names[] = {"avx512", "avx512f", "avx2", "neon", "neon-plain", "baseline"};
  for (int i = 0; i < 6; i++) {
    if (!nk_isa_use(names[i])) continue;
    for (size_t threads = 1; threads <= 3; threads += 2) {
      nk_threads_use(threads);
      matrices();
      halves();
      images_of_bytes();
      convolutions();
      rows();
      attention();
    }
    printf("%s: done\n", nk_isa());
  }
  nk_arena_trim();
  printf("%d failures\n", failures);
  return failures != 0;
}
