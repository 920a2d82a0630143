// Look-ups by vectors, where the machine has them.

#ifndef ROENTGEN_CWINDOWKERNELS_H
#define ROENTGEN_CWINDOWKERNELS_H

#include <stddef.h>
#include <stdint.h>

/// The entries of a table of levels.
#define CWK_LEVELS 512

/// Whether this machine looks up bytes in vectors (AVX-512 VBMI).
int cwk_looks_up(void);

/// Writes the level of each 16-bit sample, by looking it up in a table of 512.
///
/// A sample is brought into signed order by `flip` (xor), `low` is taken off, and what lies outside
/// 0…511 is clamped. Only where `cwk_looks_up()`; elsewhere nothing is written.
void cwk_write_levels(
  const uint16_t *samples, size_t count, uint16_t flip, int16_t low, const uint8_t *table,
  uint8_t *levels);

#endif
