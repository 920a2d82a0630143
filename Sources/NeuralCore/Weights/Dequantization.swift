// Stored numbers as float32: IEEE formats, bfloat16, integers, and ggml's quantised blocks.
// Source of the block layouts: ggml, `ggml-common.h` and the GGUF specification.

extension StoredType {
  /// The numbers of whole blocks.
  func floats(_ bytes: UnsafeRawBufferPointer, isBigEndian: Bool = false) -> [Float] {
    let blocks = bytes.count / blockBytes
    let count = blocks * blockCount
    return unsafe [Float](unsafeUninitializedCapacity: count) { out, filled in
      switch self {
      case .float32:
        unsafe convert(bytes, out, UInt32.self, isBigEndian) { Float(bitPattern: $0) }
      case .float64:
        unsafe convert(bytes, out, UInt64.self, isBigEndian) { Float(Double(bitPattern: $0)) }
      case .float16: unsafe convert(bytes, out, UInt16.self, isBigEndian, binary16)
      case .bfloat16:
        unsafe convert(bytes, out, UInt16.self, isBigEndian) {
          Float(bitPattern: UInt32($0) << 16)
        }
      case .int64:
        unsafe convert(bytes, out, UInt64.self, isBigEndian) { Float(Int64(bitPattern: $0)) }
      case .int32:
        unsafe convert(bytes, out, UInt32.self, isBigEndian) { Float(Int32(bitPattern: $0)) }
      case .int16:
        unsafe convert(bytes, out, UInt16.self, isBigEndian) { Float(Int16(bitPattern: $0)) }
      case .int8:
        unsafe convert(bytes, out, UInt8.self, isBigEndian) { Float(Int8(bitPattern: $0)) }
      case .uint64: unsafe convert(bytes, out, UInt64.self, isBigEndian) { Float($0) }
      case .uint32: unsafe convert(bytes, out, UInt32.self, isBigEndian) { Float($0) }
      case .uint16: unsafe convert(bytes, out, UInt16.self, isBigEndian) { Float($0) }
      case .uint8: unsafe convert(bytes, out, UInt8.self, isBigEndian) { Float($0) }
      case .bool: unsafe convert(bytes, out, UInt8.self, isBigEndian) { $0 == 0 ? 0 : 1 }
      case .q8_0, .q4_0, .q4_1, .q5_0, .q5_1:
        for block in 0..<blocks { unsafe small(bytes, block * blockBytes, out, block * 32) }
      case .q4_k, .q5_k:
        for block in 0..<blocks { unsafe super45(bytes, block * blockBytes, out, block * 256) }
      case .q6_k:
        for block in 0..<blocks { unsafe super6(bytes, block * blockBytes, out, block * 256) }
      }
      filled = count
    }
  }

  private func convert<Bits: FixedWidthInteger>(
    _ bytes: UnsafeRawBufferPointer, _ out: UnsafeMutableBufferPointer<Float>, _: Bits.Type,
    _ isBigEndian: Bool, _ value: (Bits) -> Float
  ) {
    let size = MemoryLayout<Bits>.size
    for index in 0..<bytes.count / size {
      let bits = unsafe bytes.loadUnaligned(fromByteOffset: index * size, as: Bits.self)
      unsafe out[index] = value(isBigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits))
    }
  }

  private func half(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Float {
    binary16(UInt16(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt16.self)))
  }

  /// Blocks of 32: `scale · q`, or `scale · q + minimum`.
  private func small(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ out: UnsafeMutableBufferPointer<Float>,
    _ base: Int
  ) {
    let scale = unsafe half(bytes, start)
    if self == .q8_0 {
      for index in 0..<32 {
        unsafe out[base + index] = scale * Float(Int8(bitPattern: bytes[start + 2 + index]))
      }
      return
    }
    let hasMinimum = self == .q4_1 || self == .q5_1
    let hasFifthBit = self == .q5_0 || self == .q5_1
    var at = start + 2
    let minimum = hasMinimum ? unsafe half(bytes, at) : 0
    if hasMinimum { at += 2 }
    var high: UInt32 = 0
    if hasFifthBit {
      high = UInt32(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))
      at += 4
    }
    let middle: Float = hasMinimum ? 0 : (hasFifthBit ? 16 : 8)
    for index in 0..<16 {
      let byte = unsafe bytes[at + index]
      let low = UInt32(byte & 15) | (high >> UInt32(index) & 1) << 4
      let top = UInt32(byte >> 4) | (high >> UInt32(index + 16) & 1) << 4
      unsafe out[base + index] = scale * (Float(low) - middle) + minimum
      unsafe out[base + index + 16] = scale * (Float(top) - middle) + minimum
    }
  }

  /// Super-blocks of 256 with eight 6-bit scales and minima (Q4_K, and Q5_K with a fifth bit).
  private func super45(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ out: UnsafeMutableBufferPointer<Float>,
    _ base: Int
  ) {
    let scale = unsafe half(bytes, start)
    let minimum = unsafe half(bytes, start + 2)
    let scales = start + 4
    let high = self == .q5_k ? start + 16 : nil
    let low = start + (self == .q5_k ? 48 : 16)
    for group in 0..<8 {
      let six: UInt8
      let sixMinimum: UInt8
      if group < 4 {
        six = unsafe bytes[scales + group] & 63
        sixMinimum = unsafe bytes[scales + group + 4] & 63
      } else {
        six = unsafe bytes[scales + group + 4] & 15 | (bytes[scales + group - 4] >> 6) << 4
        sixMinimum = unsafe bytes[scales + group + 4] >> 4 | (bytes[scales + group] >> 6) << 4
      }
      let step = scale * Float(six)
      let floor = minimum * Float(sixMinimum)
      let quarter = low + group / 2 * 32
      for index in 0..<32 {
        let byte = unsafe bytes[quarter + index]
        var level = group % 2 == 0 ? byte & 15 : byte >> 4
        if let high { level |= unsafe (bytes[high + index] >> UInt8(group) & 1) << 4 }
        unsafe out[base + group * 32 + index] = step * Float(level) - floor
      }
    }
  }

  /// Super-blocks of 256 with sixteen 8-bit scales and 6 bits a weight (Q6_K).
  private func super6(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ out: UnsafeMutableBufferPointer<Float>,
    _ base: Int
  ) {
    let scale = unsafe half(bytes, start + 208)
    for part in 0..<2 {
      let low = start + part * 64
      let high = start + 128 + part * 32
      let scales = start + 192 + part * 8
      for index in 0..<32 {
        let top = unsafe bytes[high + index]
        for quarter in 0..<4 {
          let byte = unsafe bytes[low + index + (quarter % 2) * 32]
          let four = quarter < 2 ? byte & 15 : byte >> 4
          let level = Int(four | (top >> UInt8(2 * quarter) & 3) << 4) - 32
          let step = unsafe Int8(bitPattern: bytes[scales + quarter * 2 + index / 16])
          unsafe out[base + part * 128 + quarter * 32 + index] =
            scale * Float(step) * Float(level)
        }
      }
    }
  }
}

/// The value of IEEE 754 binary16 bits.
func binary16(_ bits: UInt16) -> Float {
  let sign = UInt32(bits & 0x8000) << 16
  let exponent = UInt32(bits >> 10 & 31)
  let fraction = UInt32(bits & 0x3FF)
  switch exponent {
  case 0:
    let magnitude = Float(fraction) * 0x1p-24
    return sign == 0 ? magnitude : -magnitude
  case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
  default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
  }
}
