// Look-ups by vectors, where the machine has them.

#ifndef ROENTGEN_CWINDOWKERNELS_H
#define ROENTGEN_CWINDOWKERNELS_H

#include <stddef.h>
#include <stdint.h>

/// The entries of a table of levels are a multiple of this.
#define CWK_STEP 512
/// The most entries of a table of levels.
#define CWK_MOST 4096

/// Levels of 16-bit samples: one is brought into signed order by `flip` (xor), `low` is taken off, what
/// lies outside 0…entries−1 is clamped, and the rest is the place in `levels`.
typedef struct {
  const uint8_t *levels;
  /// 512, 1024 … 4096.
  int entries;
  int16_t low;
  uint16_t flip;
} cwk_table;

/// Whether this machine looks up bytes in vectors (AVX-512 VBMI).
int cwk_looks_up(void);

/// Writes the level of each sample. Only where `cwk_looks_up()`; elsewhere nothing is written.
void cwk_write_levels(
  const uint16_t *samples, size_t count, const cwk_table *table, uint8_t *levels);

/// Writes three levels of each sample, interleaved, by a table each. Only where `cwk_looks_up()`.
void cwk_write_colors(
  const uint16_t *samples, size_t count, const cwk_table tables[3], uint8_t *colors);

#endif
