// From the bits of a file to samples: byte order, unused bits, sign, planes, chroma.
// PS3.5, section 8.1.1 and annex D; PS3.3 C.7.6.3.1.

/// Passes over samples in place. All of them are bounds-checked by their callers' sizes.
enum SampleBits {
  /// Reverses the bytes of every sample, for big-endian files.
  static func swap<T: FixedWidthInteger>(_ samples: inout [T]) {
    for position in samples.indices { samples[position] = samples[position].byteSwapped }
  }

  /// Keeps `stored` bits below and including `high`, moved to the bottom, the sign extended.
  static func keep<T: FixedWidthInteger>(
    stored: Int, high: Int, in samples: UnsafeMutableBufferPointer<T>
  ) {
    let left = T(truncatingIfNeeded: T.bitWidth - 1 - high)
    let right = T(truncatingIfNeeded: T.bitWidth - stored)
    guard right != 0 else { return }
    for position in 0..<samples.count {
      unsafe samples[position] = unsafe (samples[position] &<< left) &>> right
    }
  }

  /// Interleaves planes: `rrr…ggg…bbb…` becomes `rgbrgb…`.
  static func interleaved<T>(_ planar: [T], planes: Int) -> [T] {
    let count = planar.count / planes
    var result: [T] = []
    result.reserveCapacity(planar.count)
    for pixel in 0..<count {
      for plane in 0..<planes { result.append(planar[plane * count + pixel]) }
    }
    return result
  }

  /// Doubles the chroma of YBR 4:2:2: `y y cb cr` becomes `y cb cr y cb cr` (PS3.3 C.7.6.3.1.2).
  static func upsampled<T>(_ packed: [T], rows: Int, columns: Int) -> [T] {
    var result: [T] = []
    result.reserveCapacity(rows * columns * 3)
    let pairs = (columns + 1) / 2
    for row in 0..<rows {
      for pair in 0..<pairs {
        let start = 4 * (row * pairs + pair)
        for pixel in 0..<2 where 2 * pair + pixel < columns {
          result.append(packed[start + pixel])
          result.append(packed[start + 2])
          result.append(packed[start + 3])
        }
      }
    }
    return result
  }

  /// One sample a bit, the lowest bit of a byte first, from bit `start` on.
  static func unpacked(_ bytes: [UInt8], start: Int, count: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(count)
    for bit in start..<start + count { result.append(bytes[bit >> 3] >> UInt8(bit & 7) & 1) }
    return result
  }
}
