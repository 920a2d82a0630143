// The arena: small blocks that are given back wait in lists by size, large ones in a heap, so a pass
// that repeats asks the system for nothing.
#include <pthread.h>
#include <stdlib.h>

#include "heap.h"
#include "nk_memory.h"

// Classes grow by a quarter of a power of two: a block wastes at most a fifth.
enum { nk_classes = 256, nk_smallest = 64 };
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
// Nothing is kept and nothing rounded, so that the sanitizer sees every overrun.
#define NK_EXACT 1
#endif
#endif
// Idle bytes of small blocks beyond this go back to the system, the given block first.
#if defined(NK_EXACT)
static const size_t nk_idle_limit = 0;
static const size_t nk_large = (size_t)-1;
#else
static const size_t nk_idle_limit = (size_t)1 << 30;
// Blocks of this size and more come from the heap.
static const size_t nk_large = (size_t)1 << 20;
#endif

typedef struct nk_block {
  struct nk_block *next;
} nk_block;

static pthread_mutex_t nk_arena_lock = PTHREAD_MUTEX_INITIALIZER;
static nk_block *nk_idle_blocks[nk_classes];
static nk_arena_state nk_state;

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

static void nk_count(size_t bytes) {
  nk_state.live += bytes;
  if (nk_state.live > nk_state.peak) nk_state.peak = nk_state.live;
}

void *nk_arena_take(size_t bytes) {
  if (bytes >= nk_large && bytes <= (size_t)1 << 47) {
    pthread_mutex_lock(&nk_arena_lock);
    void *block = nk_heap_take(bytes);
    if (block) nk_count(bytes);
    pthread_mutex_unlock(&nk_arena_lock);
    return block;
  }
  size_t rounded = 0;
  int class = nk_class(bytes, &rounded);
  if (class < 0 || class >= nk_classes) return NULL;
  pthread_mutex_lock(&nk_arena_lock);
  nk_block *block = nk_idle_blocks[class];
  if (block) {
    nk_idle_blocks[class] = block->next;
    nk_state.idle -= rounded;
  } else {
    nk_state.system_blocks++;
  }
  nk_count(rounded);
  pthread_mutex_unlock(&nk_arena_lock);
  if (block) return block;
  void *fresh = NULL;
#if defined(NK_EXACT)
  size_t asked = bytes < sizeof(nk_block) ? sizeof(nk_block) : bytes;
#else
  size_t asked = rounded;
#endif
  if (posix_memalign(&fresh, 64, asked) != 0) {
    pthread_mutex_lock(&nk_arena_lock);
    nk_state.live -= rounded;
    pthread_mutex_unlock(&nk_arena_lock);
    return NULL;
  }
  return fresh;
}

void nk_arena_give(void *pointer, size_t bytes) {
  if (bytes >= nk_large) {
    pthread_mutex_lock(&nk_arena_lock);
    nk_heap_give(pointer);
    nk_state.live -= bytes;
    pthread_mutex_unlock(&nk_arena_lock);
    return;
  }
  size_t rounded = 0;
  int class = nk_class(bytes, &rounded);
  if (class < 0 || class >= nk_classes) return;
  nk_block *block = pointer;
  pthread_mutex_lock(&nk_arena_lock);
  nk_state.live -= rounded;
  int keep = nk_state.idle + rounded <= nk_idle_limit;
  if (keep) {
    block->next = nk_idle_blocks[class];
    nk_idle_blocks[class] = block;
    nk_state.idle += rounded;
  }
  pthread_mutex_unlock(&nk_arena_lock);
  if (!keep) free(pointer);
}

void nk_arena_trim(void) {
  pthread_mutex_lock(&nk_arena_lock);
  for (int class = 0; class < nk_classes; class++) {
    while (nk_idle_blocks[class]) {
      nk_block *block = nk_idle_blocks[class];
      nk_idle_blocks[class] = block->next;
      free(block);
    }
  }
  nk_state.idle = 0;
  nk_heap_trim();
  pthread_mutex_unlock(&nk_arena_lock);
}

nk_arena_state nk_arena_read(void) {
  pthread_mutex_lock(&nk_arena_lock);
  nk_arena_state state = nk_state;
  state.idle += nk_heap_idle();
  state.system_blocks += nk_heap_segments();
  pthread_mutex_unlock(&nk_arena_lock);
  return state;
}

void nk_arena_reset_peak(void) {
  pthread_mutex_lock(&nk_arena_lock);
  nk_state.peak = nk_state.live;
  pthread_mutex_unlock(&nk_arena_lock);
}
