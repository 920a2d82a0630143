// Base64 by the processor's vectors: whole groups only, the rest is the caller's.

#ifndef ROENTGEN_CBASE64_H
#define ROENTGEN_CBASE64_H

#include <stddef.h>
#include <stdint.h>

/// Writes the characters of the first bytes of `in` to `out`, and returns how many bytes were read:
/// a multiple of three, at most `count`, 0 where there are no such vectors. Four characters are
/// written for every three bytes read, and not one more.
size_t roentgen_base64_encode(const uint8_t *in, size_t count, uint8_t *out);

#endif
