// Arrays the size of a scan, on large pages where the system has them.

#if canImport(Glibc)
  private import Glibc
#elseif canImport(Musl)
  private import Musl
#endif

/// Arrays of hundreds of megabytes, for which the first touch of every page costs more than the
/// work on it.
enum LargeArray {
  /// Below this many bytes nothing is gained.
  private static let least = 1 << 23

  /// An array of equal elements, then changed in place.
  static func make<Element: BitwiseCopyable>(
    _ count: Int, of value: Element, _ body: (UnsafeMutableBufferPointer<Element>) -> Void
  ) -> [Element] {
    unsafe Array(unsafeUninitializedCapacity: count) { buffer, initialised in
      unsafe advise(UnsafeMutableRawBufferPointer(buffer))
      let elements = unsafe UnsafeMutableBufferPointer(rebasing: buffer[..<count])
      unsafe elements.initialize(repeating: value)
      unsafe body(elements)
      initialised = count
    }
  }

  /// Asks for large pages under memory that has not been touched: a hint, whatever becomes of it.
  private static func advise(_ memory: UnsafeMutableRawBufferPointer) {
    #if os(Linux)
      guard memory.count >= least, let start = memory.baseAddress else { return }
      let page = 4096
      let address = Int(bitPattern: start)
      let skipped = (page - address % page) % page
      // MADV_HUGEPAGE, which not every header names.
      _ = unsafe madvise(start + skipped, (memory.count - skipped) / page * page, 14)
    #endif
  }
}
