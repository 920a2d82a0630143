// From a file's bytes to an array of samples, with one copy of them in memory.

/// How a file lays out one sample.
package enum SampleEncoding: Sendable, Hashable {
  /// The type's own bytes.
  case stored(SampleType)
  /// IEEE 754 binary128, rounded to `Double`.
  case binary128
  /// One bit, the most significant of a byte first; becomes 0 or 1 in `UInt8`.
  case bits

  /// The count of bytes of `count` samples; nil where it overflows.
  package func byteCount(_ count: Int) -> Int? {
    let width: Int
    switch self {
    case .stored(let type): width = type.size
    case .binary128: width = 16
    case .bits: return count / 8 + (count % 8 == 0 ? 0 : 1)
    }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: width)
    return overflow ? nil : bytes
  }
}

extension ByteStream {
  /// The next `count` samples, in their own type.
  ///
  /// The samples are checked against what the stream can still hold before they are allocated, and
  /// are written once, where they stay.
  package mutating func samples(
    _ count: Int, _ encoding: SampleEncoding, _ endian: Endian, _ field: String
  ) throws(VolumeError) -> Samples {
    guard count >= 0, let bytes = encoding.byteCount(count) else {
      throw VolumeError(.limit, "\(count) samples make no count of bytes", field: field)
    }
    try require(bytes, field)
    switch encoding {
    case .stored(let type):
      switch type {
      case .uint8: return .uint8(try array(count, endian, field))
      case .int8: return .int8(try array(count, endian, field))
      case .uint16: return .uint16(try array(count, endian, field))
      case .int16: return .int16(try array(count, endian, field))
      case .uint32: return .uint32(try array(count, endian, field))
      case .int32: return .int32(try array(count, endian, field))
      case .uint64: return .uint64(try array(count, endian, field))
      case .int64: return .int64(try array(count, endian, field))
      case .float32: return .float32(try array(count, endian, field))
      case .float64: return .float64(try array(count, endian, field))
      }
    case .binary128:
      let raw = try read(bytes, field)
      return .float64((0..<count).map { double(binary128: raw.span, at: $0 * 16, endian) })
    case .bits:
      let raw = try read(bytes, field)
      return .uint8((0..<count).map { raw[$0 >> 3] >> UInt8(7 - $0 & 7) & 1 })
    }
  }

