// Reading NRRD, attached (`.nrrd`) and detached (`.nhdr`).

extension Volume {
  /// Reads a NRRD file.
  ///
  /// Encodings raw, gzip, ascii and hex. Axes in front of the spatial ones become components, all other
  /// axes that are not spatial become channels. `space` decides between LPS, RAS and LAS; without one
  /// the axes count as LPS.
  /// - Throws: `unsupported` for bzip2 and for samples of blocks; `escapesFolder` where the header names
  ///   a file outside its folder.
  public init(nrrd path: String) throws(VolumeError) {
    let file = try InputFile(path)
    do throws(VolumeError) {
      try self.init(nrrd: .file(file), folder: Folder.parent(of: path))
    } catch {
      throw error.naming(file.name)
    }
  }

  init(nrrd origin: ByteStream.Origin, folder: String?) throws(VolumeError) {
    let header = try NRRDHeader(parsing: try origin.prefix(1 << 20))
    guard let type = header.type else {
      throw VolumeError(.malformed, "no type", field: "type")
    }
    var count = 1
    for size in header.sizes {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow else {
        throw VolumeError(.limit, "sizes \(header.sizes) make no count", field: "sizes")
      }
      count = product
    }
    let stored = try header.samples(count, type, origin, folder)
    let axes = header.axes()
    let order = axes.components + axes.space + axes.channels
    let isInOrder = order == Array(0..<header.sizes.count)
    let samples =
      isInOrder ? stored : stored.map(PermuteAxes(sizes: header.sizes, order: order))
    var size = SIMD3<Int>.one
    for (index, axis) in axes.space.enumerated() { size[index] = header.sizes[axis] }
    let components = axes.components.map { header.sizes[$0] }.reduce(1, *)
    let channels = axes.channels.map { header.sizes[$0] }
    try self.init(
      samples, geometry: Geometry(size: size, affine: header.affine(axes.space)),
      components: components, componentKind: header.componentKind(axes.components),
      channels: channels.reduce(1, *))
    if !channels.isEmpty { channelAxes = channels }
    metadata = header.keyValues
  }
}

extension NRRDHeader {
  fileprivate func samples(
    _ count: Int, _ type: SampleType, _ origin: ByteStream.Origin, _ folder: String?
  ) throws(VolumeError) -> Samples {
    let order = endian ?? .host
    if case .files(let names) = dataFiles {
      guard let folder else {
        throw VolumeError(.unsupported, "a detached header without a folder", field: "data file")
      }
      var paths: [String] = []
      for name in names { paths.append(try Folder.path(name, inside: folder)) }
      if encoding == "raw" || encoding == "gzip" {
        var data = DetachedData(paths: paths, wrapper: encoding == "gzip" ? .gzip : nil)
        data.lineSkip = lineSkip
        data.byteSkip = byteSkip
        return try data.samples(count, .stored(type), order)
      }
      var text: [UInt8] = []
      for path in paths { text += try InputFile(path).readAll(limit: 1 << 32) + [0x0A] }
      return try decoded(text, count, type, order)
    }
    if encoding == "raw" || encoding == "gzip" {
      return try DetachedData.samples(
        origin, from: dataOffset, count, .stored(type), order,
        wrapper: encoding == "gzip" ? .gzip : nil, lineSkip: lineSkip, byteSkip: byteSkip)
    }
    return try decoded(try origin.read(dataOffset..<origin.count), count, type, order)
  }

