// Kernels with per-function target attributes, chosen at run time.
//
// Sizes and strides are counted in elements unless a name says bytes. No function keeps a pointer
// that it was given; none allocates but through the arena; none reads or writes outside the
// extents that its arguments describe.
#ifndef ROENTGEN_CNEURALKERNELS_H
#define ROENTGEN_CNEURALKERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "nk_channels.h"
#include "nk_convolution.h"
#include "nk_decoder.h"
#include "nk_elementwise.h"
#include "nk_int8.h"
#include "nk_matmul.h"
#include "nk_memory.h"
#include "nk_quantized.h"
#include "nk_spatial.h"
#include "nk_threads.h"
#include "nk_training.h"

/// The instruction set in use: "avx512", "avx2", "neon" or "baseline".
const char *nk_isa(void);

/// Uses an instruction set by name from the next call on; 0 when this machine lacks it.
/// The environment variable ROENTGEN_ISA does the same at the first call.
int nk_isa_use(const char *name);

#endif
