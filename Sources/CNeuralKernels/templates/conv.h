// Rows of a convolution with few filters, straight from the laid-out image.

enum { nk_row_vectors = NK_LANES == 4 ? 2 : 4 };

NK_INLINE void nk_conv_row_part(
    const float *image, const ptrdiff_t *taps, const float *weights, ptrdiff_t k, int filters,
    float *y, ptrdiff_t y_stride, ptrdiff_t width, int vectors) {
  vf sums[4][nk_row_vectors] = {};
  for (ptrdiff_t step = 0; step < k; step++) {
    const float *from = image + taps[step];
    vf x[nk_row_vectors];
    for (int j = 0; j < vectors; j++) x[j] = vf_load(from + j * NK_LANES);
    for (int i = 0; i < filters; i++) {
      vf w = vf_all(weights[i * k + step]);
      for (int j = 0; j < vectors; j++) sums[i][j] = w * x[j] + sums[i][j];
    }
  }
  for (int i = 0; i < filters; i++)
    for (int j = 0; j < vectors && j * NK_LANES < width; j++)
      nk_put(y + i * y_stride + j * NK_LANES, sums[i][j], 0, (size_t)(width - j * NK_LANES));
}

// Without slack the last vectors are read number by number.
static void nk_conv_row_end(
    const float *image, const ptrdiff_t *taps, const float *weights, ptrdiff_t k, int filters,
    float *y, ptrdiff_t y_stride, ptrdiff_t width) {
  for (int i = 0; i < filters; i++)
    for (ptrdiff_t at = 0; at < width; at++) {
      float sum = 0;
      for (ptrdiff_t step = 0; step < k; step++)
        sum = weights[i * k + step] * image[taps[step] + at] + sum;
      y[i * y_stride + at] = sum;
    }
}

static void nk_conv_one_row(
    const float *image, const ptrdiff_t *taps, const float *weights, ptrdiff_t k,
    ptrdiff_t filters, float *y, ptrdiff_t y_stride, ptrdiff_t width, int slack) {
  const ptrdiff_t wide = nk_row_vectors * NK_LANES;
  for (ptrdiff_t at = 0; at < width;) {
    ptrdiff_t left = width - at;
    if (!slack && left < NK_LANES) {
      nk_conv_row_end(
          image + at, taps, weights, k, (int)filters, y + at, y_stride, left);
      return;
    }
    if (left > wide - NK_LANES && (slack || left >= wide)) {
      switch (filters) {
      case 1: nk_conv_row_part(image + at, taps, weights, k, 1, y + at, y_stride, left, nk_row_vectors); break;
      case 2: nk_conv_row_part(image + at, taps, weights, k, 2, y + at, y_stride, left, nk_row_vectors); break;
      case 3: nk_conv_row_part(image + at, taps, weights, k, 3, y + at, y_stride, left, nk_row_vectors); break;
      default: nk_conv_row_part(image + at, taps, weights, k, 4, y + at, y_stride, left, nk_row_vectors); break;
      }
      at += wide;
    } else {
      switch (filters) {
      case 1: nk_conv_row_part(image + at, taps, weights, k, 1, y + at, y_stride, left, 1); break;
      case 2: nk_conv_row_part(image + at, taps, weights, k, 2, y + at, y_stride, left, 1); break;
      case 3: nk_conv_row_part(image + at, taps, weights, k, 3, y + at, y_stride, left, 1); break;
      default: nk_conv_row_part(image + at, taps, weights, k, 4, y + at, y_stride, left, 1); break;
      }
      at += NK_LANES;
    }
  }
}
