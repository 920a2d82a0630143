// Rows of what training joins: a norm with its activation, cross-entropy with its gradient.

// y = v > 0 ? v : slope·v of v = x·a + c + z; z may be NULL.
static void nk_leak_row(
    const float *x, const float *z, float a, float c, float slope, float *y, size_t count) {
  for (size_t at = 0; at < count; at += NK_LANES) {
    vf v = nk_beside(x, at, count, 0.0f) * a + c;
    if (z) v += nk_beside(z, at, count, 0.0f);
    nk_put(y, vf_pick(v > 0.0f, v, v * slope), at, count);
  }
}

// g = v > 0 ? dy : slope·dy, with v as above, or y in its place; the sum of dy·v where v ≤ 0.
static float nk_leak_gradient_row(
    const float *x, const float *y, float a, float c, float slope, const float *dy, float *g,
    size_t count) {
  vf parts[nk_parts] = {};
  if (y) {
    for (size_t at = 0; at < count; at += NK_LANES) {
      vf d = nk_beside(dy, at, count, 0.0f);
      nk_put(g, vf_pick(nk_beside(y, at, count, 0.0f) > 0.0f, d, d * slope), at, count);
    }
    return 0;
  }
  NK_GROUPS(0.0f, {
    vf d = nk_beside(dy, at, count, 0.0f);
    vf t = v * a + c;
    vi above = t > 0.0f;
    nk_put(g, vf_pick(above, d, d * slope), at, count);
    parts[part] = vf_pick(above, (vf){}, d * t) + parts[part];
  });
  return nk_tree_sum(parts);
}

static float nk_cross_entropy_row(
    const float *x, size_t stride, size_t classes, const int32_t *labels, const float *weights,
    float smoothing, float *dx, size_t count) {
  vf parts[nk_parts] = {};
  float share = smoothing / (float)classes;
  for (size_t i = 0; i < count; i += nk_group)
    for (int part = 0; part < nk_parts; part++) {
      size_t at = i + (size_t)(part * NK_LANES);
      if (at >= count) break;
      int32_t names[NK_LANES];
      for (size_t lane = 0; lane < NK_LANES; lane++)
        names[lane] = at + lane < count ? labels[at + lane] : -1;
      vi label;
      memcpy(&label, names, sizeof label);
      vf top = nk_beside(x, at, count, 0.0f);
      for (size_t c = 1; c < classes; c++)
        top = vf_largest(top, nk_beside(x + c * stride, at, count, 0.0f));
      vf sum = {};
      for (size_t c = 0; c < classes; c++)
        sum += vf_exp(nk_beside(x + c * stride, at, count, 0.0f) - top);
      vf shift = vf_log(sum), inverse = 1.0f / sum, total = {}, loss = {};
      // The targets, each times the logarithm of its probability.
      for (size_t c = 0; c < classes; c++) {
        float weight = weights ? weights[c] : 1.0f;
        vf own = vf_pick(label == (int32_t)c, vf_all(weight * (1 - smoothing)), (vf){});
        vf target = vf_pick(label >= 0, own + weight * share, (vf){});
        total += target;
        loss -= target * (nk_beside(x + c * stride, at, count, 0.0f) - top - shift);
      }
      for (size_t c = 0; c < classes; c++) {
        float weight = weights ? weights[c] : 1.0f;
        vf own = vf_pick(label == (int32_t)c, vf_all(weight * (1 - smoothing)), (vf){});
        vf target = vf_pick(label >= 0, own + weight * share, (vf){});
        vf p = vf_exp(nk_beside(x + c * stride, at, count, 0.0f) - top) * inverse;
        nk_put(dx + c * stride, p * total - target, at, count);
      }
      parts[part] += vf_pick(label >= 0, loss, (vf){});
    }
  return nk_tree_sum(parts);
}
