// Sums, softmax and norms of rows: sixteen lanes and a fixed tree, so that every instruction set
// adds in the same order.

// Runs `body` for each vector `v` of x (and its lane group `part`), `rest` filling the last one.
#define NK_GROUPS(rest_value, body)                                          \
  do {                                                                       \
    size_t i = 0;                                                            \
    for (; i + nk_group <= count; i += nk_group)                             \
      for (int part = 0; part < nk_parts; part++) {                          \
        size_t at = i + (size_t)(part * NK_LANES);                           \
        vf v = vf_load(x + at);                                              \
        (void)at;                                                            \
        body;                                                                \
      }                                                                      \
    for (int part = 0; i < count && part < nk_parts; part++, i += NK_LANES) { \
      size_t at = i;                                                         \
      vf v = vf_load_part(x + at, count - at, rest_value);                   \
      (void)at;                                                              \
      body;                                                                  \
    }                                                                        \
  } while (0)

NK_INLINE vf nk_beside(const float *p, size_t at, size_t count, float rest) {
  return at + NK_LANES <= count ? vf_load(p + at) : vf_load_part(p + at, count - at, rest);
}
NK_INLINE void nk_put(float *p, vf v, size_t at, size_t count) {
  if (at + NK_LANES <= count) vf_store(p + at, v);
  else vf_store_part(p + at, v, count - at);
}

static float nk_row_largest(const float *x, size_t count, int smallest) {
  float start = smallest ? __builtin_inff() : -__builtin_inff();
  vf parts[nk_parts];
  for (int part = 0; part < nk_parts; part++) parts[part] = vf_all(start);
  if (smallest) NK_GROUPS(start, parts[part] = vf_smallest(parts[part], v));
  else NK_GROUPS(start, parts[part] = vf_largest(parts[part], v));
  float lanes[nk_group], found = start;
  for (int part = 0; part < nk_parts; part++) vf_store(lanes + part * NK_LANES, parts[part]);
  for (int i = 0; i < nk_group; i++) {
    if (lanes[i] != lanes[i]) return lanes[i];
    if (smallest ? lanes[i] < found : lanes[i] > found) found = lanes[i];
  }
  return found;
}

static float nk_dot_row(const float *x, float centre, const float *z, size_t count) {
  vf parts[nk_parts] = {};
  NK_GROUPS(centre, parts[part] = (v - centre) * nk_beside(z, at, count, 0.0f) + parts[part]);
  return nk_tree_sum(parts);
}

static float nk_fold_one_row(nk_fold_op op, const float *x, size_t count) {
  vf parts[nk_parts] = {};
  switch (op) {
  case NK_SUM: NK_GROUPS(0.0f, parts[part] += v); return nk_tree_sum(parts);
  case NK_SUM_SQUARES:
    NK_GROUPS(0.0f, parts[part] = v * v + parts[part]);
    return nk_tree_sum(parts);
  case NK_LARGEST: return nk_row_largest(x, count, 0);
  case NK_SMALLEST: return nk_row_largest(x, count, 1);
  }
  return 0;
}

static void nk_fold_some_columns(
    nk_fold_op op, const float *x, float *y, size_t rows, size_t inner, size_t count) {
  float start = op == NK_LARGEST ? -__builtin_inff() : op == NK_SMALLEST ? __builtin_inff() : 0.0f;
  for (size_t i = 0; i < count; i++) y[i] = start;
  for (size_t row = 0; row < rows; row++) {
    const float *line = x + row * inner;
    for (size_t at = 0; at < count; at += NK_LANES) {
      vf v = nk_beside(line, at, count, 0.0f), sum = nk_beside(y, at, count, 0.0f);
      switch (op) {
      case NK_SUM: sum += v; break;
      case NK_SUM_SQUARES: sum = v * v + sum; break;
      case NK_LARGEST: sum = vf_largest(sum, v); break;
      case NK_SMALLEST: sum = vf_smallest(sum, v); break;
      }
      nk_put(y, sum, at, count);
    }
  }
}

