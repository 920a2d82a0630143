// Functions of one or two numbers, sums and rows.
#ifndef ROENTGEN_NK_ELEMENTWISE_H
#define ROENTGEN_NK_ELEMENTWISE_H

#include <stddef.h>
#include <stdint.h>

typedef enum nk_unary_op {
  NK_NEGATE, NK_ABS, NK_SQUARE, NK_SQRT, NK_RSQRT, NK_RECIPROCAL, NK_SIGN,
  NK_FLOOR, NK_CEIL, NK_ROUND, NK_TRUNC,
  NK_EXP, NK_EXPM1, NK_LOG, NK_LOG1P,
  NK_SIN, NK_COS, NK_TAN, NK_ASIN, NK_ACOS, NK_ATAN,
  NK_SINH, NK_COSH, NK_ASINH, NK_ACOSH, NK_ATANH,
  NK_ERF, NK_TANH, NK_SIGMOID,
  NK_RELU, NK_LEAKY_RELU, NK_ELU, NK_SELU, NK_CELU, NK_SOFTPLUS, NK_SOFTSIGN, NK_MISH,
  NK_GELU, NK_GELU_TANH, NK_SILU, NK_SWISH, NK_HARD_SIGMOID, NK_HARD_SWISH,
  NK_THRESHOLDED_RELU, NK_SHRINK, NK_CLAMP, NK_SCALE_SHIFT,
} nk_unary_op;

typedef enum nk_binary_op {
  NK_ADD, NK_SUBTRACT, NK_MULTIPLY, NK_DIVIDE, NK_MAXIMUM, NK_MINIMUM, NK_POWER, NK_PRELU,
  NK_ATAN2, NK_REMAINDER,
  // The first operand is the function's input or output as named, the second the gradient.
  NK_RELU_GRADIENT, NK_SIGMOID_GRADIENT, NK_TANH_GRADIENT, NK_GELU_GRADIENT,
  NK_GELU_TANH_GRADIENT, NK_SILU_GRADIENT,
} nk_binary_op;

typedef enum nk_fold_op { NK_SUM, NK_SUM_SQUARES, NK_LARGEST, NK_SMALLEST } nk_fold_op;

/// y[i] = op(x[i]); `p` and `q` are the operation's constants. `y` may be `x`.
void nk_unary(
    nk_unary_op op, float p, float q, const float *_Nonnull x, float *_Nonnull y, size_t count);

/// y = op(a, b) over `shape`; `y` is contiguous, `a` and `b` have any strides (0 repeats).
/// `y` may be `a` or `b` where that one is contiguous too.
void nk_binary(
    nk_binary_op op, const float *_Nonnull a, const ptrdiff_t *_Nonnull a_strides,
    const float *_Nonnull b, const ptrdiff_t *_Nonnull b_strides, float *_Nonnull y,
    const ptrdiff_t *_Nonnull shape, ptrdiff_t rank);

/// y[o, i] = fold of x[o, r, i] over r, for contiguous x of [outer, length, inner].
/// Sums are taken in sixteen lanes with a fixed tree, so every instruction set and any count of
/// threads gives the same bits. A NaN makes the result NaN.
void nk_fold(
    nk_fold_op op, const float *_Nonnull x, float *_Nonnull y, size_t outer, size_t length,
    size_t inner);

/// Softmax (or its logarithm) of each row of `length`.
void nk_softmax(
    const float *_Nonnull x, float *_Nonnull y, size_t rows, size_t length, int logarithm);
/// dx = y · (dy − Σ dy·y), or for the logarithm dx = dy − exp(y) · Σ dy.
void nk_softmax_gradient(
    const float *_Nonnull y, const float *_Nonnull dy, float *_Nonnull dx, size_t rows,
    size_t length, int logarithm);

/// Each row to mean 0 and variance 1 (or, with `rms`, divided by its root mean square), then
/// scaled and shifted where given. `mean` and `inverse` keep what the gradient needs.
void nk_layer_norm(
    const float *_Nonnull x, const float *_Nullable scale, const float *_Nullable shift,
    float *_Nonnull y, float *_Nullable mean, float *_Nullable inverse, size_t rows,
    size_t length, float epsilon, int rms);
/// dx of `nk_layer_norm`.
void nk_layer_norm_gradient(
    const float *_Nonnull x, const float *_Nullable scale, const float *_Nonnull dy,
    const float *_Nonnull mean, const float *_Nonnull inverse, float *_Nonnull dx, size_t rows,
    size_t length, int rms);
/// dscale[i] = Σ dy·x̂ and dshift[i] = Σ dy over rows.
void nk_layer_norm_weight_gradient(
    const float *_Nonnull x, const float *_Nonnull dy, const float *_Nonnull mean,
    const float *_Nonnull inverse, float *_Nonnull dscale, float *_Nonnull dshift, size_t rows,
    size_t length);

/// Over x of [batch, channels, inner]: the mean and (biased) variance of each channel.
void nk_channel_moments(
    const float *_Nonnull x, float *_Nonnull mean, float *_Nonnull variance, size_t batch,
    size_t channels, size_t inner);
/// y = x · scale[channel] + shift[channel], then max(·, 0) with `relu`.
void nk_channel_affine(
    const float *_Nonnull x, const float *_Nonnull scale, const float *_Nonnull shift,
    float *_Nonnull y, size_t batch, size_t channels, size_t inner, int relu);
/// Σ dy and Σ dy·(x − mean) of each channel.
void nk_channel_products(
    const float *_Nonnull x, const float *_Nonnull mean, const float *_Nonnull dy, float *_Nonnull sum,
    float *_Nonnull product, size_t batch, size_t channels, size_t inner);
/// y = a[channel]·x + b[channel]·z + c[channel].
void nk_channel_combine(
    const float *_Nonnull x, const float *_Nonnull z, const float *_Nonnull a,
    const float *_Nonnull b, const float *_Nonnull c, float *_Nonnull y, size_t batch,
    size_t channels, size_t inner);

#endif