  private func decoded(
    _ text: [UInt8], _ count: Int, _ type: SampleType, _ order: Endian
  ) throws(VolumeError) -> Samples {
    if encoding == "ascii" { return try VolumeIO.samples(fromText: text, count, type) }
    var bytes: [UInt8] = []
    var half: UInt8?
    for byte in text where byte > 0x20 {
      guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
        throw VolumeError(.malformed, "a character that is no hexadecimal digit", field: "data")
      }
      if let high = half {
        bytes.append(high << 4 | UInt8(digit))
        half = nil
      } else {
        half = UInt8(digit)
      }
    }
    var stream = try ByteStream(.memory(bytes))
    return try stream.samples(count, .stored(type), order, "data")
  }

  /// Which axes are values of a voxel, which lie in space, and which are neither.
  fileprivate func axes() -> (components: [Int], space: [Int], channels: [Int]) {
    let all = Array(sizes.indices)
    let spatial: [Int]
    if directions.contains(where: { $0 != nil }) {
      spatial = all.filter { directions[$0] != nil }
    } else if kinds.contains(where: { $0 == "domain" || $0 == "space" }) {
      spatial = all.filter { kinds[$0] == "domain" || kinds[$0] == "space" }
    } else {
      spatial = all.filter { kinds.isEmpty || !Self.isValue(kinds[$0]) }
    }
    let space = Array(spatial.prefix(3))
    let first = space.first ?? sizes.count
    let components = all.filter { $0 < first }
    return (components, space, all.filter { !space.contains($0) && $0 > first })
  }

  private static func isValue(_ kind: String) -> Bool {
    !["domain", "space", "none", "???", "time"].contains(kind)
  }

  fileprivate func componentKind(_ axes: [Int]) -> Volume.Components {
    guard let axis = axes.first, axes.count == 1 else { return axes.isEmpty ? .scalar : .vector }
    let kind = kinds.isEmpty ? "" : kinds[axis]
    switch (kind, sizes[axis]) {
    case ("rgb-color", 3), ("3-color", 3): return .rgb
    case ("rgba-color", 4), ("4-color", 4): return .rgba
    case ("complex", 2): return .complex
    default: return .vector
    }
  }

  fileprivate func affine(_ space: [Int]) -> Affine {
    var vectors: [SIMD3<Double>] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    var place = SIMD3<Double>.zero
    let flip: SIMD3<Double> =
      self.space == "RAS" ? [-1, -1, 1] : self.space == "LAS" ? [1, -1, 1] : [1, 1, 1]
    for (index, axis) in space.enumerated() {
      if !directions.isEmpty, let direction = directions[axis] {
        vectors[index] = Self.vector(direction) * flip
      } else if !spacings.isEmpty, spacings[axis].isFinite, spacings[axis] != 0 {
        vectors[index] *= spacings[axis]
        if !axisMins.isEmpty, axisMins[axis].isFinite { place[index] = axisMins[axis] }
      }
    }
    if let origin { place = Self.vector(origin) * flip }
    // Where fewer than three axes lie in space, the others stand across them, one millimetre apart.
    if space.count == 2, dot(cross(vectors[0], vectors[1]), vectors[2]) == 0 {
      let across = cross(vectors[0], vectors[1])
      let norm = length(across)
      if norm > 0 { vectors[2] = across / norm }
    }
    return Affine(x: vectors[0], y: vectors[1], z: vectors[2], origin: place)
  }

  private static func vector(_ values: [Double]) -> SIMD3<Double> {
    var vector = SIMD3<Double>.zero
    for (index, value) in values.prefix(3).enumerated() { vector[index] = value }
    return vector
  }
}

/// Reorders the axes of an array: the new first axis is the old axis `order[0]`, and so on.
struct PermuteAxes: SampleMap {
  var sizes: [Int]
  var order: [Int]

  func run<S: Sample>(_ samples: [S]) -> [S] {
    var strides = [Int](repeating: 1, count: sizes.count)
    for axis in sizes.indices.dropFirst() { strides[axis] = strides[axis - 1] * sizes[axis - 1] }
    let (newSizes, steps) = (order.map { sizes[$0] }, order.map { strides[$0] })
    var index = [Int](repeating: 0, count: sizes.count)
    var result: [S] = []
    result.reserveCapacity(samples.count)
    var position = 0
    while result.count < samples.count {
      result.append(samples[position])
      for axis in index.indices {
        index[axis] += 1
        position += steps[axis]
        if index[axis] < newSizes[axis] { break }
        position -= steps[axis] * newSizes[axis]
        index[axis] = 0
      }
    }
    return result
  }
}
