#include "CLibdeflate.h"

#ifdef ROENTGEN_FAST_INFLATE
#if __has_include(<libdeflate.h>)
#include <libdeflate.h>
#else
#error "the trait FastInflate needs libdeflate: apt-get install libdeflate-dev, or brew install libdeflate"
#endif

int rg_libdeflate_decompress(int wrapper, const void *bytes, size_t count, void *output,
                             size_t capacity, size_t *used, size_t *made) {
  struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
  if (d == NULL) return 0;
  enum libdeflate_result result;
  if (wrapper == 0) {
    result = libdeflate_deflate_decompress_ex(d, bytes, count, output, capacity, used, made);
  } else if (wrapper == 1) {
    result = libdeflate_zlib_decompress_ex(d, bytes, count, output, capacity, used, made);
  } else {
    result = libdeflate_gzip_decompress_ex(d, bytes, count, output, capacity, used, made);
  }
  libdeflate_free_decompressor(d);
  return result == LIBDEFLATE_SUCCESS;
}
#endif
