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
  const ptrdiff_t sizes[][3] = {{1, 1, 1}, {5, 7, 3}, {13, 33, 17}, {50, 65, 400}, {3, 100, 0}};
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
    if (!nk_conv_input_gradient(&c, w, y, dx) || !nk_conv_weight_gradient(&c, x, y, dw))
      failures++;
    // ⟨y, y⟩ = ⟨x, dx⟩ = ⟨w, dw⟩ because a convolution is linear in both.
    double yy = 0, xx = 0, ww = 0;
    for (size_t i = 0; i < out; i++) yy += (double)y[i] * (double)y[i];
    for (size_t i = 0; i < in; i++) xx += (double)x[i] * (double)dx[i];
    for (size_t i = 0; i < weights; i++) ww += (double)w[i] * (double)dw[i];
    check("input gradient", (float)xx, yy, 1e-4 * yy);
    check("weight gradient", (float)ww, yy, 1e-4 * yy);
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

int main(void) {
  const char *names[] = {"avx512", "avx2", "neon", "baseline"};
  for (int i = 0; i < 4; i++) {
    if (!nk_isa_use(names[i])) continue;
    for (size_t threads = 1; threads <= 3; threads += 2) {
      nk_threads_use(threads);
      matrices();
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
