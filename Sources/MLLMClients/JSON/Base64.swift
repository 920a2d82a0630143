// Base64 by the processor's vectors, the rest two characters at a time from a table of 4096 pairs.
// Source: RFC 4648 section 4.

import CBase64

enum Base64 {
  /// Every 12 bits as two characters, the first in the low byte.
  private static let pairs: [UInt16] = {
    let alphabet = Array(
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    return (0..<4096).map { UInt16(alphabet[$0 >> 6]) | UInt16(alphabet[$0 & 63]) << 8 }
  }()

  /// The number of characters for a number of bytes, padding included.
  static func length(of count: Int) -> Int { (count + 2) / 3 * 4 }

  /// Writes the characters of `bytes` to `out`, which must hold `length(of: bytes.count)`.
  static func encode(
    _ bytes: UnsafeBufferPointer<UInt8>, into out: UnsafeMutableBufferPointer<UInt8>
  ) {
    precondition(
      out.count >= length(of: bytes.count), "\(out.count) bytes cannot hold \(bytes.count) encoded")
    unsafe pairs.withUnsafeBufferPointer { pairs in
      var read = 0
      if let from = bytes.baseAddress, let to = out.baseAddress {
        read = unsafe roentgen_base64_encode(from, bytes.count, to)
      }
      var write = read / 3 * 4
      let whole = bytes.count / 3 * 3
      while read < whole {
        let group =
          unsafe Int(bytes[read]) << 16 | Int(bytes[read + 1]) << 8 | Int(bytes[read + 2])
        let high = unsafe pairs[group >> 12]
        let low = unsafe pairs[group & 4095]
        unsafe out[write] = UInt8(truncatingIfNeeded: high)
        unsafe out[write + 1] = UInt8(truncatingIfNeeded: high >> 8)
        unsafe out[write + 2] = UInt8(truncatingIfNeeded: low)
        unsafe out[write + 3] = UInt8(truncatingIfNeeded: low >> 8)
        read += 3
        write += 4
      }
      let rest = bytes.count - whole
      guard rest > 0 else { return }
      let group =
        unsafe Int(bytes[read]) << 16 | (rest == 2 ? Int(bytes[read + 1]) << 8 : 0)
      let high = unsafe pairs[group >> 12]
      let low = unsafe pairs[group & 4095]
      unsafe out[write] = UInt8(truncatingIfNeeded: high)
      unsafe out[write + 1] = UInt8(truncatingIfNeeded: high >> 8)
      unsafe out[write + 2] = rest == 2 ? UInt8(truncatingIfNeeded: low) : UInt8(ascii: "=")
      unsafe out[write + 3] = UInt8(ascii: "=")
    }
  }

  /// The characters of some bytes.
  static func encode(_ bytes: [UInt8]) -> [UInt8] {
    let length = length(of: bytes.count)
    return unsafe [UInt8](unsafeUninitializedCapacity: length) { out, count in
      unsafe bytes.withUnsafeBufferPointer { unsafe encode($0, into: out) }
      count = length
    }
  }

  /// The bytes of canonical base64 text, or nil when it is not that.
  static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    var out: [UInt8] = []
    out.reserveCapacity(text.count / 4 * 3)
    var group = 0
    var filled = 0
    var padding = 0
    for byte in text {
      let value: Int
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = Int(byte) - 65
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = Int(byte) - 71
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = Int(byte) + 4
      case UInt8(ascii: "+"): value = 62
      case UInt8(ascii: "/"): value = 63
      case UInt8(ascii: "="):
        padding += 1
        value = 0
      default: return nil
      }
      if padding > 0, byte != UInt8(ascii: "=") { return nil }
      group = group << 6 | value
      filled += 1
      if filled == 4 {
        out.append(UInt8(truncatingIfNeeded: group >> 16))
        out.append(UInt8(truncatingIfNeeded: group >> 8))
        out.append(UInt8(truncatingIfNeeded: group))
        group = 0
        filled = 0
      }
    }
    guard padding <= 2 else { return nil }
    out.removeLast(padding)
    return out
  }
}