  private mutating func array<S: Sample>(
    _ count: Int, _ endian: Endian, _ field: String
  ) throws(VolumeError) -> [S] {
    var failure: VolumeError?
    let width = MemoryLayout<S>.size
    let array = unsafe [S](unsafeUninitializedCapacity: count) { target, made in
      do throws(VolumeError) {
        let raw = UnsafeMutableRawBufferPointer(target)
        unsafe LargePages.advise(raw)
        var filled = 0
        let got = try forEachChunk(count * width) { (chunk) throws(VolumeError) in
          unsafe chunk.withUnsafeBufferPointer { source in
            let part = unsafe UnsafeMutableRawBufferPointer(
              rebasing: raw[filled..<filled + source.count])
            unsafe part.copyMemory(from: UnsafeRawBufferPointer(source))
          }
          filled += chunk.count
        }
        guard got == count * width else { throw short(count * width, got, field) }
        if endian != .host, width > 1 {
          for i in 0..<count { unsafe target[i] = unsafe target[i].swapped }
        }
        made = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return array
  }

  /// The next `count` samples, rescaled to floats chunk by chunk while they are in the cache.
  package mutating func floats(
    _ count: Int, _ encoding: SampleEncoding, _ endian: Endian, _ rescale: Rescale,
    _ field: String
  ) throws(VolumeError) -> [Float] {
    guard case .stored(let type) = encoding else {
      let stored = try samples(count, encoding, endian, field)
      return stored.apply(ToFloat(rescale: rescale))
    }
    guard count >= 0, let bytes = encoding.byteCount(count) else {
      throw VolumeError(.limit, "\(count) samples make no count of bytes", field: field)
    }
    try require(bytes, field)
    switch type {
    case .uint8: return try floats(count, of: UInt8.self, endian, rescale, field)
    case .int8: return try floats(count, of: Int8.self, endian, rescale, field)
    case .uint16: return try floats(count, of: UInt16.self, endian, rescale, field)
    case .int16: return try floats(count, of: Int16.self, endian, rescale, field)
    case .uint32: return try floats(count, of: UInt32.self, endian, rescale, field)
    case .int32: return try floats(count, of: Int32.self, endian, rescale, field)
    case .uint64: return try floats(count, of: UInt64.self, endian, rescale, field)
    case .int64: return try floats(count, of: Int64.self, endian, rescale, field)
    case .float32: return try floats(count, of: Float.self, endian, rescale, field)
    case .float64: return try floats(count, of: Double.self, endian, rescale, field)
    }
  }

  private mutating func floats<S: Sample>(
    _ count: Int, of type: S.Type, _ endian: Endian, _ rescale: Rescale, _ field: String
  ) throws(VolumeError) -> [Float] {
    var failure: VolumeError?
    let width = MemoryLayout<S>.size
    // A chunk may end within a sample: what is left over waits at the front of `block`.
    var block = [S](repeating: 0, count: (1 << 17) / width + 1)
    let array = unsafe [Float](unsafeUninitializedCapacity: count) { target, made in
      unsafe LargePages.advise(UnsafeMutableRawBufferPointer(target))
      do throws(VolumeError) {
        var (held, done) = (0, 0)
        let got = try forEachChunk(count * width) { (chunk) throws(VolumeError) in
          unsafe block.withUnsafeMutableBufferPointer { block in
            let raw = UnsafeMutableRawBufferPointer(block)
            unsafe chunk.withUnsafeBufferPointer { source in
              let part = unsafe UnsafeMutableRawBufferPointer(
                rebasing: raw[held..<held + source.count])
              unsafe part.copyMemory(from: UnsafeRawBufferPointer(source))
            }
            let whole = (held + chunk.count) / width
            if endian != .host, width > 1 {
              for i in 0..<whole { unsafe block[i] = unsafe block[i].swapped }
            }
            unsafe rescale.convert(
              UnsafeBufferPointer(rebasing: block[..<whole]),
              into: UnsafeMutableBufferPointer(rebasing: target[done..<done + whole]))
            done += whole
            let left = held + chunk.count - whole * width
            for i in 0..<left { unsafe raw[i] = unsafe raw[whole * width + i] }
            held = left
          }
        }
        guard got == count * width else { throw short(count * width, got, field) }
        made = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return array
  }
}

private struct ToFloat: SampleOperation {
  var rescale: Rescale

  func run<S: Sample>(_ samples: [S]) -> [Float] {
    samples.map { Float(rescale($0.doubleValue)) }
  }
}

/// The double nearest to an IEEE 754 binary128.
private func double(binary128 bytes: Span<UInt8>, at offset: Int, _ endian: Endian) -> Double {
  let first: UInt64 = bytes.integer(offset, endian)
  let second: UInt64 = bytes.integer(offset + 8, endian)
  let (high, low) = endian == .little ? (second, first) : (first, second)
  let exponent = Int(high >> 48 & 0x7FFF)
  let fraction = high & 0xFFFF_FFFF_FFFF
  let sign: Double = high >> 63 == 0 ? 1 : -1
  if exponent == 0x7FFF { return fraction | low == 0 ? sign * .infinity : .nan }
  guard exponent != 0 else { return sign * 0 }
  // 53 bits of the 113-bit significand, the rest only as a sticky bit below them.
  let top = (1 << 48 | fraction) << 15 | low >> 49
  let sticky: UInt64 = low << 15 == 0 ? 0 : 1
  let significand = Double(top | sticky)
  let scale = exponent - 16383 - 63
  if scale > 1000 { return sign * .infinity }
  if scale < -1150 { return sign * 0 }
  return sign * Double(sign: .plus, exponent: scale, significand: significand)
}
