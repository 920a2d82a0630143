// What a training step computes beside products and convolutions.
#ifndef ROENTGEN_NK_TRAINING_H
#define ROENTGEN_NK_TRAINING_H

#include <stddef.h>
#include <stdint.h>

#include "nk_matmul.h"

/// A norm over the batch and `inner` places of each channel of x [batch, channels, inner], then a
/// scale and a shift, then, with `activation`, a factor below zero: 0 without `slope` (ReLU), or one
/// of `slopes` numbers that repeat over the channels.
typedef struct nk_channel_norm {
  size_t batch, channels, inner;
  float epsilon;
  const float *_Nullable scale, *_Nullable shift;
  int activation;
  const float *_Nullable slope;
  size_t slopes;
  /// Written by the forward pass and read by the backward pass: the mean and the biased variance.
  float *_Nonnull mean, *_Nonnull variance;
} nk_channel_norm;

/// y = f(x̂ · scale + shift + residual).
void nk_channel_norm_run(
    const nk_channel_norm *_Nonnull norm, const float *_Nonnull x,
    const float *_Nullable residual, float *_Nonnull y);

/// For each channel, where wanted; `residual` has x's shape.
typedef struct nk_channel_gradients {
  float *_Nullable scale, *_Nullable shift, *_Nullable slope, *_Nullable residual;
} nk_channel_gradients;

/// dx of the same. `y`, the result, is needed where there was a residual: its sign tells which side
/// of the activation each number was on (with a slope of 0 or more).
void nk_channel_norm_gradient(
    const nk_channel_norm *_Nonnull norm, const float *_Nonnull x, const float *_Nullable y,
    const float *_Nonnull dy, float *_Nonnull dx,
    const nk_channel_gradients *_Nonnull gradients);

/// The sum of cross-entropies of x [batch, classes, inner] against labels [batch, inner], of which a
/// negative one does not count, and its gradient. A label's target is `1 − smoothing` for its class
/// plus `smoothing / classes` for all, each times the class' weight. Labels must be below `classes`.
/// Returns 0 when memory cannot be had.
int nk_cross_entropy(
    const float *_Nonnull x, const int32_t *_Nonnull labels, const float *_Nullable weights,
    float smoothing, float *_Nonnull dx, double *_Nonnull loss, size_t batch, size_t classes,
    size_t inner);

/// dx[plane, index] += dy for each place of the result of a pooling; negative indices are skipped.
void nk_pool_scatter(
    const float *_Nonnull dy, const int64_t *_Nonnull index, float *_Nonnull dx, size_t planes,
    size_t out, size_t in);

/// m += (g − m)·share, v = v·second + g²·fresh, w = w·keep − size·m / (√v / root + epsilon), with
/// g + decay·w for g. What is 1 less a decay rate is rounded once.
typedef struct nk_adam {
  float share, second, fresh, epsilon, keep, decay, size, root;
} nk_adam;

/// One step of SGD: v = momentum·v + (g + decay·w), w −= rate·v (or with Nesterov's look ahead); without
/// velocity w −= rate·(g + decay·w).
void nk_descend(
    float *_Nonnull w, const float *_Nonnull g, float *_Nullable velocity, float rate, float decay,
    float momentum, int nesterov, size_t count);
/// One step of Adam.
void nk_adapt(
    float *_Nonnull w, const float *_Nonnull g, float *_Nonnull first, float *_Nonnull second,
    nk_adam step, size_t count);

#endif
