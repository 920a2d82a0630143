// Whole-buffer decompression through the system's libdeflate; empty unless the trait FastInflate is on.
#ifndef ROENTGEN_CLIBDEFLATE_H
#define ROENTGEN_CLIBDEFLATE_H
#include <stddef.h>

/// Decompresses `count` bytes into `capacity` bytes: 0 for a raw stream, 1 for zlib, 2 for one gzip member.
///
/// Returns 1 where the stream is sound and its checks hold, and 0 otherwise. `used` gets the bytes that
/// were read, `made` those that were written.
int rg_libdeflate_decompress(int wrapper, const void *bytes, size_t count, void *output,
                             size_t capacity, size_t *used, size_t *made);
#endif
