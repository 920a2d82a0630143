// The pool: workers that spin briefly, then sleep; chunks claimed with one compare-and-swap.
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1
#endif
#include "nk_threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { nk_most_threads = 256 };

// How long a worker looks for the next job before it sleeps, and how long the caller waits for
// the last chunks before it yields its core.
static const int64_t nk_spin_nanoseconds = 60000;
static const int64_t nk_join_nanoseconds = 20000;

// A ticket is the job's number in the upper half and its next unclaimed chunk in the lower.
static _Atomic uint64_t nk_ticket;
static _Atomic size_t nk_total;
static _Atomic size_t nk_done;
static _Atomic(nk_chunk) nk_work;
static _Atomic(void *) nk_context;
static _Atomic(nk_cancellation *) nk_job_cancellation;
// Workers with a number below this may claim chunks of the present job.
static _Atomic size_t nk_invited;

static pthread_mutex_t nk_sleep_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t nk_wake = PTHREAD_COND_INITIALIZER;
static _Atomic size_t nk_sleepers;

// One job at a time: who cannot take this runs alone.
static atomic_flag nk_busy = ATOMIC_FLAG_INIT;
static size_t nk_started;  // guarded by nk_busy
static _Atomic size_t nk_count;
static _Thread_local int nk_inside;
static _Thread_local nk_cancellation *nk_own_cancellation;

struct nk_cancellation {
  _Atomic int cancelled;
};

nk_cancellation *nk_cancellation_make(void) { return calloc(1, sizeof(nk_cancellation)); }
void nk_cancellation_free(nk_cancellation *cancellation) { free(cancellation); }
void nk_cancel(nk_cancellation *cancellation) {
  atomic_store_explicit(&cancellation->cancelled, 1, memory_order_relaxed);
}
int nk_is_cancelled(const nk_cancellation *cancellation) {
  return cancellation && atomic_load_explicit(&cancellation->cancelled, memory_order_relaxed);
}
nk_cancellation *nk_cancellation_enter(nk_cancellation *cancellation) {
  nk_cancellation *before = nk_own_cancellation;
  nk_own_cancellation = cancellation;
  return before;
}

static inline void nk_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static int64_t nk_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void nk_take_chunks(uint32_t job) {
  for (;;) {
    uint64_t ticket = atomic_load_explicit(&nk_ticket, memory_order_acquire);
    size_t total = atomic_load_explicit(&nk_total, memory_order_relaxed);
    nk_chunk work = atomic_load_explicit(&nk_work, memory_order_relaxed);
    void *context = atomic_load_explicit(&nk_context, memory_order_relaxed);
    nk_cancellation *cancellation =
        atomic_load_explicit(&nk_job_cancellation, memory_order_relaxed);
    // While this ticket is current its job has an unclaimed chunk or none; the fields above were
    // read after it and are its own if the exchange below succeeds.
    if ((uint32_t)(ticket >> 32) != job || (uint32_t)ticket >= total) return;
    if (!atomic_compare_exchange_weak_explicit(
            &nk_ticket, &ticket, ticket + 1, memory_order_acq_rel, memory_order_relaxed))
      continue;
    if (!nk_is_cancelled(cancellation)) work(context, (uint32_t)ticket);
    atomic_fetch_add_explicit(&nk_done, 1, memory_order_acq_rel);
  }
}

static void *nk_worker(void *argument) {
  size_t number = (size_t)(uintptr_t)argument;
  nk_inside = 1;
  uint32_t seen = 0;
  for (;;) {
    int64_t until = 0;
    for (unsigned turn = 0;; turn++) {
      uint64_t ticket = atomic_load_explicit(&nk_ticket, memory_order_acquire);
      if ((uint32_t)(ticket >> 32) != seen) {
        seen = (uint32_t)(ticket >> 32);
        break;
      }
      nk_pause();
      if (turn % 64 != 63) continue;
      int64_t now = nk_now();
      if (until == 0) until = now + nk_spin_nanoseconds;
      if (now < until) continue;
      pthread_mutex_lock(&nk_sleep_lock);
      atomic_fetch_add(&nk_sleepers, 1);
      while ((uint32_t)(atomic_load(&nk_ticket) >> 32) == seen)
        pthread_cond_wait(&nk_wake, &nk_sleep_lock);
      atomic_fetch_sub(&nk_sleepers, 1);
      pthread_mutex_unlock(&nk_sleep_lock);
    }
    if (number < atomic_load_explicit(&nk_invited, memory_order_relaxed)) nk_take_chunks(seen);
  }
  return NULL;
}

