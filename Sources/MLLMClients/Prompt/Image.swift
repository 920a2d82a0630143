// A picture in a prompt: its bytes, where they come from, and what is known of them.

public import Foundation
import Synchronization

/// A picture to show to a model.
///
/// Bytes are stripped of metadata (names, dates, positions, comments) when they are taken in; see
/// `PictureFile`. A picture in a file is read when it is sent, one at a time, so that a study of
/// any size needs the memory of the pictures in flight alone.
public struct Image: Sendable, Hashable {
  /// How finely the model should look, where the vendor lets one choose.
  public enum Detail: String, Sendable, Hashable, Codable {
    case auto, low, high
    /// The picture's own pixels, never scaled down silently: an error instead, where offered.
    case original
  }

  /// Whether text is burned into the pixels, as DICOM's `BurnedInAnnotation` (0028,0301) says.
  public enum BurnedInText: String, Sendable, Hashable, Codable {
    case unknown, no, yes
  }

  enum Source: Sendable, Hashable {
    case bytes([UInt8])
    case file(String)
    case remote(String)
  }

  let source: Source
  /// The type that the picture is declared to be.
  public let mediaType: MediaType
  /// How finely to look.
  public var detail: Detail
  /// Whether names or dates may be burned into the pixels.
  public var burnedInText: BurnedInText
  private let memo: Memo

  /// A PNG picture.
  ///
  /// - Complexity: O(*bytes*). Bytes that are no PNG are refused when the prompt is sent.
  public init(png bytes: [UInt8], detail: Detail = .original) {
    self.init(bytes: bytes, mediaType: .png, detail: detail)
  }

  /// A JPEG picture.
  public init(jpeg bytes: [UInt8], detail: Detail = .original) {
    self.init(bytes: bytes, mediaType: .jpeg, detail: detail)
  }

  /// A PNG, JPEG, GIF or WebP picture, by its first bytes.
  ///
  /// - Throws: `ClientError` with `.invalidImage` when the bytes are none of these.
  public init(_ data: Data, detail: Detail = .original) throws(ClientError) {
    let bytes = [UInt8](data)
    guard let type = MediaType(of: bytes) else {
      throw ClientError(.invalidImage, "bytes are neither PNG, JPEG, GIF nor WebP")
    }
    self.init(bytes: bytes, mediaType: type, detail: detail)
  }

  /// A picture in a file, which is read each time that it is sent.
  ///
  /// - Throws: `ClientError` with `.invalidImage` when the file can't be read or is no picture.
  public init(file url: URL, detail: Detail = .original) throws(ClientError) {
    let name = url.lastPathComponent
    guard url.isFileURL, let handle = FileHandle(forReadingAtPath: url.path) else {
      throw ClientError(.invalidImage, "\(name): can't be opened")
    }
    let head = (try? handle.read(upToCount: 16)).flatMap { $0 } ?? Data()
    try? handle.close()
    guard let type = MediaType(of: [UInt8](head)) else {
      throw ClientError(.invalidImage, "\(name): neither PNG, JPEG, GIF nor WebP")
    }
    self.init(source: .file(url.path), mediaType: type, detail: detail)
  }

  /// A picture that the vendor fetches itself, or one uploaded before.
  public init(remote url: URL, mediaType: MediaType, detail: Detail = .original) {
    self.init(source: .remote(url.absoluteString), mediaType: mediaType, detail: detail)
  }

  private init(bytes: [UInt8], mediaType: MediaType, detail: Detail) {
    let clean = PictureFile.withoutMetadata(bytes, mediaType: mediaType)
    self.init(source: .bytes(clean), mediaType: mediaType, detail: detail)
  }

  private init(source: Source, mediaType: MediaType, detail: Detail) {
    self.source = source
    self.mediaType = mediaType
    self.detail = detail
    burnedInText = .unknown
    memo = Memo()
  }

