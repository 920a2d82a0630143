// The templates compiled for what every machine of the architecture has: SSE2 or NEON.
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels.h"

#define NK_LANES 4
#define NK_TABLE nk_baseline
#if defined(__aarch64__)
#define NK_TABLE_NAME "neon"
#else
#define NK_TABLE_NAME "baseline"
#endif
#include "templates/all.h"
