// Which instruction set runs.
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"

static _Atomic(const nk_kernels *) nk_chosen;

static _Atomic int nk_plain;

static const nk_kernels *nk_named(const char *name) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  int avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  if (avx512 && (!name || strcmp(name, "avx512") == 0 || strcmp(name, "avx512f") == 0))
    return &nk_avx512;
  if (avx2 && (!name || strcmp(name, "avx2") == 0)) return &nk_avx2;
#endif
  if (!name || strcmp(name, nk_baseline.name) == 0 || strcmp(name, "baseline") == 0)
    return &nk_baseline;
#if defined(__aarch64__)
  if (strcmp(name, "neon-plain") == 0) return &nk_baseline;
#endif
  return NULL;
}

// "avx512f" and "neon-plain" leave the instructions for bfloat16 and int8 aside.
static int nk_is_plain(const char *name) {
  return strcmp(name, "avx512f") == 0 || strcmp(name, "neon-plain") == 0;
}

int nk_extensions(void) { return !atomic_load(&nk_plain); }

const nk_kernels *nk_active(void) {
  const nk_kernels *table = atomic_load_explicit(&nk_chosen, memory_order_acquire);
  if (table) return table;
  const char *wanted = getenv("ROENTGEN_ISA");
  table = wanted ? nk_named(wanted) : NULL;
  if (table) atomic_store(&nk_plain, nk_is_plain(wanted));
  if (!table) table = nk_named(NULL);
  atomic_store_explicit(&nk_chosen, table, memory_order_release);
  return table;
}

const char *nk_isa(void) {
  const char *name = nk_active()->name;
  if (nk_extensions()) return name;
  return strcmp(name, "avx512") == 0 ? "avx512f" : "neon-plain";
}

int nk_isa_use(const char *name) {
  const nk_kernels *table = nk_named(name);
  if (!table) return 0;
  atomic_store(&nk_plain, nk_is_plain(name));
  atomic_store_explicit(&nk_chosen, table, memory_order_release);
  return 1;
}
