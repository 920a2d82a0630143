// FreeSurfer's MGH and, gzipped, MGZ: 284 bytes of header, big-endian, then voxels.
// Source: https://surfer.nmr.mgh.harvard.edu/fswiki/FsTutorial/MghFormat.

extension Volume {
  /// Reads a `.mgh` or `.mgz` file.
  ///
  /// Where `goodRASFlag` is not set, FreeSurfer's default place holds: 1 mm, axes left, inferior,
  /// anterior, centred. Frames become channels. The tags behind the voxels are left alone.
  public init(mgh path: String) throws(VolumeError) {
    let file = try InputFile(path)
    do throws(VolumeError) {
      try self.init(mgh: .file(file))
    } catch {
      throw error.naming(file.name)
    }
  }

  init(mgh origin: ByteStream.Origin, as request: SampleRequest = .stored) throws(VolumeError) {
    let isCompressed = try origin.prefix(2) == [0x1F, 0x8B]
    var stream = try ByteStream(origin, wrapper: isCompressed ? .gzip : nil)
    let r = ByteReader(try stream.read(284, "header"), .big)
    let version = try r.integer(0, "version", as: Int32.self)
    guard version == 1 else {
      throw VolumeError(.unknownFormat, "\(version), expected 1", offset: 0, field: "version")
    }
    var sizes: [Int] = []
    var count = 1
    for (index, name) in ["width", "height", "depth", "nframes"].enumerated() {
      let size = Int(try r.integer(4 + 4 * index, name, as: Int32.self))
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard size > 0, !overflow else {
        throw VolumeError(.malformed, "\(size)", offset: 4 + 4 * index, field: name)
      }
      sizes.append(size)
      count = product
    }
    let code = try r.integer(20, "type", as: Int32.self)
    let types: [Int32: SampleType] = [
      0: .uint8, 1: .int32, 3: .float32, 4: .int16, 10: .uint16,
    ]
    guard let type = types[code] else {
      throw VolumeError(.unsupported, "type \(code)", offset: 20, field: "type")
    }
    let affine = try Self.affine(r, sizes)
    let samples =
      request == .float32
      ? Samples.float32(try stream.floats(count, .stored(type), .big, .identity, "voxels"))
      : try stream.samples(count, .stored(type), .big, "voxels")
    try stream.finish()
    try self.init(
      samples, geometry: Geometry(size: [sizes[0], sizes[1], sizes[2]], affine: affine),
      channels: sizes[3])
  }

  private static func affine(_ r: ByteReader, _ sizes: [Int]) throws(VolumeError) -> Affine {
    var spacing = SIMD3<Double>(1, 1, 1)
    var axes: [SIMD3<Double>] = [[-1, 0, 0], [0, 0, -1], [0, 1, 0]]
    var centre = SIMD3<Double>.zero
    if try r.integer(28, "goodRASFlag", as: Int16.self) > 0 {
      for i in 0..<3 {
        spacing[i] = Double(try r.float(30 + 4 * i, "spacing"))
        centre[i] = Double(try r.float(78 + 4 * i, "Pxyz_c"))
        for j in 0..<3 { axes[i][j] = Double(try r.float(42 + 12 * i + 4 * j, "Mdc")) }
      }
    }
    var origin = centre
    for i in 0..<3 {
      axes[i] *= spacing[i]
      origin -= axes[i] * (Double(sizes[i]) / 2)
    }
    let values = [axes[0], axes[1], axes[2], origin]
    guard values.allSatisfy({ $0.x.isFinite && $0.y.isFinite && $0.z.isFinite }) else {
      throw VolumeError(.malformed, "a number that is not finite", offset: 30, field: "Mdc")
    }
    // The file's frame is RAS.
    let flip = SIMD3<Double>(-1, -1, 1)
    return Affine(x: axes[0] * flip, y: axes[1] * flip, z: axes[2] * flip, origin: origin * flip)
  }
}
