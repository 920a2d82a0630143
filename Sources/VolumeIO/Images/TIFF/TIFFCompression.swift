// Decompression of one strip or tile, and the predictors behind it.
// Source: TIFF Revision 6.0, sections 9, 13 and 14; Adobe Photoshop TIFF Technical Note 3 (predictor 3).

enum TIFFCompression {
  /// LZW with codes of 9 to 12 bits, most significant bit first.
  ///
  /// - Returns: At most `limit` bytes; fewer where the data end early.
  static func lzw(_ input: Span<UInt8>, limit: Int) throws(VolumeError) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(min(limit, input.count * 8))
    // Each string of the table is a stretch of the output.
    var starts = [Int](repeating: 0, count: 4096)
    var lengths = [Int](repeating: 0, count: 4096)
    var (next, width) = (258, 9)
    var previous: (start: Int, length: Int)?
    var (buffer, bits, position) = (UInt32(0), 0, 0)
    while output.count < limit {
      while bits < width, position < input.count {
        buffer = buffer << 8 | UInt32(input[position])
        position += 1
        bits += 8
      }
      guard bits >= width else { break }
      let code = Int(buffer >> UInt32(bits - width) & (1 << UInt32(width) - 1))
      bits -= width
      if code == 257 { break }
      if code == 256 {
        (next, width, previous) = (258, 9, nil)
        continue
      }
      let start = output.count
      if code < 256 {
        output.append(UInt8(code))
      } else if code < next {
        for i in 0..<lengths[code] { output.append(output[starts[code] + i]) }
      } else if code == next, let previous {
        for i in 0..<previous.length { output.append(output[previous.start + i]) }
        output.append(output[previous.start])
      } else {
        throw VolumeError(
          .corrupt, "LZW code \(code) where the table has \(next)", offset: position)
      }
      if let previous, next < 4096 {
        // The previous string and this one's first byte lie one after the other in the output.
        starts[next] = previous.start
        lengths[next] = previous.length + 1
        next += 1
        if next == 1 << width - 1, width < 12 { width += 1 }
      }
      previous = (start, output.count - start)
    }
    if output.count > limit { output.removeLast(output.count - limit) }
    return output
  }

  /// Undoes horizontal differencing (predictor 2) on samples of `width` bytes in host order.
  static func undoDifference(
    _ bytes: inout [UInt8], rowBytes: Int, samples: Int, width: Int
  ) {
    var start = 0
    while start + rowBytes <= bytes.count {
      for at in stride(from: start + samples * width, to: start + rowBytes, by: width) {
        var carry: UInt16 = 0
        for byte in 0..<width {
          let index = Endian.host == .little ? byte : width - 1 - byte
          let sum =
            UInt16(bytes[at + index]) + UInt16(bytes[at + index - samples * width]) + carry
          bytes[at + index] = UInt8(truncatingIfNeeded: sum)
          carry = sum >> 8
        }
      }
      start += rowBytes
    }
  }

  /// Undoes the floating-point predictor (3): byte planes, most significant first, differenced.
  ///
  /// Leaves samples in host order.
  static func undoFloatDifference(
    _ bytes: inout [UInt8], rowBytes: Int, samples: Int, width: Int
  ) {
    var start = 0
    var row = [UInt8](repeating: 0, count: rowBytes)
    let count = rowBytes / width
    while start + rowBytes <= bytes.count {
      for i in stride(from: samples, to: rowBytes, by: 1) {
        bytes[start + i] &+= bytes[start + i - samples]
      }
      for i in 0..<count {
        for byte in 0..<width {
          let index = Endian.host == .little ? width - 1 - byte : byte
          row[i * width + index] = bytes[start + byte * count + i]
        }
      }
      bytes.replaceSubrange(start..<start + rowBytes, with: row)
      start += rowBytes
    }
  }

  /// Samples of 1, 2 or 4 bits, row by row, as bytes.
  static func unpack(_ bytes: [UInt8], rowBytes: Int, perRow: Int, bits: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count * 8 / bits)
    for start in stride(from: 0, to: bytes.count - rowBytes + 1, by: rowBytes) {
      for index in 0..<perRow {
        let bit = index * bits
        let shift = UInt8(8 - bits - bit & 7)
        result.append(bytes[start + bit >> 3] >> shift & UInt8(1 << bits - 1))
      }
    }
    return result
  }
}
