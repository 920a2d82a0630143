// A decoder's steps in the arithmetic that ggml has on x86-64 with AVX2.
#ifndef ROENTGEN_NK_DECODER_H
#define ROENTGEN_NK_DECODER_H

#include <stddef.h>
#include <stdint.h>

/// The widest head, in numbers.
enum { nk_half_width = 512 };

/// Where the keys and values of one layer lie, and how they are seen.
typedef struct nk_half_attention {
  /// Heads of queries, and of keys and values.
  ptrdiff_t heads, key_heads;
  /// Numbers of a head: a multiple of 32, at most nk_half_width.
  ptrdiff_t width;
  /// New tokens, and tokens before them.
  ptrdiff_t tokens, past;
  /// How far back a token sees; 0 for all.
  ptrdiff_t window;
  /// Numbers between the first keys of two heads.
  ptrdiff_t head_stride;
} nk_half_attention;

/// Attention over keys and values of float16, [head, token, width], for queries and results
/// [token, head, width]; queries come scaled.
///
/// Queries and the weighted sums of values are float16, too, and the sums are kept key after key; from 64
/// tokens at once on they are float32, in tiles of 64 keys. As in ggml, the keys of a single token are shared between as many runs as there are threads once 256
/// tokens were seen, and what the runs found is joined in float32: from there on the last bits
/// depend on the count of threads.
void nk_half_attend(
    const nk_half_attention *_Nonnull shape, const float *_Nonnull queries,
    const uint16_t *_Nonnull keys, const uint16_t *_Nonnull values, float *_Nonnull results);

/// Each of `rows` rows over the root of its mean square, times `weight`; the mean is summed in float64.
void nk_decoder_norm(
    ptrdiff_t rows, ptrdiff_t count, const float *_Nonnull x, const float *_Nonnull weight,
    float epsilon, float *_Nonnull y);

/// Turns the pairs (i, i + width/2) of each of `heads` heads of each token by angles that grow with the
/// position: x and y are [token, head, width]. The angle of a pair is that of the pair before
/// times base^(−2/width), rounded to float32 each time.
void nk_decoder_turn(
    ptrdiff_t tokens, ptrdiff_t heads, ptrdiff_t width, ptrdiff_t position, float base,
    const float *_Nonnull x, float *_Nonnull y);

/// y = GELU(x)·z, GELU from float16 to float16 between −10 and 10, 0 below and x above.
void nk_decoder_gated_gelu(
    size_t count, const float *_Nonnull x, const float *_Nonnull z, float *_Nonnull y);

#endif
