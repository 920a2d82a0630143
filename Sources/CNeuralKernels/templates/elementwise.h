// Functions of one or two numbers along a row.

#define NK_EACH(expression)                                                  \
  do {                                                                       \
    size_t i = 0;                                                            \
    for (; i + NK_LANES <= count; i += NK_LANES) {                           \
      vf v = vf_load(x + i);                                                 \
      vf_store(y + i, (expression));                                         \
    }                                                                        \
    if (i < count) {                                                         \
      vf v = vf_load_part(x + i, count - i, 1.0f);                           \
      vf_store_part(y + i, (expression), count - i);                         \
    }                                                                        \
  } while (0)

#define NK_EACH_SCALAR(function)                                             \
  do {                                                                       \
    for (size_t i = 0; i < count; i++) {                                     \
      float s = x[i];                                                        \
      y[i] = (function);                                                     \
    }                                                                        \
  } while (0)

static void nk_unary_row(
    nk_unary_op op, float p, float q, const float *x, float *y, size_t count) {
  const vf zero = vf_all(0.0f);
  switch (op) {
  case NK_NEGATE: NK_EACH(-v); break;
  case NK_ABS: NK_EACH(vf_abs(v)); break;
  case NK_SQUARE: NK_EACH(v * v); break;
  case NK_SQRT: NK_EACH(vf_sqrt(v)); break;
  case NK_RSQRT: NK_EACH(1.0f / vf_sqrt(v)); break;
  case NK_RECIPROCAL: NK_EACH(1.0f / v); break;
  case NK_SIGN:
    NK_EACH(vf_pick(v > 0.0f, vf_all(1.0f), vf_pick(v < 0.0f, vf_all(-1.0f), v)));
    break;
  case NK_FLOOR: NK_EACH_SCALAR(floorf(s)); break;
  case NK_CEIL: NK_EACH_SCALAR(ceilf(s)); break;
  case NK_ROUND: NK_EACH_SCALAR(rintf(s)); break;
  case NK_TRUNC: NK_EACH_SCALAR(truncf(s)); break;
  case NK_EXP: NK_EACH(vf_exp(v)); break;
  case NK_EXPM1: NK_EACH_SCALAR(expm1f(s)); break;
  case NK_LOG: NK_EACH(vf_log(v)); break;
  case NK_LOG1P: NK_EACH_SCALAR(log1pf(s)); break;
  case NK_SIN: NK_EACH_SCALAR(sinf(s)); break;
  case NK_COS: NK_EACH_SCALAR(cosf(s)); break;
  case NK_TAN: NK_EACH_SCALAR(tanf(s)); break;
  case NK_ASIN: NK_EACH_SCALAR(asinf(s)); break;
  case NK_ACOS: NK_EACH_SCALAR(acosf(s)); break;
  case NK_ATAN: NK_EACH_SCALAR(atanf(s)); break;
  case NK_SINH: NK_EACH_SCALAR(sinhf(s)); break;
  case NK_COSH: NK_EACH_SCALAR(coshf(s)); break;
  case NK_ASINH: NK_EACH_SCALAR(asinhf(s)); break;
  case NK_ACOSH: NK_EACH_SCALAR(acoshf(s)); break;
  case NK_ATANH: NK_EACH_SCALAR(atanhf(s)); break;
  case NK_ERF: NK_EACH(vf_erf(v)); break;
  case NK_TANH: NK_EACH(vf_tanh(v)); break;
  case NK_SIGMOID: NK_EACH(vf_sigmoid(v)); break;
  case NK_RELU: NK_EACH(vf_relu(v)); break;
  case NK_LEAKY_RELU: NK_EACH(vf_pick(v < 0.0f, v * p, v)); break;
  case NK_ELU: NK_EACH_SCALAR(s < 0 ? p * expm1f(s) : s); break;
  case NK_SELU: NK_EACH_SCALAR(s <= 0 ? p * q * expm1f(s) : q * s); break;
  case NK_CELU: NK_EACH_SCALAR(s < 0 ? p * expm1f(s / p) : s); break;
  case NK_SOFTPLUS: NK_EACH(vf_softplus(v)); break;
  case NK_SOFTSIGN: NK_EACH(v / (1.0f + vf_abs(v))); break;
  case NK_MISH: NK_EACH(v * vf_tanh(vf_softplus(v))); break;
  case NK_GELU: NK_EACH(vf_gelu(v)); break;
  case NK_GELU_TANH: NK_EACH(vf_gelu_tanh(v)); break;
  case NK_SILU: NK_EACH(vf_silu(v)); break;
  case NK_SWISH: NK_EACH(v * vf_sigmoid(v * p)); break;
  case NK_HARD_SIGMOID: NK_EACH(vf_clamp(v * p + q, 0.0f, 1.0f)); break;
  case NK_HARD_SWISH: NK_EACH(vf_hard_swish(v)); break;
  case NK_THRESHOLDED_RELU: NK_EACH(vf_pick(v > p, v, zero)); break;
  case NK_SHRINK:
    NK_EACH(vf_pick(v < -p, v + q, vf_pick(v > p, v - q, vf_pick(v != v, v, zero))));
    break;
  case NK_CLAMP: NK_EACH(vf_clamp(v, p, q)); break;
  case NK_SCALE_SHIFT: NK_EACH(v * p + q); break;
  }
}

