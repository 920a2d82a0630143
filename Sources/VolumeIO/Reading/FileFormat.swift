// Which format a file is of: by its first bytes, and by its name only where bytes cannot tell.

/// A format that this module reads.
public struct FileFormat: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }

  public var description: String { rawValue }

  public static let dicom = FileFormat(rawValue: "DICOM")
  public static let nifti = FileFormat(rawValue: "NIfTI")
  public static let nrrd = FileFormat(rawValue: "NRRD")
  public static let metaImage = FileFormat(rawValue: "MetaImage")
  public static let mgh = FileFormat(rawValue: "MGH")
  public static let png = FileFormat(rawValue: "PNG")
  public static let jpeg = FileFormat(rawValue: "JPEG")
  public static let tiff = FileFormat(rawValue: "TIFF")
  public static let hdf5 = FileFormat(rawValue: "HDF5")
  public static let numPy = FileFormat(rawValue: "NumPy")
  public static let zip = FileFormat(rawValue: "zip")
}

extension FileFormat {
  /// The format that a file's first bytes tell, or its name where bytes cannot; nil where no reader
  /// knows it.
  ///
  /// - Throws: `file` where it cannot be opened; `corrupt` where it is gzip that does not unfold.
  public static func of(file path: String) throws(VolumeError) -> FileFormat? {
    let file = try InputFile(path)
    return try sniff(try file.prefix(1024), name: file.name, origin: .file(file))
  }

  /// The format of a file whose first bytes (512, or all there are) are given.
  ///
  /// - Parameter name: Used where bytes cannot tell: Analyze headers and images, MGH, MetaImage, and
  ///   DICOM without a preamble.
  package static func sniff(
    _ start: [UInt8], name: String, origin: ByteStream.Origin
  ) throws(VolumeError) -> FileFormat? {
    if let plain = sniffPlain(start, name: name.lowercased()) { return plain }
    if start.starts(with: [0x1F, 0x8B, 8]) {
      var stream = try ByteStream(origin, wrapper: .gzip)
      var inner: [UInt8] = []
      _ = try stream.forEachChunk(1024) { (chunk) throws(VolumeError) in
        for i in chunk.indices { inner.append(chunk[i]) }
      }
      var stem = name.lowercased()
      if stem.hasSuffix(".gz") { stem.removeLast(3) }
      if stem.hasSuffix(".mgz") { stem = String(stem.dropLast(3)) + "mgh" }
      let found = sniffPlain(inner, name: stem)
      return found == .nifti || found == .mgh ? found : nil
    }
    return nil
  }

  private static func sniffPlain(_ start: [UInt8], name: String) -> FileFormat? {
    func begins(_ bytes: [UInt8], at offset: Int = 0) -> Bool {
      start.count >= offset + bytes.count
        && start[offset..<offset + bytes.count].elementsEqual(bytes)
    }
    if begins([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
    if begins([0xFF, 0xD8, 0xFF]) { return .jpeg }
    if begins([0x49, 0x49, 42, 0]) || begins([0x4D, 0x4D, 0, 42]) { return .tiff }
    if begins([0x49, 0x49, 43, 0]) || begins([0x4D, 0x4D, 0, 43]) { return .tiff }
    if begins([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]) { return .hdf5 }
    if begins([0x93] + Array("NUMPY".utf8)) { return .numPy }
    if begins([0x50, 0x4B, 3, 4]) || begins([0x50, 0x4B, 5, 6]) {
      return name.hasSuffix(".npz") ? .numPy : .zip
    }
    if begins(Array("NRRD000".utf8)) { return .nrrd }
    if begins(Array("DICM".utf8), at: 128) { return .dicom }
    if NIfTIHeader.begins(start) { return .nifti }
    let head = String(decoding: start.prefix(64), as: UTF8.self).lowercased()
    if head.hasPrefix("objecttype") || head.hasPrefix("ndims") || name.hasSuffix(".mhd")
      || name.hasSuffix(".mha")
    {
      return .metaImage
    }
    if name.hasSuffix(".mgh"), begins([0, 0, 0, 1]) { return .mgh }
    if name.hasSuffix(".hdr") || name.hasSuffix(".img") { return .nifti }
    if start.count >= 348, name.hasSuffix(".nii") { return .nifti }
    return nil
  }
}
