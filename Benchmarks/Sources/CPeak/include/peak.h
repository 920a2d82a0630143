#ifndef ROENTGEN_PEAK_H
#define ROENTGEN_PEAK_H

/// Does `rounds` times 24 independent multiply-adds of the widest vectors that the machine has, all in
/// registers, and returns how many floating-point operations that was. `sink` keeps them from being removed.
double roentgen_peak(long rounds, float *sink);

/// The same with dot products of bfloat16 pairs; 0 where the machine has none.
double roentgen_peak_bf16(long rounds, float *sink);

#endif
