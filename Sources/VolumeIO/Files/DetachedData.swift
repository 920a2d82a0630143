// Samples that stand in one file or several, as headers of NRRD and MetaImage tell.

/// Where the samples of a header are, and how to get at them.
package struct DetachedData: Sendable {
  /// The files, in order; each is opened when its turn comes.
  package var paths: [String]
  package var wrapper: Deflate.Wrapper?
  /// Lines to pass over at the front of each file, before it is decompressed.
  package var lineSkip = 0
  /// Bytes to pass over, after decompression; −1 takes the bytes at the end of the file.
  package var byteSkip = 0

  package init(paths: [String], wrapper: Deflate.Wrapper? = nil) {
    self.paths = paths
    self.wrapper = wrapper
  }

  /// All samples, shared evenly among the files.
  package func samples(
    _ count: Int, _ encoding: SampleEncoding, _ endian: Endian
  ) throws(VolumeError) -> Samples {
    guard !paths.isEmpty, count % paths.count == 0 else {
      throw VolumeError(.malformed, "\(count) samples in \(paths.count) files", field: "data file")
    }
    var parts: [Samples] = []
    for path in paths {
      let file = try InputFile(path)
      do throws(VolumeError) {
        parts.append(
          try Self.samples(
            .file(file), from: 0, count / paths.count, encoding, endian, wrapper: wrapper,
            lineSkip: lineSkip, byteSkip: byteSkip))
      } catch {
        throw error.naming(file.name)
      }
    }
    return Samples.joined(parts)
  }

  /// The samples of one file from an offset on.
  package static func samples(
    _ origin: ByteStream.Origin, from offset: Int, _ count: Int, _ encoding: SampleEncoding,
    _ endian: Endian, wrapper: Deflate.Wrapper?, lineSkip: Int = 0, byteSkip: Int = 0
  ) throws(VolumeError) -> Samples {
    guard let bytes = encoding.byteCount(count) else {
      throw VolumeError(.limit, "\(count) samples make no count of bytes", field: "sizes")
    }
    var start = try afterLines(lineSkip, origin, from: offset)
    if wrapper == nil, byteSkip == -1 {
      start = origin.count - bytes
      guard start >= offset else {
        throw VolumeError(
          .truncated, "\(origin.count) bytes where \(bytes) are needed", field: "byte skip")
      }
    }
    var stream = try ByteStream(origin, range: start..<origin.count, wrapper: wrapper)
    if wrapper != nil, byteSkip == -1 {
      // How much comes before is known only when all is decompressed.
      try stream.require(bytes, "data")
      let all = try stream.readToEnd(limit: 1 << 34)
      guard all.count >= bytes else { throw stream.short(bytes, all.count, "data") }
      var end = try ByteStream(.memory(all), range: all.count - bytes..<all.count)
      return try end.samples(count, encoding, endian, "data")
    }
    try stream.skip(max(0, byteSkip), "byte skip")
    let samples = try stream.samples(count, encoding, endian, "data")
    try stream.finish()
    return samples
  }

  /// The offset behind `lines` lines.
  private static func afterLines(
    _ lines: Int, _ origin: ByteStream.Origin, from offset: Int
  ) throws(VolumeError) -> Int {
    guard lines > 0 else { return offset }
    var (left, position) = (lines, offset)
    while position < origin.count {
      let block = try origin.read(position..<min(position + 65536, origin.count))
      for (index, byte) in block.enumerated() where byte == 0x0A {
        left -= 1
        if left == 0 { return position + index + 1 }
      }
      position += block.count
    }
    throw VolumeError(
      .truncated, "fewer than \(lines) lines", offset: origin.count, field: "line skip")
  }
}

/// Numbers written as text, separated by white space or commas.
package func samples(
  fromText bytes: [UInt8], _ count: Int, _ type: SampleType
) throws(VolumeError) -> Samples {
  // One digit and one separator a number is the least there can be.
  guard count <= bytes.count / 2 + 1 else {
    throw VolumeError(.truncated, "\(bytes.count) bytes of text for \(count) numbers")
  }
  var values: [Double] = []
  var exact: [Int64] = []
  let isWide = type == .int64 || type == .uint64
  values.reserveCapacity(count)
  for part in bytes.split(whereSeparator: { $0 <= 0x20 || $0 == UInt8(ascii: ",") }) {
    guard values.count + exact.count < count else { break }
    let text = String(decoding: part, as: UTF8.self)
    if isWide, let number = Int64(text) {
      exact.append(number)
    } else if isWide, type == .uint64, let number = UInt64(text) {
      exact.append(Int64(bitPattern: number))
    } else if !isWide, let number = Double(text) {
      values.append(number)
    } else {
      throw VolumeError(.malformed, "'\(text.prefix(40))' is no number", field: "data")
    }
  }
  guard values.count + exact.count == count else {
    throw VolumeError(
      .truncated, "\(values.count + exact.count) numbers where \(count) are needed",
      field: "data")
  }
  switch type {
  case .uint8: return .uint8(values.map { UInt8(nearest: $0) })
  case .int8: return .int8(values.map { Int8(nearest: $0) })
  case .uint16: return .uint16(values.map { UInt16(nearest: $0) })
  case .int16: return .int16(values.map { Int16(nearest: $0) })
  case .uint32: return .uint32(values.map { UInt32(nearest: $0) })
  case .int32: return .int32(values.map { Int32(nearest: $0) })
  case .uint64: return .uint64(exact.map { UInt64(bitPattern: $0) })
  case .int64: return .int64(exact)
  case .float32: return .float32(values.map { Float($0) })
  case .float64: return .float64(values)
  }
}