  /// The same picture, looked at more or less finely.
  public func detail(_ detail: Detail) -> Image {
    var copy = self
    copy.detail = detail
    return copy
  }

  /// The address of a picture that the vendor fetches itself.
  public var remote: String? {
    if case .remote(let url) = source { url } else { nil }
  }

  /// The bytes that are sent; empty for a remote picture.
  ///
  /// - Throws: `ClientError` with `.invalidImage` when the file can't be read.
  public func bytes() throws(ClientError) -> [UInt8] {
    switch source {
    case .bytes(let bytes): return bytes
    case .remote: return []
    case .file(let path):
      guard let data = FileManager.default.contents(atPath: path) else {
        throw ClientError(
          .invalidImage, "\(URL(fileURLWithPath: path).lastPathComponent): can't be read")
      }
      return PictureFile.withoutMetadata([UInt8](data), mediaType: mediaType)
    }
  }

  /// The facts of the bytes that are sent, worked out once and kept.
  func facts() throws(ClientError) -> Facts {
    if let facts = memo.facts.withLock({ $0 }) { return facts }
    let bytes = try bytes()
    // A file that can't be followed to its end may hold names: it has no size, and is refused.
    let whole = PictureFile.stripped(bytes, mediaType: mediaType) != nil
    let facts = Facts(
      byteCount: bytes.count, size: whole ? PictureFile.size(of: bytes) : nil)
    memo.facts.withLock { $0 = facts }
    return facts
  }

  /// Columns and rows, or nil for a remote picture or one whose header can't be read.
  public func size() throws(ClientError) -> (width: Int, height: Int)? {
    try facts().size.map { ($0.width, $0.height) }
  }

  /// The SHA-256 of the bytes that are sent, worked out once and kept.
  public func digest() throws(ClientError) -> Digest {
    if let digest = memo.digest.withLock({ $0 }) { return digest }
    let digest = Digest(of: try bytes())
    memo.digest.withLock { $0 = digest }
    return digest
  }

  struct Facts: Sendable {
    let byteCount: Int
    let size: PictureFile.Size?
  }

  private final class Memo: Sendable {
    let facts = Mutex<Facts?>(nil)
    let digest = Mutex<Digest?>(nil)
  }

  public static func == (one: Image, two: Image) -> Bool {
    one.source == two.source && one.mediaType == two.mediaType && one.detail == two.detail
      && one.burnedInText == two.burnedInText
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(source)
    hasher.combine(mediaType)
    hasher.combine(detail)
  }
}

extension Image: CustomStringConvertible, CustomReflectable {
  public var description: String {
    switch source {
    case .bytes(let bytes): "\(mediaType.rawValue), \(bytes.count) bytes"
    case .file: "\(mediaType.rawValue) in a file"
    case .remote: "\(mediaType.rawValue) at an address"
    }
  }

  public var customMirror: Mirror { Mirror(self, children: ["picture": description]) }
}

/// The type of a picture's bytes.
public struct MediaType: RawRepresentable, Sendable, Hashable, Codable {
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }

  public static let png = MediaType(rawValue: "image/png")
  public static let jpeg = MediaType(rawValue: "image/jpeg")
  public static let gif = MediaType(rawValue: "image/gif")
  public static let webp = MediaType(rawValue: "image/webp")

  /// The type that the first bytes tell, or nil.
  public init?(of bytes: [UInt8]) {
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if bytes.starts(with: Array("GIF8".utf8)) {
      self = .gif
    } else if bytes.count >= 12, bytes.starts(with: Array("RIFF".utf8)),
      Array(bytes[8..<12]) == Array("WEBP".utf8)
    {
      self = .webp
    } else {
      return nil
    }
  }

  /// The customary ending of a file's name.
  public var fileExtension: String {
    rawValue == "image/jpeg" ? "jpg" : String(rawValue.drop { $0 != "/" }.dropFirst())
  }
}
