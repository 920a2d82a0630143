// Memory: the arena that tensors live in, copies between strides, 16-bit conversions.
#ifndef ROENTGEN_NK_MEMORY_H
#define ROENTGEN_NK_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/// Bytes aligned to 64 with arbitrary content, or NULL when memory is exhausted.
/// Freed blocks of the same size class are handed out again.
void *_Nullable nk_arena_take(size_t bytes);
/// Gives back what `nk_arena_take` returned for the same count of bytes.
void nk_arena_give(void *_Nonnull block, size_t bytes);
/// Returns every idle block to the system.
void nk_arena_trim(void);

typedef struct {
  /// Bytes in use now, and the most since the last reset.
  size_t live, peak;
  /// Bytes kept for reuse.
  size_t idle;
  /// Blocks that were asked of the system, ever.
  size_t system_blocks;
} nk_arena_state;

nk_arena_state nk_arena_read(void);
/// Sets `peak` to `live`.
void nk_arena_reset_peak(void);

/// Copies `shape` elements of `size` bytes (1, 2, 4 or 8) between strides.
void nk_copy(
    void *_Nonnull target, const ptrdiff_t *_Nonnull target_strides,
    const void *_Nonnull source, const ptrdiff_t *_Nonnull source_strides,
    const ptrdiff_t *_Nonnull shape, ptrdiff_t rank, size_t size);

void nk_f32_to_f16(const void *_Nonnull source, void *_Nonnull target, size_t count);
void nk_f16_to_f32(const void *_Nonnull source, void *_Nonnull target, size_t count);
void nk_f32_to_bf16(const void *_Nonnull source, void *_Nonnull target, size_t count);
void nk_bf16_to_f32(const void *_Nonnull source, void *_Nonnull target, size_t count);

#endif