static size_t nk_default_count(void) {
  const char *text = getenv("ROENTGEN_THREADS");
  long count = text ? strtol(text, NULL, 10) : 0;
#if defined(__linux__)
  cpu_set_t allowed;
  if (count <= 0 && sched_getaffinity(0, sizeof allowed, &allowed) == 0)
    count = CPU_COUNT(&allowed);
#endif
  if (count <= 0) count = sysconf(_SC_NPROCESSORS_ONLN);
  if (count < 1) count = 1;
  return count > nk_most_threads ? nk_most_threads : (size_t)count;
}

size_t nk_threads(void) {
  size_t count = atomic_load_explicit(&nk_count, memory_order_relaxed);
  if (count == 0) {
    count = nk_default_count();
    atomic_store(&nk_count, count);
  }
  return count;
}

void nk_threads_use(size_t count) {
  if (count < 1) count = 1;
  atomic_store(&nk_count, count > nk_most_threads ? nk_most_threads : count);
}

static void nk_start_workers(size_t wanted) {
  while (nk_started + 1 < wanted) {
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 1 << 20);
    int failed =
        pthread_create(&thread, &attributes, nk_worker, (void *)(uintptr_t)(nk_started + 1));
    pthread_attr_destroy(&attributes);
    if (failed) return;  // fewer threads do the same work
    nk_started++;
  }
}

void nk_parallel(size_t chunks, nk_chunk work, void *context) {
  size_t threads = nk_threads();
  if (threads < 2 || chunks < 2 || chunks >= UINT32_MAX || nk_inside ||
      atomic_flag_test_and_set_explicit(&nk_busy, memory_order_acquire)) {
    for (size_t chunk = 0; chunk < chunks && !nk_is_cancelled(nk_own_cancellation); chunk++)
      work(context, chunk);
    return;
  }
  nk_inside = 1;
  nk_start_workers(threads);
  uint32_t job = (uint32_t)(atomic_load_explicit(&nk_ticket, memory_order_relaxed) >> 32) + 1;
  // Between jobs the ticket's chunk is at or past the total: nobody can claim while we write.
  atomic_store_explicit(&nk_done, 0, memory_order_relaxed);
  atomic_store_explicit(&nk_invited, threads, memory_order_relaxed);
  atomic_store_explicit(&nk_ticket, ((uint64_t)(job - 1) << 32) | UINT32_MAX, memory_order_seq_cst);
  atomic_store_explicit(&nk_total, chunks, memory_order_relaxed);
  atomic_store_explicit(&nk_work, work, memory_order_relaxed);
  atomic_store_explicit(&nk_context, context, memory_order_relaxed);
  atomic_store_explicit(&nk_job_cancellation, nk_own_cancellation, memory_order_relaxed);
  atomic_store_explicit(&nk_ticket, (uint64_t)job << 32, memory_order_seq_cst);
  if (atomic_load(&nk_sleepers) > 0) {
    pthread_mutex_lock(&nk_sleep_lock);
    pthread_cond_broadcast(&nk_wake);
    pthread_mutex_unlock(&nk_sleep_lock);
  }
  nk_take_chunks(job);
  int64_t until = 0;
  for (unsigned turn = 0; atomic_load_explicit(&nk_done, memory_order_acquire) < chunks; turn++) {
    nk_pause();
    if (turn % 64 != 63) continue;
    int64_t now = nk_now();
    if (until == 0) until = now + nk_join_nanoseconds;
    if (now > until) sched_yield();
  }
  nk_inside = 0;
  atomic_flag_clear_explicit(&nk_busy, memory_order_release);
}
