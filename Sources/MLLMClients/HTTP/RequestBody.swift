// A request's body as pieces: JSON text, and pictures that become base64 only while they are sent.

/// A request's body.
///
/// Its length is known before the first byte, and it can be produced any number of times, a
/// picture at a time: a retry makes it again instead of keeping it.
public struct RequestBody: Sendable, Hashable {
  enum Piece: Sendable, Hashable {
    case bytes([UInt8])
    case base64(Image)
  }

  let pieces: [Piece]
  /// The length in bytes.
  public let count: Int

  init(pieces: [Piece]) throws(ClientError) {
    self.pieces = pieces
    var count = 0
    for piece in pieces {
      switch piece {
      case .bytes(let bytes): count += bytes.count
      case .base64(let image): count += Base64.length(of: try image.facts().byteCount)
      }
    }
    self.count = count
  }

  /// A body of bytes.
  public init(_ bytes: [UInt8]) {
    pieces = [.bytes(bytes)]
    count = bytes.count
  }

  /// The pieces' bytes, one after the other.
  public func makeChunks() -> Chunks { Chunks(pieces: pieces) }

  /// Makes a body's bytes a piece at a time.
  public struct Chunks: Sendable {
    private let pieces: [Piece]
    private var next = 0

    init(pieces: [Piece]) { self.pieces = pieces }

    /// The next piece's bytes, or nil after the last.
    ///
    /// - Throws: `ClientError` with `.invalidImage` when a picture's file is gone or has changed.
    public mutating func nextChunk() throws(ClientError) -> [UInt8]? {
      guard next < pieces.count else { return nil }
      defer { next += 1 }
      switch pieces[next] {
      case .bytes(let bytes): return bytes
      case .base64(let image):
        let bytes = try image.bytes()
        guard bytes.count == (try image.facts()).byteCount else {
          throw ClientError(.invalidImage, "a picture's file changed while it was sent")
        }
        return Base64.encode(bytes)
      }
    }
  }

  /// The whole body at once.
  public func joined() throws(ClientError) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(count)
    var chunks = makeChunks()
    while let chunk = try chunks.nextChunk() { out.append(contentsOf: chunk) }
    return out
  }

  /// The body with each picture's base64 replaced by `sha256:` and the digest of its bytes.
  public func skeleton() throws(ClientError) -> [UInt8] {
    var out: [UInt8] = []
    for piece in pieces {
      switch piece {
      case .bytes(let bytes): out.append(contentsOf: bytes)
      case .base64(let image):
        out.append(contentsOf: "sha256:\(try image.digest())".utf8)
      }
    }
    return out
  }

  /// The pictures in the body.
  var images: [Image] {
    pieces.compactMap { if case .base64(let image) = $0 { image } else { nil } }
  }
}
