// A moving window over a file, so that a header is read without its pixels.

/// Bytes of a file, loaded in pieces around the place that is being read.
struct ByteWindow {
  private let file: InputFile?
  /// Bytes of the whole stream.
  let size: Int
  /// The loaded piece and where in the stream it begins.
  private(set) var bytes: [UInt8]
  private(set) var start: Int
  private var chunk: Int
  private let isGrowing: Bool

  /// Over a file; `chunk` bytes are read first, more at a time later where `isGrowing`.
  init(_ file: InputFile, chunk: Int = 16_384, isGrowing: Bool = true) {
    self.file = file
    self.isGrowing = isGrowing
    size = file.size
    bytes = []
    start = 0
    self.chunk = chunk
  }

  /// Over bytes in memory.
  init(_ bytes: [UInt8]) {
    file = nil
    isGrowing = false
    size = bytes.count
    self.bytes = bytes
    start = 0
    chunk = 0
  }

  /// Makes `offset..<offset + count` part of the window.
  ///
  /// - Returns: Where `offset` lies in `bytes`.
  /// - Throws: `truncated` where the stream ends before.
  @inline(__always)
  mutating func load(_ offset: Int, _ count: Int) throws(VolumeError) -> Int {
    let place = offset &- start
    if place >= 0, place &+ count <= bytes.count { return place }
    return try refill(offset, count)
  }

  private mutating func refill(_ offset: Int, _ count: Int) throws(VolumeError) -> Int {
    guard count >= 0, offset >= 0, count <= size, offset <= size - count, let file else {
      throw VolumeError(
        .truncated, "\(count) bytes needed, \(max(0, size - offset)) left", offset: offset)
    }
    let wanted = min(max(count, chunk), size - offset)
    bytes = try file.read(offset..<offset + wanted)
    start = offset
    if isGrowing { chunk = min(max(chunk, 16_384) * 4, 1 << 20) }
    return 0
  }

  /// A copy-free slice of the stream, or bytes of its own where they exceed a piece.
  mutating func slice(_ range: Range<Int>) throws(VolumeError) -> ArraySlice<UInt8> {
    let place = try load(range.lowerBound, range.count)
    return bytes[place..<place + range.count]
  }

  mutating func u16(_ offset: Int, _ isBig: Bool) throws(VolumeError) -> UInt16 {
    let p = try load(offset, 2)
    let a = UInt16(bytes[p])
    let b = UInt16(bytes[p + 1])
    return isBig ? a << 8 | b : b << 8 | a
  }

  mutating func u32(_ offset: Int, _ isBig: Bool) throws(VolumeError) -> UInt32 {
    let p = try load(offset, 4)
    let a = UInt32(bytes[p])
    let b = UInt32(bytes[p + 1])
    let c = UInt32(bytes[p + 2])
    let d = UInt32(bytes[p + 3])
    return isBig ? a << 24 | b << 16 | c << 8 | d : d << 24 | c << 16 | b << 8 | a
  }
}
