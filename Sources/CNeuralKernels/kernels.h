// What each instruction set provides; one table for each, filled from the same templates.
#ifndef ROENTGEN_KERNELS_H
#define ROENTGEN_KERNELS_H

#include "CNeuralKernels.h"
#include "channels.h"
#include "half.h"
#include "quantized.h"

// The panel that the matrix kernels share: B is packed in panels of this many columns whatever the
// instruction set, so that packed weights do not depend on it. A sum is stored after so many steps of k,
// or of pairs of steps.
enum { nk_panel = 32, nk_depth = 384, nk_pair_depth = 512 };

typedef void nk_pair_tile_function(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t pairs, const uint32_t *a, const uint32_t *b,
    float *c, ptrdiff_t c_stride, int accumulate);

typedef struct nk_kernels {
  const char *name;
  void (*unary)(nk_unary_op op, float p, float q, const float *x, float *y, size_t count);
  /// Rows of `count`; a stride is 0 or 1.
  void (*binary)(
      nk_binary_op op, const float *a, ptrdiff_t a_stride, const float *b, ptrdiff_t b_stride,
      float *y, size_t count);
  float (*fold_row)(nk_fold_op op, const float *x, size_t count);
  /// y[i] = fold over rows of x[row * inner + i] for i below count.
  void (*fold_columns)(
      nk_fold_op op, const float *x, float *y, size_t rows, size_t inner, size_t count);
  void (*softmax_row)(const float *x, float *y, size_t length, int logarithm);
  void (*softmax_gradient_row)(
      const float *y, const float *dy, float *dx, size_t length, int logarithm);
  void (*layer_norm_row)(
      const float *x, const float *scale, const float *shift, float *y, float *mean,
      float *inverse, size_t length, float epsilon, int rms);
  void (*layer_norm_gradient_row)(
      const float *x, const float *scale, const float *dy, float mean, float inverse, float *dx,
      size_t length, int rms);
  /// Σ (x − centre)².
  float (*centred_squares)(const float *x, float centre, size_t count);
  /// Σ (x − centre)·z.
  float (*dot)(const float *x, float centre, const float *z, size_t count);
  /// y = e^(x − shift), and their sum.
  float (*exponentials)(const float *x, float shift, float *y, size_t count);
  /// y = a·x + b·z + c; z may be NULL.
  void (*combine)(
      const float *x, const float *z, float a, float b, float c, float *y, size_t count, int relu);
  /// y = v above zero and slope·v below, v = x·a + c + z; z may be NULL.
  void (*leak)(
      const float *x, const float *z, float a, float c, float slope, float *y, size_t count);
  /// The gradient of the same before the step, told by the result y where it is given; Σ dy·v below
  /// zero where it is not.
  float (*leak_gradient)(
      const float *x, const float *y, float a, float c, float slope, const float *dy, float *g,
      size_t count);
  /// One row of nk_cross_entropy, classes `stride` apart.
  float (*cross_entropy)(
      const float *x, size_t stride, size_t classes, const int32_t *labels, const float *weights,
      float smoothing, float *dx, size_t count);
  /// y += a·x.
  void (*axpy)(float a, const float *x, float *y, size_t count);

  // Matrices.
  ptrdiff_t gemm_rows;
  void (*gemm_tile)(
      ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t k, const float *a, const float *b, float *c,
      ptrdiff_t c_stride, int accumulate, const nk_epilogue *epilogue, ptrdiff_t row,
      ptrdiff_t column);
  /// to[i · to_stride + r] = source[offsets ? offsets[r] : r · row_stride][i].
  void (*transpose)(
      const float *source, ptrdiff_t row_stride, const ptrdiff_t *offsets, ptrdiff_t rows,
      ptrdiff_t count, float *to, ptrdiff_t to_stride);
  /// The epilogue over rows that are stored.
  void (*finish)(
      ptrdiff_t rows, ptrdiff_t columns, float *c, ptrdiff_t c_stride, const nk_epilogue *epilogue,
      ptrdiff_t row, ptrdiff_t column);

  // bfloat16.
  void (*to_bf16)(const float *x, uint16_t *y, size_t count);
  void (*from_bf16)(const uint16_t *x, float *y, size_t count);
  /// to[line / 2 · to_stride + i]: number i of an even line, and of the next one in the upper half.
  void (*interleave)(
      const void *source, int is_bf16, ptrdiff_t stride, ptrdiff_t lines, ptrdiff_t count,
      uint32_t *to, ptrdiff_t to_stride);
  /// A tile as wide as the panel, of pairs: C (+)= A·B with two steps of k in each 32 bits.
  nk_pair_tile_function *pair_tile;

  // Convolutions.
  /// `filters` (at most 4) rows of `width` outputs: Σ weights[i·k + step] · image[taps[step] + x].
  void (*conv_row)(
      const float *image, const ptrdiff_t *taps, const float *weights, ptrdiff_t k,
      ptrdiff_t filters, float *y, ptrdiff_t y_stride, ptrdiff_t width, int slack);
  /// U = G·g·Gᵀ for `rows` (at most 16) filters, g[tap · 16 + row], u[point · stride + row].
  void (*winograd_filter)(const float *g, ptrdiff_t rows, float *u, ptrdiff_t stride);
  void (*winograd_input)(
      const float *image, const ptrdiff_t *taps, ptrdiff_t length, float *v,
      ptrdiff_t point_stride, ptrdiff_t room);
  int (*winograd_output)(
      const float *m, ptrdiff_t point_stride, ptrdiff_t length, float *y, ptrdiff_t y_stride,
      ptrdiff_t high, ptrdiff_t wide);
  /// D = A·dy·Aᵀ of a 4×4 tile whose numbers are `lanes` (at most 16) channels each; whole vectors are
  /// read and stored.
  void (*winograd_gradient)(
      const float *dy, ptrdiff_t row_stride, ptrdiff_t lanes, float *d, ptrdiff_t point_stride);
  /// w (+)= Gᵀ·M·G, nine rows as long as the 36 of M, whole groups of sixteen.
  void (*winograd_fold)(const float *m, ptrdiff_t length, float *w, int accumulate);

  // Convolutions with channels innermost.
  void (*pixels_by_filters)(const nk_pixel_tile *tile);
  void (*tile_before)(const nk_tile_input *tile);
  int (*tile_after)(const nk_tile_output *tile);
  void (*channel_taps)(
      const float *const *pixels, ptrdiff_t taps, const float *weights, ptrdiff_t channels,
      float *y, const float *bias, int relu);
  void (*channel_taps_run)(const nk_channel_run *run);
  void (*channel_pool)(
      const float *const *pixels, ptrdiff_t count, ptrdiff_t channels, float *y, int largest,
      float factor);

  // Quantised matrices, by nk_quantization: one row times one quantised vector.
  float (*quantized_row[5])(const void *row, const void *vector, ptrdiff_t blocks);
  /// The same in the order that ggml has for many vectors at once.
  float (*quantized_row_of_many[5])(const void *row, const void *vector, ptrdiff_t blocks);

  // A decoder's steps in ggml's arithmetic.
  void (*half_attention)(
      const float *query, const uint16_t *keys, const uint16_t *values, ptrdiff_t count,
      ptrdiff_t width, float *sum, float *top, float *total);
  void (*tiled_attention)(
      const float *query, const uint16_t *keys, const uint16_t *values, ptrdiff_t skipped,
      ptrdiff_t count, ptrdiff_t width, float *sum, float *top, float *total);
  void (*decoder_norm)(
      const float *x, const float *weight, float *y, size_t count, float epsilon);
  void (*decoder_turn)(
      const float *x, const float *cosines, const float *sines, float *y, size_t half);
} nk_kernels;

extern const nk_kernels nk_baseline;
#if defined(__x86_64__)
extern const nk_kernels nk_avx2;
extern const nk_kernels nk_avx512;
#endif

/// The table in use.
const nk_kernels *nk_active(void);

/// Whether instructions beyond the table's may be used where the machine has them.
int nk_extensions(void);
/// The tile for pairs of bfloat16 with the best instruction for these kernels.
nk_pair_tile_function *nk_pair_tile_for(const nk_kernels *kernels);

#endif
