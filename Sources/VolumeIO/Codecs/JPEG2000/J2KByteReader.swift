// Big-endian fields of marker segments and boxes.
// Source: ITU-T T.800 A.1.

/// Reads fields of a bounded part of the stream.
struct J2KByteReader {
  /// The next byte.
  var position: Int
  /// One past the last byte that belongs to the segment.
  let end: Int
  /// The segment's name, for errors.
  let field: String

  init(_ range: Range<Int>, field: String) {
    position = range.lowerBound
    end = range.upperBound
    self.field = field
  }

  var left: Int { end - position }

  /// An unsigned number of 1, 2 or 4 bytes.
  mutating func number(_ size: Int, _ bytes: Span<UInt8>) throws(VolumeError) -> Int {
    guard left >= size, end <= bytes.count else {
      throw VolumeError(
        .malformed, "\(left) bytes are left of the segment where \(size) are needed",
        offset: position, field: field)
    }
    var value = 0
    for _ in 0..<size {
      value = value << 8 | Int(bytes[position])
      position += 1
    }
    return value
  }
}

/// A rectangle of a grid: `x0 ≤ x < x1`, `y0 ≤ y < y1`.
struct J2KRect: Sendable, Hashable {
  var x0 = 0
  var y0 = 0
  var x1 = 0
  var y1 = 0

  var width: Int { max(0, x1 - x0) }
  var height: Int { max(0, y1 - y0) }
  var isEmpty: Bool { x1 <= x0 || y1 <= y0 }

  func intersection(_ other: J2KRect) -> J2KRect {
    J2KRect(
      x0: max(x0, other.x0), y0: max(y0, other.y0), x1: min(x1, other.x1), y1: min(y1, other.y1))
  }

  /// Every bound divided, upwards.
  func dividedRoundingUp(byX x: Int, y: Int) -> J2KRect {
    J2KRect(
      x0: x0.dividedRoundingUp(by: x), y0: y0.dividedRoundingUp(by: y),
      x1: x1.dividedRoundingUp(by: x), y1: y1.dividedRoundingUp(by: y))
  }
}

extension Int {
  /// `self / 2ⁿ`, upwards, also of negative numbers.
  func shiftedRoundingUp(by n: Int) -> Int { (self + (1 << n) - 1) >> n }
}
