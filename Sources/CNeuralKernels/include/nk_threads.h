// One persistent pool of threads.
#ifndef ROENTGEN_NK_THREADS_H
#define ROENTGEN_NK_THREADS_H

#include <stddef.h>

/// Work on one chunk of a larger whole.
typedef void (*nk_chunk)(void *_Nullable context, size_t chunk);

/// Runs `work` for every chunk from 0 to `chunks` − 1 and returns when all are done.
///
/// Chunks are claimed by whichever thread is free, the caller among them. A call from inside
/// `work`, or while another thread uses the pool, runs its chunks on the calling thread. A kernel
/// gives the same bits for any count of threads because a chunk's result depends on nothing but
/// its number.
void nk_parallel(size_t chunks, nk_chunk _Nonnull work, void *_Nullable context);

/// Work that can be given up: once cancelled, chunks that have not begun are skipped, and what they
/// would have written is arbitrary.
typedef struct nk_cancellation nk_cancellation;

nk_cancellation *_Nullable nk_cancellation_make(void);
void nk_cancellation_free(nk_cancellation *_Nonnull cancellation);
/// From any thread.
void nk_cancel(nk_cancellation *_Nonnull cancellation);
int nk_is_cancelled(const nk_cancellation *_Nullable cancellation);
/// What the calling thread hands to the pool belongs to `cancellation` from now on; returns what it
/// belonged to before.
nk_cancellation *_Nullable nk_cancellation_enter(nk_cancellation *_Nullable cancellation);

/// Threads that take part in a call, the caller included.
size_t nk_threads(void);
/// Sets the count, at least 1 and at most 256.
void nk_threads_use(size_t count);

#endif
