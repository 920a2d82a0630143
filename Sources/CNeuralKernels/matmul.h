// What the files of the matrix product share.
#ifndef ROENTGEN_MATMUL_H
#define ROENTGEN_MATMUL_H

#include "image.h"

/// An operand on its way into panels. Its unit is a float, or two neighbouring steps of k as bfloat16.
typedef struct {
  const char *values;
  ptrdiff_t line, k;  // the distances between lines of a panel and between steps of k
  ptrdiff_t bytes;    // of one number
  int pairs;          // whether the unit is a pair
} nk_operand;

/// Where a product goes: floats, or bfloat16 with `sums` for all steps of k but the last.
typedef struct {
  float *sums;
  uint16_t *rounded;
  ptrdiff_t stride;
  int accumulate;
  const nk_epilogue *epilogue;
} nk_result;

/// C = A·B over `k` numbers. Operands of pairs are rounded to bfloat16 where they are not. B may have been
/// packed before. Returns 0 when memory for packing cannot be had.
int nk_product(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, nk_operand a, nk_operand b, const void *prepacked,
    const nk_result *c);

/// Whether all of A stays in the second-level cache in a product of `k` units.
int nk_has_few_rows(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, int pairs);
/// `nk_product` for such products: every chunk packs its own columns of B and takes them through all of k.
int nk_product_of_few_rows(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, nk_operand a, nk_operand b, const void *prepacked,
    const nk_result *c);

/// Whether A can be read from where it lies, and this pays.
int nk_reads_rows_in_place(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, nk_operand a, const void *prepacked,
    const nk_result *c);
/// The same as `nk_product` for such operands of floats.
int nk_product_of_rows(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, nk_operand a, nk_operand b, const nk_result *c);

/// A tile of C from a panel of A and of B, `k` units deep, at a row and a column of C.
void nk_product_tile(
    const nk_kernels *kernels, nk_pair_tile_function *pair_tile, ptrdiff_t rows, ptrdiff_t columns,
    ptrdiff_t k, const float *a, const float *b, const nk_result *c, ptrdiff_t row,
    ptrdiff_t column);

/// One panel of an operand: `lines` from `line` on, `k` numbers of each.
void nk_pack_panel(
    const nk_kernels *kernels, nk_operand source, ptrdiff_t line, ptrdiff_t lines, ptrdiff_t k,
    ptrdiff_t height, float *packed);
/// Panels of pairs: as `nk_pack_rows`, with a zero after the last step where k is odd.
void nk_pack_pairs(
    const nk_kernels *kernels, nk_operand source, ptrdiff_t rows, ptrdiff_t k, ptrdiff_t height,
    uint32_t *packed);

#endif
