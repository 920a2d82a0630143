// The templates compiled for AVX512.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c"))), apply_to = function)
#define NK_LANES 16
#define NK_TABLE nk_avx512
#define NK_TABLE_NAME "avx512"
#include "templates/all.h"
#pragma clang attribute pop
#endif