#define NK_PAIRS(expression)                                                 \
  do {                                                                       \
    size_t i = 0;                                                            \
    for (; i + NK_LANES <= count; i += NK_LANES) {                           \
      vf u = a_stride ? vf_load(a + i) : vf_all(a[0]);                       \
      vf v = b_stride ? vf_load(b + i) : vf_all(b[0]);                       \
      vf_store(y + i, (expression));                                         \
    }                                                                        \
    if (i < count) {                                                         \
      vf u = a_stride ? vf_load_part(a + i, count - i, 1.0f) : vf_all(a[0]); \
      vf v = b_stride ? vf_load_part(b + i, count - i, 1.0f) : vf_all(b[0]); \
      vf_store_part(y + i, (expression), count - i);                         \
    }                                                                        \
  } while (0)

#define NK_PAIRS_SCALAR(function)                                            \
  do {                                                                       \
    for (size_t i = 0; i < count; i++) {                                     \
      float s = a[(ptrdiff_t)i * a_stride], t = b[(ptrdiff_t)i * b_stride];  \
      y[i] = (function);                                                     \
    }                                                                        \
  } while (0)

// d/dx of x·Φ(x) = Φ(x) + x·φ(x).
NK_INLINE vf vf_gelu_slope(vf x) {
  vf density = 0.398942280f * vf_exp(-0.5f * x * x);
  return 0.5f * (1.0f + vf_erf(x * 0.707106781f)) + x * density;
}
NK_INLINE vf vf_gelu_tanh_slope(vf x) {
  vf t = vf_tanh(0.797884561f * (x + 0.044715f * x * x * x));
  vf inner = 0.797884561f * (1.0f + 3.0f * 0.044715f * x * x);
  return 0.5f * (1.0f + t) + 0.5f * x * (1.0f - t * t) * inner;
}
NK_INLINE vf vf_silu_slope(vf x) {
  vf s = vf_sigmoid(x);
  return s * (1.0f + x * (1.0f - s));
}

static void nk_binary_row(
    nk_binary_op op, const float *a, ptrdiff_t a_stride, const float *b, ptrdiff_t b_stride,
    float *y, size_t count) {
  switch (op) {
  case NK_ADD: NK_PAIRS(u + v); break;
  case NK_SUBTRACT: NK_PAIRS(u - v); break;
  case NK_MULTIPLY: NK_PAIRS(u * v); break;
  case NK_DIVIDE: NK_PAIRS(u / v); break;
  case NK_MAXIMUM: NK_PAIRS(vf_largest(u, v)); break;
  case NK_MINIMUM: NK_PAIRS(vf_smallest(u, v)); break;
  case NK_POWER: NK_PAIRS_SCALAR(powf(s, t)); break;
  case NK_PRELU: NK_PAIRS(vf_pick(u < 0.0f, u * v, u)); break;
  case NK_ATAN2: NK_PAIRS_SCALAR(atan2f(s, t)); break;
  case NK_REMAINDER: NK_PAIRS_SCALAR(fmodf(s, t)); break;
  case NK_RELU_GRADIENT: NK_PAIRS(vf_pick(u > 0.0f, v, vf_all(0.0f))); break;
  case NK_SIGMOID_GRADIENT: NK_PAIRS(v * (u * (1.0f - u))); break;
  case NK_TANH_GRADIENT: NK_PAIRS(v * (1.0f - u * u)); break;
  case NK_GELU_GRADIENT: NK_PAIRS(v * vf_gelu_slope(u)); break;
  case NK_GELU_TANH_GRADIENT: NK_PAIRS(v * vf_gelu_tanh_slope(u)); break;
  case NK_SILU_GRADIENT: NK_PAIRS(v * vf_silu_slope(u)); break;
  }
}

// y = a·x + b·z + c, z optional.
static void nk_combine_row(
    const float *x, const float *z, float a, float b, float c, float *y, size_t count, int relu) {
  size_t i = 0;
  for (; i < count; i += NK_LANES) {
    size_t left = count - i;
    int part = left < NK_LANES;
    vf v = part ? vf_load_part(x + i, left, 0.0f) : vf_load(x + i);
    v = v * a + c;
    if (z) v = (part ? vf_load_part(z + i, left, 0.0f) : vf_load(z + i)) * b + v;
    if (relu) v = vf_relu(v);
    if (part) vf_store_part(y + i, v, left);
    else vf_store(y + i, v);
  }
}

static void nk_axpy_row(float a, const float *x, float *y, size_t count) {
  size_t i = 0;
  for (; i + NK_LANES <= count; i += NK_LANES) vf_store(y + i, vf_load(x + i) * a + vf_load(y + i));
  for (; i < count; i++) y[i] = x[i] * a + y[i];
}
