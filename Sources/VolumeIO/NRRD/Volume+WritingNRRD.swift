// Writing NRRD.

extension Volume {
  /// Writes this volume as NRRD: `.nrrd` in one file, `.nhdr` with the data beside it.
  ///
  /// NRRD has no rescale, so real-world values are written (`withoutRescale`). Axes are given in LPS;
  /// key/value pairs are `metadata`.
  /// - Parameters:
  ///   - path: Ends in `.nrrd` or `.nhdr`.
  ///   - isCompressed: Whether the data are gzipped.
  public func writeNRRD(to path: String, isCompressed: Bool = true) throws(VolumeError) {
    let volume = withoutRescale()
    let isDetached = path.lowercased().hasSuffix(".nhdr")
    let dataPath = isDetached ? path.dropLast(5) + (isCompressed ? ".raw.gz" : ".raw") : path[...]
    let name = dataPath.split(separator: "/").last.map(String.init) ?? String(dataPath)
    let head = volume.nrrdHeader(isCompressed, dataFile: isDetached ? name : nil)
    if isDetached {
      guard !name.contains("\n") else {
        throw VolumeError(.file, "a line break in a file's name", file: name)
      }
      try volume.writeData(to: String(dataPath), head: [], isCompressed ? .gzip : nil)
      try OutputFile.write(head.span, to: path)
    } else {
      try volume.writeData(to: path, head: head, isCompressed ? .gzip : nil)
    }
  }

  /// Writes `head`, then the samples, compressed or not.
  ///
  /// - Parameter sizeField: Bytes of `head` that become the count of bytes behind it, in digits with
  ///   spaces before them.
  func writeData(
    to path: String, head: [UInt8], _ wrapper: Deflate.Wrapper?, sizeField: Range<Int>? = nil
  ) throws(VolumeError) {
    var file = try OutputFile(path)
    try file.write(head.span)
    if let wrapper {
      var stream = try DeflateStream(wrapper, level: 6)
      try samples.writeLittleEndian { (part, isLast) throws(VolumeError) in
        try stream.write(part, isLast: isLast) { (part) throws(VolumeError) in
          try file.write(part)
        }
      }
    } else {
      try samples.writeLittleEndian { (part, _) throws(VolumeError) in try file.write(part) }
    }
    if let sizeField {
      let digits = Array("\(file.count - head.count)".utf8)
      let spaces = [UInt8](repeating: 0x20, count: max(0, sizeField.count - digits.count))
      try file.overwrite((spaces + digits).span, at: sizeField.lowerBound)
    }
    try file.commit()
  }

  private func nrrdHeader(_ isCompressed: Bool, dataFile: String?) -> [UInt8] {
    var sizes = ["\(size.x)", "\(size.y)", "\(size.z)"]
    let a = geometry.affine
    var directions = [a.x, a.y, a.z].map { "(\($0.x),\($0.y),\($0.z))" }
    var kinds = ["domain", "domain", "domain"]
    if components > 1 {
      sizes.insert("\(components)", at: 0)
      directions.insert("none", at: 0)
      kinds.insert(componentKindName, at: 0)
    }
    for length in channelAxes where channels > 1 || channelAxes.count > 1 {
      sizes.append("\(length)")
      directions.append("none")
      kinds.append("list")
    }
    let types: [SampleType: String] = [.float32: "float", .float64: "double"]
    var text = "NRRD0005\n"
    text += "type: \(types[samples.type] ?? samples.type.rawValue)\n"
    text += "dimension: \(sizes.count)\nspace: left-posterior-superior\n"
    text += "sizes: \(sizes.joined(separator: " "))\n"
    text += "space directions: \(directions.joined(separator: " "))\n"
    text += "kinds: \(kinds.joined(separator: " "))\n"
    if samples.type.size > 1 { text += "endian: little\n" }
    text += "encoding: \(isCompressed ? "gzip" : "raw")\n"
    text += "space origin: (\(a.origin.x),\(a.origin.y),\(a.origin.z))\n"
    if let dataFile { text += "data file: \(dataFile)\n" }
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      text += "\(Self.escaped(key)):=\(Self.escaped(value))\n"
    }
    return Array((text + "\n").utf8)
  }

  private var componentKindName: String {
    switch componentKind {
    case .rgb: "RGB-color"
    case .rgba: "RGBA-color"
    case .complex: "complex"
    case .scalar, .vector: "vector"
    }
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\r", with: "").replacing("\n", with: "\\n")
  }
}
