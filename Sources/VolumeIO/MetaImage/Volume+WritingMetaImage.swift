// Writing MetaImage.

extension Volume {
  /// Writes this volume as MetaImage: `.mha` in one file, `.mhd` with a `.raw` or `.zraw` beside it.
  ///
  /// Real-world values are written (`withoutRescale`), as ITK's readers leave a rescale alone.
  public func writeMetaImage(to path: String, isCompressed: Bool = true) throws(VolumeError) {
    let volume = withoutRescale()
    let isDetached = path.lowercased().hasSuffix(".mhd")
    let dataPath = isDetached ? path.dropLast(4) + (isCompressed ? ".zraw" : ".raw") : path[...]
    let name = dataPath.split(separator: "/").last.map(String.init) ?? String(dataPath)
    guard !name.contains("\n") else {
      throw VolumeError(.file, "a line break in a file's name", file: name)
    }
    var (head, sizeField) = volume.metaImageHeader(
      isCompressed, dataFile: isDetached ? name : "LOCAL")
    let wrapper: Deflate.Wrapper? = isCompressed ? .zlib : nil
    if isDetached {
      try volume.writeData(to: String(dataPath), head: [], wrapper)
      if let field = sizeField {
        let digits = Array("\(try InputFile(String(dataPath)).size)".utf8)
        head.replaceSubrange(field.upperBound - digits.count..<field.upperBound, with: digits)
      }
      try OutputFile.write(head.span, to: path)
    } else {
      try volume.writeData(to: path, head: head, wrapper, sizeField: sizeField)
    }
  }

  /// The header, and where in it the count of compressed bytes stands: ITK needs it.
  private func metaImageHeader(
    _ isCompressed: Bool, dataFile: String
  ) -> (bytes: [UInt8], sizeField: Range<Int>?) {
    let a = geometry.affine
    let steps = geometry.affine.spacing
    var sizes = [size.x, size.y, size.z]
    var spacing = [steps.x, steps.y, steps.z]
    var origin = [a.origin.x, a.origin.y, a.origin.z]
    if channels > 1 || channelAxes.count > 1 {
      sizes += channelAxes
      spacing += channelAxes.map { _ in 1 }
      origin += channelAxes.map { _ in 0 }
    }
    var rows: [[Double]] = []
    for (index, vector) in [a.x, a.y, a.z].enumerated() {
      let step = steps[index] == 0 ? 1 : steps[index]
      rows.append([vector.x / step, vector.y / step, vector.z / step])
    }
    let extra = sizes.count - 3
    for index in rows.indices { rows[index] += [Double](repeating: 0, count: extra) }
    for index in 0..<extra {
      var row = [Double](repeating: 0, count: sizes.count)
      row[3 + index] = 1
      rows.append(row)
    }
    func list(_ values: [Double]) -> String {
      values.map { $0 == $0.rounded() && abs($0) < 1e15 ? "\(Int($0))" : "\($0)" }
        .joined(separator: " ")
    }
    let types: [SampleType: String] = [
      .uint8: "MET_UCHAR", .int8: "MET_CHAR", .uint16: "MET_USHORT", .int16: "MET_SHORT",
      .uint32: "MET_UINT", .int32: "MET_INT", .uint64: "MET_ULONG_LONG", .int64: "MET_LONG_LONG",
      .float32: "MET_FLOAT", .float64: "MET_DOUBLE",
    ]
    var text = "ObjectType = Image\nNDims = \(sizes.count)\nBinaryData = True\n"
    text += "BinaryDataByteOrderMSB = False\nCompressedData = \(isCompressed ? "True" : "False")\n"
    var sizeField: Range<Int>?
    if isCompressed {
      text += "CompressedDataSize = "
      sizeField = text.utf8.count..<text.utf8.count + 20
      text += String(repeating: " ", count: 20) + "\n"
    }
    text += "TransformMatrix = \(list(rows.flatMap { $0 }))\nOffset = \(list(origin))\n"
    text += "ElementSpacing = \(list(spacing))\n"
    text += "DimSize = \(sizes.map(String.init).joined(separator: " "))\n"
    if components > 1 { text += "ElementNumberOfChannels = \(components)\n" }
    text += "ElementType = \(types[samples.type] ?? "MET_NONE")\n"
    text += "ElementDataFile = \(dataFile)\n"
    return (Array(text.utf8), sizeField)
  }
}
