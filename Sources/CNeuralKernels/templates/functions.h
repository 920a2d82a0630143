// Elementary functions of vectors. Each is within a few units in the last place; the polynomials
// are least-squares fits at Chebyshev nodes of the functions named beside them.

// e^x: x = n·ln 2 + r with |r| ≤ ln 2 / 2; e^r = 1 + r + r²·P(r). Overflows to ∞, underflows
// through the denormals to 0, keeps NaN.
NK_INLINE vf vf_exp(vf x) {
  x = vf_pick(x > 89.0f, vf_all(89.0f), x);
  x = vf_pick(x < -104.0f, vf_all(-104.0f), x);
  const vf magic = vf_all(12582912.0f);  // 1.5·2²³: adding it rounds to an integer
  vf shifted = x * 1.44269504f + magic;
  vi n = (vi)shifted - (vi)magic;
  vf whole = shifted - magic;
  vf r = x - whole * 0.693145752f;
  r = r - whole * 1.42860677e-6f;
  vf p = vf_all(1.98992770e-4f);
  p = p * r + 1.39336439e-3f;
  p = p * r + 8.33329838e-3f;
  p = p * r + 4.16664667e-2f;
  p = p * r + 1.66666672e-1f;
  p = p * r + 0.5f;
  p = p * (r * r) + r;
  p = p + 1.0f;
  vi half = n >> 1;
  vf low = (vf)((half + 127) << 23);
  vf high = (vf)((n - half + 127) << 23);
  return p * low * high;
}

// ln x: x = 2^n·(1 + u) with √½ ≤ 1 + u < √2; ln(1 + u) = u − u²/2 + u³·P(u).
NK_INLINE vf vf_log(vf x) {
  vi tiny = x < 1.17549435e-38f;
  vf scaled = vf_pick(tiny, x * 8388608.0f, x);
  vi bits = (vi)scaled - 0x3f3504f3;
  vi n = bits >> 23;
  vf u = (vf)((bits & 0x7fffff) + 0x3f3504f3) - 1.0f;
  vf e = __builtin_convertvector(n, vf) - (vf)(tiny & (vi)vf_all(23.0f));
  vf p = vf_all(7.14975372e-2f);
  p = p * u - 1.15712009e-1f;
  p = p * u + 1.16615109e-1f;
  p = p * u - 1.24110505e-1f;
  p = p * u + 1.42499372e-1f;
  p = p * u - 1.66684806e-1f;
  p = p * u + 2.00007081e-1f;
  p = p * u - 2.49999896e-1f;
  p = p * u + 3.33333313e-1f;
  vf uu = u * u;
  vf y = p * (uu * u) + e * 1.42860677e-6f;
  y = y - 0.5f * uu;
  y = y + u;
  y = y + e * 0.693145752f;
  y = vf_pick(x == __builtin_inff(), x, y);
  y = vf_pick(x == 0.0f, vf_all(-__builtin_inff()), y);
  return vf_pick((x < 0.0f) | (x != x), vf_all(__builtin_nanf("")), y);
}

// tanh x: x + x³·P(x²) near 0, 1 − 2/(e^2|x| + 1) beyond.
NK_INLINE vf vf_tanh(vf x) {
  vf a = vf_abs(x), s = x * x;
  vf p = vf_all(2.24930886e-3f);
  p = p * s - 8.30509234e-3f;
  p = p * s + 2.17569228e-2f;
  p = p * s - 5.39577752e-2f;
  p = p * s + 1.33332968e-1f;
  p = p * s - 3.33333343e-1f;
  vf near = p * (s * x) + x;
  vf far = vf_sign_of(1.0f - 2.0f / (vf_exp(a + a) + 1.0f), x);
  return vf_pick(a < 0.64f, near, vf_pick(x != x, x, far));
}

// 1 / (1 + e^−x), from the side that does not overflow.
NK_INLINE vf vf_sigmoid(vf x) {
  vf e = vf_exp(-vf_abs(x));
  vf small = e / (1.0f + e);
  return vf_pick(x != x, x, vf_pick(x < 0.0f, small, 1.0f / (1.0f + e)));
}

// erf x = x·P(x²)/Q(x²), fitted up to 3.98 and within five units of the last place; beyond 3.92 it is 1.
NK_INLINE vf vf_erf(vf x) {
  vf a = vf_abs(x), s = x * x;
  vf p = vf_all(2.00225671e-6f);
  p = p * s + 2.84581514e-4f;
  p = p * s + 3.85255871e-3f;
  p = p * s + 5.30087432e-2f;
  p = p * s + 1.92732417e-1f;
  p = p * s + 1.12837914f;
  vf q = vf_all(3.75814456e-5f);
  q = q * s + 1.17943441e-3f;
  q = q * s + 1.51448907e-2f;
  q = q * s + 1.15027284e-1f;
  q = q * s + 5.04137263e-1f;
  q = q * s + 1.0f;
  vf r = a * p / q;
  return vf_sign_of(vf_pick((r > 1.0f) | (a > 3.92f), vf_all(1.0f), r), x);
}

// At −∞ these three are NaN (−∞ · 0), as in PyTorch.
NK_INLINE vf vf_gelu(vf x) {
  return 0.5f * x * (1.0f + vf_erf(x * 0.707106781f));
}
NK_INLINE vf vf_gelu_tanh(vf x) {
  vf inner = 0.797884561f * (x + 0.044715f * x * x * x);
  return 0.5f * x * (1.0f + vf_tanh(inner));
}
NK_INLINE vf vf_silu(vf x) {
  return x * vf_sigmoid(x);
}
// ln(1 + e^x) = max(x, 0) + ln(1 + e^−|x|), the last by ln(w)·t/(w − 1), w = 1 + t.
NK_INLINE vf vf_softplus(vf x) {
  vf t = vf_exp(-vf_abs(x));
  vf w = 1.0f + t, d = w - 1.0f;
  vf tail = vf_pick(d == 0.0f, t, vf_log(w) * (t / d));
  return vf_pick(x != x, x, vf_pick(x > 0.0f, x, vf_all(0.0f)) + tail);
}
NK_INLINE vf vf_clamp(vf x, float low, float high) {
  x = vf_pick(x < low, vf_all(low), x);
  return vf_pick(x > high, vf_all(high), x);
}
NK_INLINE vf vf_hard_swish(vf x) { return x * vf_clamp(x * (1.0f / 6.0f) + 0.5f, 0.0f, 1.0f); }
NK_INLINE vf vf_relu(vf x) { return vf_pick(x < 0.0f, vf_all(0.0f), x); }

NK_INLINE vf vf_activation(vf x, nk_activation activation, float p, float q) {
  switch (activation) {
  case NK_NO_ACTIVATION: return x;
  case NK_ACT_RELU: return vf_relu(x);
  case NK_ACT_GELU: return vf_gelu(x);
  case NK_ACT_GELU_TANH: return vf_gelu_tanh(x);
  case NK_ACT_SILU: return vf_silu(x);
  case NK_ACT_SIGMOID: return vf_sigmoid(x);
  case NK_ACT_TANH: return vf_tanh(x);
  case NK_ACT_LEAKY_RELU: return vf_pick(x < 0.0f, x * p, x);
  case NK_ACT_HARD_SWISH: return vf_hard_swish(x);
  case NK_ACT_CLAMP: return vf_clamp(x, p, q);
  }
  return x;
}
