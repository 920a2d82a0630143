// The templates compiled for AVX2.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define NK_LANES 8
#define NK_TABLE nk_avx2
#define NK_TABLE_NAME "avx2"
#include "templates/all.h"
#pragma clang attribute pop
#endif
