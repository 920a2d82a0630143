// Kernels with per-function target attributes, chosen at run time.
#ifndef ROENTGEN_CNEURALKERNELS_H
#define ROENTGEN_CNEURALKERNELS_H

/// The name of the widest instruction set that this machine runs: "avx512", "avx2" or "baseline".
const char *nk_isa(void);

#endif
