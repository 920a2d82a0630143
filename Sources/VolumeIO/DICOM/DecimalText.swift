// Numbers as text: VR DS and IS (PS3.5, section 6.2).

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Reads and writes decimal strings without regard to the process' locale.
package enum DecimalText {
  /// The ranges between backslashes.
  package static func parts(of bytes: ArraySlice<UInt8>) -> [Range<Int>] {
    guard !bytes.isEmpty else { return [] }
    var parts: [Range<Int>] = []
    var start = bytes.startIndex
    for position in bytes.indices where bytes[position] == 0x5C {
      parts.append(start..<position)
      start = position + 1
    }
    parts.append(start..<bytes.endIndex)
    return parts
  }

  /// The number of one part: sign, digits, point, exponent, spaces and NULs around; nil otherwise.
  package static func number(_ bytes: ArraySlice<UInt8>) -> Double? {
    var low = bytes.startIndex
    var high = bytes.endIndex
    while low < high, bytes[low] <= 0x20 { low += 1 }
    while high > low, bytes[high - 1] <= 0x20 { high -= 1 }
    guard low < high, high - low <= 64 else { return nil }
    var position = low
    var isNegative = false
    if bytes[position] == 0x2B || bytes[position] == 0x2D {
      isNegative = bytes[position] == 0x2D
      position += 1
    }
    var mantissa: UInt64 = 0
    var digits = 0
    var scale = 0
    var point = false
    scan: while position < high {
      switch bytes[position] {
      case 0x30...0x39:
        digits += 1
        if mantissa < 100_000_000_000_000_000 {
          mantissa = mantissa &* 10 &+ UInt64(bytes[position] & 15)
          if point { scale -= 1 }
        } else if !point {
          scale += 1
        }
      case 0x2E where !point: point = true
      default: break scan
      }
      position += 1
    }
    guard digits > 0 else { return nil }
    if position < high, bytes[position] | 0x20 == 0x65 {
      position += 1
      var exponentIsNegative = false
      if position < high, bytes[position] == 0x2B || bytes[position] == 0x2D {
        exponentIsNegative = bytes[position] == 0x2D
        position += 1
      }
      var exponent = 0
      let first = position
      while position < high, bytes[position] >= 0x30, bytes[position] <= 0x39 {
        exponent = min(exponent * 10 + Int(bytes[position] & 15), 100_000)
        position += 1
      }
      guard position > first else { return nil }
      scale += exponentIsNegative ? -exponent : exponent
    }
    guard position == high else { return nil }
    let value: Double
    if mantissa < 1 << 53, (-22...22).contains(scale) {
      // Both factors are exact, so that the one rounding is the right one.
      value = scale < 0 ? Double(mantissa) / powers[-scale] : Double(mantissa) * powers[scale]
    } else {
      value = Double(String(decoding: bytes[low..<high], as: UTF8.self)) ?? .nan
    }
    guard value.isFinite else { return nil }
    return isNegative ? -abs(value) : value
  }

  private static let powers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]

  /// The shortest text of at most 16 characters that DS allows, as near to `value` as fits.
  ///
  /// - Precondition: `value` is finite.
  package static func text(_ value: Double) -> String {
    precondition(value.isFinite, "\(value) is no decimal string")
    if let whole = Int(exactly: value), abs(whole) < 1_000_000_000_000_000 { return "\(whole)" }
    let shortest = "\(value)"
    if shortest.utf8.count <= 16 { return shortest }
    var best = (text: "0", error: Double.infinity)
    for digits in stride(from: 15, through: 1, by: -1) {
      for candidate in [fixed(value, digits), scientific(value, digits)] {
        guard candidate.utf8.count <= 16, let back = Double(candidate) else { continue }
        let error = abs(back - value)
        if error < best.error { best = (candidate, error) }
      }
    }
    return best.text
  }

  private static func fixed(_ value: Double, _ digits: Int) -> String {
    guard abs(value) < 1e15 else { return scientific(value, digits) }
    var whole = abs(value).rounded(.towardZero)
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    var part = ((abs(value) - whole) * scale).rounded()
    if part >= scale {
      whole += 1
      part = 0
    }
    let fraction = "\(UInt64(part))"
    let padded = String(repeating: "0", count: max(0, digits - fraction.count)) + fraction
    return (value < 0 ? "-" : "") + "\(UInt64(whole)).\(padded)"
  }

  private static func scientific(_ value: Double, _ digits: Int) -> String {
    let exponent = Int(log10(abs(value)).rounded(.down))
    let mantissa = value / pow(10, Double(exponent))
    return fixed(mantissa, digits) + "E\(exponent)"
  }
}
