// Products of ggml's quantised matrices with vectors.
#ifndef ROENTGEN_NK_QUANTIZED_H
#define ROENTGEN_NK_QUANTIZED_H

#include <stddef.h>
#include <stdint.h>

/// How a row of weights is stored: blocks of 32 (the names with 0) or of 256.
typedef enum nk_quantization { NK_Q4_0, NK_Q5_0, NK_Q8_0, NK_Q4_K, NK_Q6_K } nk_quantization;

/// Weights of one block, and bytes.
size_t nk_quantized_block(nk_quantization type);
size_t nk_quantized_bytes(nk_quantization type);

/// y[v·rows + r] = Σ over c of W[r, c]·x[v·columns + c] for each of `vectors`.
///
/// As in ggml, x is quantised first: to 8 bits with one scale for 32 numbers (a float16) or for 256,
/// so that sums inside a block are exact. `columns` is whole blocks. Rows are shared between threads;
/// the bits depend neither on their count nor on the instruction set. They are those of ggml on x86-64
/// with AVX2 for Q5_0, Q8_0, Q4_K and Q6_K, whose order of additions is another for vectors in fours
/// (Q4_K) and for eight or more (Q6_K). Returns 0 when memory for the quantised vectors cannot be had.
int nk_quantized_product(
    nk_quantization type, ptrdiff_t rows, ptrdiff_t columns, const void *_Nonnull weights,
    ptrdiff_t vectors, const float *_Nonnull x, float *_Nonnull y);

#endif
