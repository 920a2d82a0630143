// Large blocks, cut from segments and joined again when they are free.
//
// A training step takes and gives blocks of many sizes. Lists by size would hold the most of every
// size at once; here a free block serves any smaller one, and neighbours that are free are one. The
// lowest place that fits is taken, so that what is never reached stays without memory.
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1
#endif
#include "heap.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { nk_page = 4096, nk_line = 64, nk_places = 13 };
// What is asked of the system at a time; it counts only where it is touched.
static const size_t nk_segment_bytes = (size_t)1 << 30;
static const size_t nk_huge_page = (size_t)2 << 20;

typedef struct nk_span {
  char *base;
  size_t size;
  int used;
  struct nk_segment *segment;
  struct nk_span *previous, *next;  // in the order of addresses
} nk_span;

typedef struct nk_segment {
  char *mapped;
  size_t mapped_bytes, used, reach;  // reach: the end of what was ever used, from the first span
  nk_span *spans;
  struct nk_segment *next;
} nk_segment;

static nk_segment *nk_first_segment;
static size_t nk_segment_count, nk_taken;

static nk_span *nk_new_span(nk_segment *segment, char *base, size_t size) {
  nk_span *span = calloc(1, sizeof *span);
  if (!span) return NULL;
  span->segment = segment;
  span->base = base;
  span->size = size;
  return span;
}

static nk_segment *nk_new_segment(size_t wanted) {
  size_t bytes = wanted + nk_huge_page;
  if (bytes < nk_segment_bytes) bytes = nk_segment_bytes;
  int flags = MAP_PRIVATE | MAP_ANONYMOUS;
#if defined(MAP_NORESERVE)
  flags |= MAP_NORESERVE;
#endif
  char *mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (mapped == MAP_FAILED) {
    bytes = wanted + nk_huge_page;
    mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (mapped == MAP_FAILED) return NULL;
  }
  size_t skip = (nk_huge_page - (size_t)mapped % nk_huge_page) % nk_huge_page;
  nk_segment *segment = calloc(1, sizeof *segment);
  nk_span *span =
      segment ? nk_new_span(segment, mapped + skip, (bytes - skip) / nk_page * nk_page) : NULL;
  if (!span) {
    free(segment);
    munmap(mapped, bytes);
    return NULL;
  }
#if defined(MADV_HUGEPAGE)
  madvise(span->base, span->size, MADV_HUGEPAGE);
#endif
  segment->mapped = mapped;
  segment->mapped_bytes = bytes;
  segment->spans = span;
  // Behind the others, so that those fill first.
  nk_segment **last = &nk_first_segment;
  while (*last) last = &(*last)->next;
  *last = segment;
  nk_segment_count++;
  return segment;
}

static nk_span *nk_fitting(nk_segment *segment, size_t size) {
  for (nk_span *span = segment->spans; span; span = span->next)
    if (!span->used && span->size >= size) return span;
  return NULL;
}

void *nk_heap_take(size_t bytes) {
  // Room to begin at different lines of a page, so that equal places of two blocks are not in the
  // same set of a cache; the span's address stands in the line before.
  size_t size = (bytes + (nk_places + 1) * nk_line + nk_page - 1) / nk_page * nk_page;
  nk_span *span = NULL;
  for (nk_segment *segment = nk_first_segment; segment && !span; segment = segment->next)
    span = nk_fitting(segment, size);
  if (!span) {
    nk_segment *segment = nk_new_segment(size);
    span = segment ? nk_fitting(segment, size) : NULL;
    if (!span) return NULL;
  }
  if (span->size > size) {
    nk_span *rest = nk_new_span(span->segment, span->base + size, span->size - size);
    if (!rest) return NULL;
    rest->previous = span;
    rest->next = span->next;
    if (rest->next) rest->next->previous = rest;
    span->next = rest;
    span->size = size;
  }
  span->used = 1;
  nk_segment *segment = span->segment;
  segment->used += size;
  size_t end = (size_t)(span->base - segment->mapped) + size;
  if (end > segment->reach) segment->reach = end;
  char *block = span->base + nk_line * (1 + nk_taken++ % nk_places);
  *(nk_span **)(void *)(block - nk_line) = span;
  return block;
}

// Joins a span with the free one after it.
static void nk_join(nk_span *span) {
  nk_span *next = span->next;
  if (!next || next->used || span->used) return;
  span->size += next->size;
  span->next = next->next;
  if (span->next) span->next->previous = span;
  free(next);
}

void nk_heap_give(void *block) {
  nk_span *span = *(nk_span **)(void *)((char *)block - nk_line);
  span->used = 0;
  span->segment->used -= span->size;
  nk_join(span);
  if (span->previous) nk_join(span->previous);
}

void nk_heap_trim(void) {
  for (nk_segment **place = &nk_first_segment; *place;) {
    nk_segment *segment = *place;
    if (segment->used == 0) {
      *place = segment->next;
      munmap(segment->mapped, segment->mapped_bytes);
      free(segment->spans);
      free(segment);
      continue;
    }
    segment->reach = 0;
    for (nk_span *span = segment->spans; span; span = span->next) {
      if (span->used)
        segment->reach = (size_t)(span->base - segment->mapped) + span->size;
      else
        madvise(span->base, span->size, MADV_DONTNEED);
    }
    place = &segment->next;
  }
}

size_t nk_heap_idle(void) {
  size_t idle = 0;
  for (nk_segment *segment = nk_first_segment; segment; segment = segment->next)
    idle += segment->reach > segment->used ? segment->reach - segment->used : 0;
  return idle;
}

size_t nk_heap_segments(void) { return nk_segment_count; }
