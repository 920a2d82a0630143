// A window of decompressed bytes over the stream decompressor.

/// Decompresses into a window of its own and hands the window out in chunks.
package struct Inflater: ~Copyable {
  /// The most bytes that are ready at a time.
  package static let windowSize = 1 << 17

  private var stream: InflateStream?
  private let wrapper: Deflate.Wrapper
  private var window = [UInt8](repeating: 0, count: Inflater.windowSize)
  private var start = 0
  private var end = 0
  /// Whether the stream ended and its checks held.
  package private(set) var isFinished = false

  package init(_ wrapper: Deflate.Wrapper) { self.wrapper = wrapper }

  /// The count of bytes that wait in the window.
  package var ready: Int { end - start }

  /// Decompresses from `input[position...]` until the window is full or the input used up.
  ///
  /// - Precondition: Nothing waits in the window.
  package mutating func run(
    _ input: Span<UInt8>, _ position: inout Int, isLast: Bool
  ) throws(VolumeError) {
    precondition(ready == 0, "\(ready) bytes wait in the window")
    start = 0
    end = 0
    if stream == nil { stream = try InflateStream(wrapper) }
    var made = 0
    if case .finished? = try stream?.step(
      input, &position, isLast: isLast, into: &window, count: &made)
    {
      isFinished = true
    }
    end = made
  }

  /// Hands `body` the next bytes of the window.
  package mutating func take(
    _ count: Int, _ body: (Span<UInt8>) throws(VolumeError) -> Void
  ) throws(VolumeError) {
    precondition(count <= ready, "\(count) bytes of \(ready)")
    try body(window.span.extracting(start..<start + count))
    start += count
  }
}
