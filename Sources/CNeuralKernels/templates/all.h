// Every template, and the table of one instruction set.
#include "vector.h"
// The order matters: each uses what stands above it.
#include "functions.h"
#include "elementwise.h"
#include "rows.h"
#include "training.h"
#include "gemm.h"
#include "pairs.h"
#include "transpose.h"
#include "conv.h"
#include "winograd.h"
#include "pixels.h"
#include "quantized.h"
#include "decoder.h"

const nk_kernels NK_TABLE = {
    .name = NK_TABLE_NAME,
    .unary = nk_unary_row,
    .binary = nk_binary_row,
    .fold_row = nk_fold_one_row,
    .fold_columns = nk_fold_some_columns,
    .softmax_row = nk_softmax_one_row,
    .softmax_gradient_row = nk_softmax_gradient_one_row,
    .layer_norm_row = nk_layer_norm_one_row,
    .layer_norm_gradient_row = nk_layer_norm_gradient_one_row,
    .centred_squares = nk_centred_squares_row,
    .dot = nk_dot_row,
    .exponentials = nk_exponentials_row,
    .combine = nk_combine_row,
    .leak = nk_leak_row,
    .leak_gradient = nk_leak_gradient_row,
    .cross_entropy = nk_cross_entropy_row,
    .axpy = nk_axpy_row,
    .gemm_rows = nk_tile_rows,
    .gemm_tile = nk_gemm_one_tile,
    .transpose = nk_transpose_rows,
    .finish = nk_finish_tile,
    .to_bf16 = nk_to_bf16_row,
    .from_bf16 = nk_from_bf16_row,
    .interleave = nk_interleave_lines,
    .pair_tile = nk_pair_tile,
    .conv_row = nk_conv_one_row,
    .winograd_filter = nk_winograd_filter_rows,
    .winograd_input = nk_winograd_input_run,
    .winograd_output = nk_winograd_output_run,
    .pixels_by_filters = nk_pixels_by_filters,
    .tile_before = nk_tile_before,
    .tile_after = nk_tile_after,
    .channel_taps = nk_channel_taps,
    .channel_taps_run = nk_channel_taps_run,
    .channel_pool = nk_channel_pool,
    .winograd_gradient = nk_winograd_gradient_tile,
    .winograd_fold = nk_winograd_fold_rows,
    .quantized_row = {nk_row_q4_0, nk_row_q5_0, nk_row_q8_0, nk_row_q4_k, nk_row_q6_k},
    .quantized_row_of_many =
        {nk_row_q4_0, nk_row_q5_0, nk_row_q8_0, nk_row_of_many_q4_k, nk_row_of_many_q6_k},
    .half_attention = nk_half_attention_run,
    .tiled_attention = nk_tiled_attention_run,
    .decoder_norm = nk_decoder_norm_row,
    .decoder_turn = nk_decoder_turn_row,
};
