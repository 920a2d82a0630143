// A body's bytes into whatever room there is, pictures encoded on the way.

/// Reads a body from its beginning to its end, holding one picture at a time.
struct BodyReader {
  private let pieces: [RequestBody.Piece]
  private var piece = 0
  private var offset = 0
  private var picture: [UInt8]?
  /// Characters that did not fit.
  private var spill: [UInt8] = []

  init(_ body: RequestBody) { pieces = body.pieces }

  var isAtEnd: Bool { spill.isEmpty && piece >= pieces.count }

  /// Fills the room as far as there are bytes, and returns how many were written; 0 at the end.
  ///
  /// - Throws: `ClientError` with `.invalidImage` when a picture's file is gone or has changed.
  mutating func read(into out: UnsafeMutableBufferPointer<UInt8>) throws(ClientError) -> Int {
    var written = 0
    while written < out.count {
      let room = unsafe UnsafeMutableBufferPointer(rebasing: out[written...])
      if !spill.isEmpty {
        let count = min(spill.count, room.count)
        for index in 0..<count { unsafe room[index] = spill[index] }
        spill.removeFirst(count)
        written += count
        continue
      }
      guard piece < pieces.count else { break }
      switch pieces[piece] {
      case .bytes(let bytes): written += unsafe copy(bytes, into: room)
      case .base64(let image): written += try unsafe encode(image, into: room)
      }
    }
    return written
  }

  private mutating func copy(
    _ bytes: [UInt8], into room: UnsafeMutableBufferPointer<UInt8>
  ) -> Int {
    let count = min(bytes.count - offset, room.count)
    unsafe bytes.withUnsafeBufferPointer { source in
      guard count > 0, let from = source.baseAddress, let to = room.baseAddress else { return }
      unsafe to.update(from: from + offset, count: count)
    }
    offset += count
    if offset == bytes.count { next() }
    return count
  }

  private mutating func encode(
    _ image: Image, into room: UnsafeMutableBufferPointer<UInt8>
  ) throws(ClientError) -> Int {
    let bytes: [UInt8]
    if let picture {
      bytes = picture
    } else {
      bytes = try image.bytes()
      guard bytes.count == (try image.facts()).byteCount else {
        throw ClientError(.invalidImage, "a picture's file changed while it was sent")
      }
      picture = bytes
    }
    let left = bytes.count - offset
    // Whole groups of three, as many as there is room for; the end takes its padding with it.
    let fits = room.count / 4 * 3
    let count = left <= fits ? left : fits
    if count == 0, left > 0 {
      let group = Array(bytes[offset..<min(offset + 3, bytes.count)])
      spill = Base64.encode(group)
      offset += group.count
      if offset == bytes.count { next() }
      return 0
    }
    unsafe bytes.withUnsafeBufferPointer { source in
      unsafe Base64.encode(
        UnsafeBufferPointer(rebasing: source[offset..<offset + count]), into: room)
    }
    offset += count
    if offset == bytes.count { next() }
    return Base64.length(of: count)
  }

  private mutating func next() {
    piece += 1
    offset = 0
    picture = nil
  }
}
