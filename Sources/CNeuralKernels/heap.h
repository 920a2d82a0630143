// Large blocks, cut from segments and joined again when they are free.
#ifndef ROENTGEN_HEAP_H
#define ROENTGEN_HEAP_H

#include <stddef.h>

/// A block of at least `bytes`, aligned to 64, or NULL. Calls must not overlap.
void *nk_heap_take(size_t bytes);
void nk_heap_give(void *block);
/// Gives what is free back to the system.
void nk_heap_trim(void);
/// The bytes that were used before and are free, and how many segments were ever asked for.
size_t nk_heap_idle(void);
size_t nk_heap_segments(void);

#endif
