// NumPy arrays as volumes, and volumes as `.npy`.

extension NumPyArray {
  /// The array as a volume of 1 mm voxels with LPS axes.
  ///
  /// The fastest axis becomes x: the last one of a C-ordered array (`[z, y, x]`, in front of it channels),
  /// the first one of a Fortran-ordered array (`[x, y, z]`, behind it channels).
  /// - Throws: `unsupported` for texts and structured arrays; `shape` for an empty array.
  public func volume() throws(VolumeError) -> Volume {
    guard let samples else {
      throw VolumeError(.unsupported, "a structured array or one of texts is no volume")
    }
    let axes = (isFortranOrder ? shape : shape.reversed()) + [1, 1, 1]
    let count = shape.reduce(1, *)
    guard count > 0, samples.count % count == 0 else {
      throw VolumeError(.shape, "an array of shape \(shape)")
    }
    let components = samples.count / count
    let channels = shape.count > 3 ? Array((isFortranOrder ? shape : shape.reversed())[3...]) : []
    var volume = try Volume(
      samples,
      geometry: Geometry(
        size: [axes[0], axes[1], axes[2]], affine: Affine(spacing: [1, 1, 1])),
      components: components, componentKind: components == 2 ? .complex : .scalar,
      channels: channels.reduce(1, *))
    if !channels.isEmpty { volume.channelAxes = channels }
    return volume
  }

  /// Writes numbers as a C-ordered `.npy` file of format version 1.0, little-endian.
  ///
  /// - Precondition: `shape` holds as many elements as there are samples.
  public static func write(
    _ samples: Samples, shape: [Int], to path: String
  ) throws(VolumeError) {
    precondition(
      shape.reduce(1, *) == samples.count, "\(samples.count) samples for a shape of \(shape)")
    var file = try OutputFile(path)
    try file.write(header(samples.type, shape).span)
    try samples.writeLittleEndian { (part, _) throws(VolumeError) in try file.write(part) }
    try file.commit()
  }

  private static func header(_ type: SampleType, _ shape: [Int]) -> [UInt8] {
    let letter =
      switch type {
      case .uint8, .uint16, .uint32, .uint64: "u"
      case .int8, .int16, .int32, .int64: "i"
      case .float32, .float64: "f"
      }
    let axes = shape.map { "\($0)" }.joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var text = "{'descr': '\(type.size == 1 ? "|" : "<")\(letter)\(type.size)', "
    text += "'fortran_order': False, 'shape': (\(axes)), }"
    // The data begin at a multiple of 64.
    while (10 + text.utf8.count + 1) % 64 != 0 { text += " " }
    text += "\n"
    var writer = ByteWriter()
    writer.bytes = [0x93] + Array("NUMPY".utf8) + [1, 0]
    writer.append(UInt16(text.utf8.count))
    return writer.bytes + Array(text.utf8)
  }
}

extension Volume {
  /// Writes the real-world values (`withoutRescale`) as `.npy` of shape `[z, y, x]`, with channels in
  /// front and components behind where there are several.
  public func writeNumPy(to path: String) throws(VolumeError) {
    let volume = withoutRescale()
    var shape = [size.z, size.y, size.x]
    if channels > 1 { shape.insert(channels, at: 0) }
    if components > 1 { shape.append(components) }
    try NumPyArray.write(volume.samples, shape: shape, to: path)
  }
}

/// The arrays of a `.npz` file.
public struct NumPyArchive: Sendable {
  private let zip: ZipArchive
  /// The names of the arrays, without `.npy`.
  public let names: [String]

  public init(contentsOf path: String) throws(VolumeError) {
    try self.init(ZipArchive(contentsOf: path))
  }

  public init(bytes: [UInt8]) throws(VolumeError) { try self.init(ZipArchive(bytes: bytes)) }

  private init(_ zip: ZipArchive) throws(VolumeError) {
    self.zip = zip
    names = zip.entries.filter { $0.name.hasSuffix(".npy") }.map { String($0.name.dropLast(4)) }
  }

  /// The array of a name.
  ///
  /// - Throws: `file` where there is none.
  public func array(_ name: String) throws(VolumeError) -> NumPyArray {
    guard let entry = zip.entries.first(where: { $0.name == name + ".npy" }) else {
      throw VolumeError(.file, "no array of that name; there are \(names)")
    }
    return try NumPyArray(bytes: try zip.read(entry))
  }
}
