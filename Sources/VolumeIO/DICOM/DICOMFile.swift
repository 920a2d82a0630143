// A DICOM file: its elements in memory, its pixels where they lie (PS3.10).

/// A DICOM file, opened: all elements but the pixels, which are read on request.
public struct DICOMFile: Sendable {
  /// The elements of group 0002; empty where the file has none.
  public let meta: DICOMDataSet
  /// The elements of the data set, without the pixels.
  public let dataSet: DICOMDataSet
  public let transferSyntax: TransferSyntax
  /// Oddities that reading went past.
  public let diagnostics: [DICOMDiagnostic]

  /// The last component of the file's path; empty for bytes in memory.
  let name: String
  let source: Source
  let syntax: ElementSyntax
  let pixels: PixelLocation?

  /// The bytes that pixels are read from.
  enum Source: Sendable {
    case file(InputFile)
    case memory([UInt8])

    var size: Int {
      switch self {
      case .file(let file): file.size
      case .memory(let bytes): bytes.count
      }
    }

    func read(_ range: Range<Int>) throws(VolumeError) -> [UInt8] {
      switch self {
      case .file(let file): return try file.read(range)
      case .memory(let bytes):
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else {
          throw VolumeError(
            .truncated, "\(bytes.count) bytes where \(range.upperBound) are needed",
            offset: bytes.count)
        }
        return Array(bytes[range])
      }
    }

    /// Fills `target` with the bytes from `offset` on.
    func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(VolumeError) {
      guard offset >= 0, target.count <= size, offset <= size - target.count else {
        throw VolumeError(
          .truncated, "\(target.count) bytes of pixels needed, \(max(0, size - offset)) left",
          offset: offset, field: DICOMTag.pixelData.description)
      }
      switch self {
      case .file(let file):
        let count = try unsafe file.read(at: offset, into: target)
        guard count == target.count else {
          throw VolumeError(.truncated, "ended while it was read", offset: offset + count)
        }
      case .memory(let bytes):
        unsafe bytes.withUnsafeBytes { source in
          unsafe target.copyMemory(from: .init(rebasing: source[offset..<offset + target.count]))
        }
      }
    }

    var window: ByteWindow {
      switch self {
      case .file(let file): ByteWindow(file)
      case .memory(let bytes): ByteWindow(bytes)
      }
    }
  }

  /// Opens a file: part 10, or a bare data set in any uncompressed syntax.
  ///
  /// - `keepsTruncated`: Take the elements that are whole where the file ends inside one,
  ///   instead of throwing.
  /// - Throws: `unknownFormat` for what is no DICOM, `truncated`, `malformed`, `limit`, `corrupt`
  ///   with the byte and the element at fault; values never appear in errors.
  public init(contentsOf path: String, keepsTruncated: Bool = false) throws(VolumeError) {
    do throws(VolumeError) {
      let file = try InputFile(path)
      try self.init(.file(file), name: file.name, keepsTruncated: keepsTruncated)
    } catch {
      throw error.naming(path)
    }
  }

  /// Reads bytes in memory, as `init(contentsOf:keepsTruncated:)` reads a file.
  public init(_ bytes: [UInt8], keepsTruncated: Bool = false) throws(VolumeError) {
    try self.init(.memory(bytes), name: "", keepsTruncated: keepsTruncated)
  }

  init(_ source: Source, name: String, keepsTruncated: Bool = false) throws(VolumeError) {
    self.name = name
    var window = source.window
    let start = try FileStart(&window)
    meta = start.meta
    transferSyntax = start.transferSyntax
    syntax = start.syntax
    var offset = start.offset
    if start.transferSyntax == .deflated {
      let inflated = try Self.inflate(source.read(offset..<source.size), at: offset)
      self.source = .memory(inflated)
      window = ByteWindow(inflated)
      offset = 0
    } else {
      self.source = source
    }
    var parser = DataSetParser(window)
    parser.keepsTruncated = keepsTruncated
    dataSet = try parser.parse(from: offset, to: window.size, syntax: syntax).set
    pixels = parser.pixels
    diagnostics = start.diagnostics + parser.diagnostics
  }

  /// The most bytes that a deflated data set may grow to.
  static let largestInflated = 1 << 32

  static func inflate(_ bytes: [UInt8], at offset: Int) throws(VolumeError) -> [UInt8] {
    do throws(VolumeError) {
      return try Deflate.decompress(bytes.span, .raw, limit: largestInflated)
    } catch {
      var placed = error
      placed.offset = error.offset.map { $0 + offset }
      throw placed
    }
  }
}
