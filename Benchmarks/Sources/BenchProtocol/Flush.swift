#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Standard output is a pipe here and would be held back until it is full.
func flush() { fflush(nil) }