static float nk_centred_squares_row(const float *x, float centre, size_t count) {
  vf parts[nk_parts] = {};
  NK_GROUPS(centre, {
    vf d = v - centre;
    parts[part] = d * d + parts[part];
  });
  return nk_tree_sum(parts);
}

static float nk_exponentials_row(const float *x, float shift, float *y, size_t count) {
  vf parts[nk_parts] = {};
  const float low = -__builtin_inff();
  NK_GROUPS(low, {
    vf e = vf_exp(v - shift);
    parts[part] += e;
    nk_put(y, e, at, count);
  });
  return nk_tree_sum(parts);
}

static void nk_softmax_one_row(const float *x, float *y, size_t count, int logarithm) {
  float top = nk_row_largest(x, count, 0);
  if (top == -__builtin_inff() && !logarithm) {
    // Every number is −∞: the quotient is 0/0, and NaN says so, as PyTorch does.
    for (size_t i = 0; i < count; i++) y[i] = __builtin_nanf("");
    return;
  }
  vf parts[nk_parts] = {};
  const float low = -__builtin_inff();
  if (logarithm) {
    NK_GROUPS(low, parts[part] += vf_exp(v - top));
    float shift = logf(nk_tree_sum(parts));
    NK_GROUPS(0.0f, nk_put(y, (v - top) - shift, at, count));
    return;
  }
  NK_GROUPS(low, {
    vf e = vf_exp(v - top);
    parts[part] += e;
    nk_put(y, e, at, count);
  });
  float inverse = 1.0f / nk_tree_sum(parts);
  x = y;
  NK_GROUPS(0.0f, nk_put(y, v * inverse, at, count));
}

static void nk_softmax_gradient_one_row(
    const float *y, const float *dy, float *dx, size_t count, int logarithm) {
  const float *x = y;
  if (logarithm) {
    float sum = nk_fold_one_row(NK_SUM, dy, count);
    NK_GROUPS(0.0f, nk_put(dx, nk_beside(dy, at, count, 0.0f) - vf_exp(v) * sum, at, count));
  } else {
    float sum = nk_dot_row(y, 0.0f, dy, count);
    NK_GROUPS(0.0f, nk_put(dx, v * (nk_beside(dy, at, count, 0.0f) - sum), at, count));
  }
}

static void nk_layer_norm_one_row(
    const float *x, const float *scale, const float *shift, float *y, float *mean,
    float *inverse, size_t count, float epsilon, int rms) {
  float centre = rms ? 0.0f : nk_fold_one_row(NK_SUM, x, count) / (float)count;
  float spread = nk_centred_squares_row(x, centre, count) / (float)count;
  float factor = 1.0f / sqrtf(spread + epsilon);
  if (mean) *mean = centre;
  if (inverse) *inverse = factor;
  NK_GROUPS(0.0f, {
    vf r = (v - centre) * factor;
    if (scale) r = r * nk_beside(scale, at, count, 0.0f);
    if (shift) r = r + nk_beside(shift, at, count, 0.0f);
    nk_put(y, r, at, count);
  });
}

// With x̂ the normalised row and g = dy·scale: dx = inverse · (g − mean(g) − x̂·mean(g·x̂)).
static void nk_layer_norm_gradient_one_row(
    const float *x, const float *scale, const float *dy, float mean, float inverse, float *dx,
    size_t count, int rms) {
  vf sums[nk_parts] = {}, parts[nk_parts] = {};
  NK_GROUPS(mean, {
    vf g = nk_beside(dy, at, count, 0.0f);
    if (scale) g = g * nk_beside(scale, at, count, 0.0f);
    sums[part] += g;
    parts[part] = g * ((v - mean) * inverse) + parts[part];
  });
  float along = nk_tree_sum(parts) / (float)count;
  float level = rms ? 0.0f : nk_tree_sum(sums) / (float)count;
  NK_GROUPS(mean, {
    vf g = nk_beside(dy, at, count, 0.0f);
    if (scale) g = g * nk_beside(scale, at, count, 0.0f);
    nk_put(dx, inverse * (g - level - (v - mean) * inverse * along), at, count);
  });
}
