// Reading MetaImage: `.mha` with its data, `.mhd` with data beside it.

extension Volume {
  /// Reads a MetaImage.
  ///
  /// Axes are LPS, as ITK takes them; the rows of `TransformMatrix` are the directions of the axes. Axes
  /// beyond the third become channels.
  /// - Throws: `escapesFolder` where the header names a file outside its folder.
  public init(metaImage path: String) throws(VolumeError) {
    let file = try InputFile(path)
    do throws(VolumeError) {
      try self.init(metaImage: .file(file), folder: Folder.parent(of: path))
    } catch {
      throw error.naming(file.name)
    }
  }

  init(metaImage origin: ByteStream.Origin, folder: String?) throws(VolumeError) {
    let header = try MetaImageHeader(parsing: try origin.prefix(1 << 20))
    guard let type = header.type else {
      throw VolumeError(.malformed, "no type", field: "ElementType")
    }
    var count = header.components
    for size in header.sizes {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow else {
        throw VolumeError(.limit, "sizes \(header.sizes) make no count", field: "DimSize")
      }
      count = product
    }
    let samples = try header.samples(count, type, origin, folder)
    let sizes = header.sizes + [1, 1]
    let channels = Array(header.sizes.dropFirst(3))
    let kind: Components =
      switch header.components {
      case 1: .scalar
      case 3 where type == .uint8: .rgb
      case 4 where type == .uint8: .rgba
      default: .vector
      }
    try self.init(
      samples,
      geometry: Geometry(size: [sizes[0], sizes[1], sizes[2]], affine: header.affine),
      components: header.components, componentKind: kind, channels: channels.reduce(1, *),
      rescale: Rescale(slope: header.slope, intercept: header.intercept),
      modality: header.modality)
    if !channels.isEmpty { channelAxes = channels }
    metadata = header.others
  }
}

extension MetaImageHeader {
  fileprivate func samples(
    _ count: Int, _ type: SampleType, _ origin: ByteStream.Origin, _ folder: String?
  ) throws(VolumeError) -> Samples {
    let wrapper: Deflate.Wrapper? = isCompressed ? .zlib : nil
    if isLocal {
      if isText {
        return try VolumeIO.samples(
          fromText: try origin.read(dataOffset..<origin.count), count, type)
      }
      return try DetachedData.samples(
        origin, from: dataOffset, count, .stored(type), endian, wrapper: wrapper,
        byteSkip: headerSize)
    }
    guard let folder else {
      throw VolumeError(.unsupported, "a header without a folder", field: "ElementDataFile")
    }
    var paths: [String] = []
    for name in dataFiles { paths.append(try Folder.path(name, inside: folder)) }
    if isText {
      var text: [UInt8] = []
      for path in paths { text += try InputFile(path).readAll(limit: 1 << 32) + [0x0A] }
      return try VolumeIO.samples(fromText: text, count, type)
    }
    var data = DetachedData(paths: paths, wrapper: wrapper)
    data.byteSkip = headerSize
    return try data.samples(count, .stored(type), endian)
  }

  fileprivate var affine: Affine {
    let axes = sizes.count
    var vectors: [SIMD3<Double>] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    var origin = SIMD3<Double>.zero
    let steps = spacing.isEmpty ? elementSize : spacing
    for axis in 0..<min(3, axes) {
      if !matrix.isEmpty {
        var direction = SIMD3<Double>.zero
        for world in 0..<min(3, axes) { direction[world] = matrix[axis * axes + world] }
        vectors[axis] = direction
      }
      if axis < steps.count { vectors[axis] *= steps[axis] }
      if axis < offset.count { origin[axis] = offset[axis] }
    }
    return Affine(x: vectors[0], y: vectors[1], z: vectors[2], origin: origin)
  }
}
