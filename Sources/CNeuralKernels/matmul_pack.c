// Operands of matrix products, in the order in which the tiles read them.
#include "matmul.h"

#include <string.h>

// Panels of `height` rows from a strided matrix: panel-major, then k, then row; zeros below.
void nk_pack_rows(
    const nk_kernels *kernels, const float *source, ptrdiff_t row_stride, ptrdiff_t k_stride,
    ptrdiff_t rows, ptrdiff_t k, ptrdiff_t height, float *packed) {
  if (rows < height) memset(packed, 0, (size_t)(height * k) * sizeof(float));
  if (row_stride == 1) {
    if (rows == nk_panel && height == nk_panel)
      for (ptrdiff_t step = 0; step < k; step++)
        memcpy(packed + step * nk_panel, source + step * k_stride, nk_panel * sizeof(float));
    else if (rows == nk_filter_panel && height == nk_filter_panel)
      for (ptrdiff_t step = 0; step < k; step++)
        memcpy(
            packed + step * nk_filter_panel, source + step * k_stride,
            nk_filter_panel * sizeof(float));
    else if (rows == 12 && height == 12)  // a length that the compiler knows is no call
      for (ptrdiff_t step = 0; step < k; step++)
        memcpy(packed + step * 12, source + step * k_stride, 12 * sizeof(float));
    else
      for (ptrdiff_t step = 0; step < k; step++)
        memcpy(packed + step * height, source + step * k_stride, (size_t)rows * sizeof(float));
  } else if (k_stride == 1) {
    kernels->transpose(source, row_stride, NULL, rows, k, packed, height);
  } else {
    for (ptrdiff_t step = 0; step < k; step++)
      for (ptrdiff_t row = 0; row < rows; row++)
        packed[step * height + row] = source[row * row_stride + step * k_stride];
  }
}

void nk_pack_pairs(
    const nk_kernels *kernels, nk_operand source, ptrdiff_t rows, ptrdiff_t k, ptrdiff_t height,
    uint32_t *packed) {
  ptrdiff_t pairs = (k + 1) / 2;
  if (rows < height) memset(packed, 0, (size_t)(height * pairs) * sizeof *packed);
  if (source.line == 1) {
    kernels->interleave(
        source.values, source.bytes == 2, source.k, k, rows, packed, height);
  } else if (
      source.k == 1 && source.bytes == 2 && k % 2 == 0 && source.line % 2 == 0 &&
      (uintptr_t)source.values % 4 == 0) {  // pairs lie there already
    kernels->transpose(
        (const float *)source.values, source.line / 2, NULL, rows, pairs, (float *)packed, height);
  } else {
    uint32_t lines[nk_panel * nk_pair_depth];
    for (ptrdiff_t row = 0; row < rows; row++) {
      const char *from = source.values + row * source.line * source.bytes;
      uint16_t *to = (uint16_t *)(lines + row * pairs);
      if (k % 2) to[k] = 0;
      if (source.k == 1 && source.bytes == 2)
        memcpy(to, from, (size_t)k * 2);
      else if (source.k == 1)
        kernels->to_bf16((const float *)from, to, (size_t)k);
      else
        for (ptrdiff_t step = 0; step < k; step++, from += source.k * source.bytes)
          if (source.bytes == 2)
            memcpy(to + step, from, 2);
          else
            kernels->to_bf16((const float *)from, to + step, 1);
    }
    kernels->transpose(
        (const float *)lines, pairs, NULL, rows, pairs, (float *)packed, height);
  }
}

void nk_pack_panel(
    const nk_kernels *kernels, nk_operand source, ptrdiff_t line, ptrdiff_t lines, ptrdiff_t k,
    ptrdiff_t height, float *packed) {
  source.values += line * source.line * source.bytes;
  if (source.pairs)
    nk_pack_pairs(kernels, source, lines, k, height, (uint32_t *)packed);
  else
    nk_pack_rows(
        kernels, (const float *)source.values, source.line, source.k, lines, k, height, packed);
}
