// The arena: freed blocks wait in lists by size class, so a forward pass that repeats asks the
// system for nothing.
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1
#endif
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "nk_memory.h"

// Classes grow by a quarter of a power of two: a block wastes at most a fifth.
enum { nk_classes = 256, nk_smallest = 64 };
// What is kept idle: with the bytes in use as much as this, or as were ever in use at once (and an
// eighth more, for classes peak at different times). So a training step that repeats finds every
// block again, and keeping blocks does not raise the most that the process holds.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
// Nothing is kept and nothing rounded, so that the sanitizer sees every overrun.
#define NK_EXACT 1
#endif
#endif
#if defined(NK_EXACT)
static const size_t nk_idle_limit = 0;
#else
static const size_t nk_idle_limit = (size_t)1 << 30;
#endif
// Blocks of this size and more ask for huge pages.
static const size_t nk_huge = (size_t)2 << 20;

typedef struct nk_block {
  struct nk_block *next;
} nk_block;

static pthread_mutex_t nk_arena_lock = PTHREAD_MUTEX_INITIALIZER;
static nk_block *nk_idle_blocks[nk_classes];
static nk_arena_state nk_state;
static size_t nk_highest;  // the most in use at once since the last trim

// The bytes that may be held, in use and idle. The lock is held.
static size_t nk_allowance(void) {
  size_t most = nk_highest + nk_highest / 8;
  return nk_idle_limit == 0 ? 0 : most > nk_idle_limit ? most : nk_idle_limit;
}

// The size that blocks of a class have.
static size_t nk_class_size(int class) {
  size_t power = (size_t)1 << (class / 4 + 6);
  return (power + (size_t)(class % 4) * (power / 4) + 63) & ~(size_t)63;
}

// Takes idle blocks, the largest first, off their lists until `wanted` more bytes are within the
// allowance. The lock is held; the caller frees what is returned after releasing it.
static nk_block *nk_make_room(size_t wanted) {
  nk_block *found = NULL;
  for (int class = nk_classes - 1; class >= 0; class--)
    while (nk_idle_blocks[class] && nk_state.live + nk_state.idle + wanted > nk_allowance()) {
      nk_block *block = nk_idle_blocks[class];
      nk_idle_blocks[class] = block->next;
      nk_state.idle -= nk_class_size(class);
      block->next = found;
      found = block;
    }
  return found;
}

static void nk_free_blocks(nk_block *block) {
  while (block) {
    nk_block *next = block->next;
    free(block);
    block = next;
  }
}

// The class of a size, and the size that blocks of the class have; -1 when it is beyond memory.
static int nk_class(size_t bytes, size_t *rounded) {
  size_t size = bytes < nk_smallest ? nk_smallest : bytes;
  if (size > ((size_t)1 << 47)) return -1;
  unsigned power = 63u - (unsigned)__builtin_clzl(size);
  size_t quarter = (size_t)1 << (power - 2);
  size_t steps = (size - ((size_t)1 << power) + quarter - 1) / quarter;
  *rounded = (((size_t)1 << power) + steps * quarter + 63) & ~(size_t)63;
  return (int)((power - 6) * 4 + steps);
}

void *nk_arena_take(size_t bytes) {
  size_t rounded = 0;
  int class = nk_class(bytes, &rounded);
  if (class < 0 || class >= nk_classes) return NULL;
  pthread_mutex_lock(&nk_arena_lock);
  nk_block *block = nk_idle_blocks[class], *surplus = NULL;
  if (block) {
    nk_idle_blocks[class] = block->next;
    nk_state.idle -= rounded;
  } else {
    nk_state.system_blocks++;
    surplus = nk_make_room(rounded);
  }
  nk_state.live += rounded;
  if (nk_state.live > nk_state.peak) nk_state.peak = nk_state.live;
  if (nk_state.live > nk_highest) nk_highest = nk_state.live;
  pthread_mutex_unlock(&nk_arena_lock);
  if (block) return block;
  nk_free_blocks(surplus);
  void *fresh = NULL;
  size_t alignment = rounded >= nk_huge ? nk_huge : 64;
#if defined(NK_EXACT)
  size_t asked = bytes < sizeof(nk_block) ? sizeof(nk_block) : bytes;
#else
  size_t asked = rounded;
#endif
  if (posix_memalign(&fresh, alignment, asked) != 0) {
    pthread_mutex_lock(&nk_arena_lock);
    nk_state.live -= rounded;
    pthread_mutex_unlock(&nk_arena_lock);
    return NULL;
  }
#if defined(MADV_HUGEPAGE)
  if (asked >= nk_huge) madvise(fresh, asked, MADV_HUGEPAGE);
#endif
  return fresh;
}

void nk_arena_give(void *pointer, size_t bytes) {
  size_t rounded = 0;
  int class = nk_class(bytes, &rounded);
  if (class < 0 || class >= nk_classes) return;
  nk_block *block = pointer;
  pthread_mutex_lock(&nk_arena_lock);
  nk_state.live -= rounded;
  int keep = nk_state.live + nk_state.idle + rounded <= nk_allowance();
  if (keep) {
    block->next = nk_idle_blocks[class];
    nk_idle_blocks[class] = block;
    nk_state.idle += rounded;
  }
  pthread_mutex_unlock(&nk_arena_lock);
  if (!keep) free(pointer);
}

void nk_arena_trim(void) {
  nk_block *found = NULL;
  pthread_mutex_lock(&nk_arena_lock);
  for (int class = 0; class < nk_classes; class++)
    while (nk_idle_blocks[class]) {
      nk_block *block = nk_idle_blocks[class];
      nk_idle_blocks[class] = block->next;
      block->next = found;
      found = block;
    }
  nk_state.idle = 0;
  nk_highest = nk_state.live;
  pthread_mutex_unlock(&nk_arena_lock);
  nk_free_blocks(found);
}

nk_arena_state nk_arena_read(void) {
  pthread_mutex_lock(&nk_arena_lock);
  nk_arena_state state = nk_state;
  pthread_mutex_unlock(&nk_arena_lock);
  return state;
}

void nk_arena_reset_peak(void) {
  pthread_mutex_lock(&nk_arena_lock);
  nk_state.peak = nk_state.live;
  pthread_mutex_unlock(&nk_arena_lock);
}
