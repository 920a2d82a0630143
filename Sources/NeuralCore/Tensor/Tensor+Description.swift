// What a tensor says of itself.

extension Tensor: CustomStringConvertible {
  /// Shape, type and either all elements (up to eight) or the smallest, mean and largest.
  public var description: String {
    let axes = shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "×")
    let head = "Tensor \(axes) \(elementType)"
    if count == 0 { return head + " · empty" }
    let values = scalars
    if count <= 8 {
      return head + " · [" + values.map { "\($0)" }.joined(separator: ", ") + "]"
    }
    let invalid = values.count { !$0.isFinite }
    let finite = values.filter(\.isFinite)
    var text = head
    if let low = finite.min(), let high = finite.max() {
      let mean = finite.reduce(0.0) { $0 + Double($1) } / Double(finite.count)
      text += " · \(low)…\(high), mean \(Float(mean))"
    }
    return invalid > 0 ? text + " · \(invalid) not finite" : text
  }
}

extension Tensor: Equatable {
  /// Equal types, shapes and elements; a NaN differs from itself.
  public static func == (a: Tensor, b: Tensor) -> Bool {
    guard a.shape == b.shape, a.elementType == b.elementType else { return false }
    switch a.elementType {
    case .float64: return a.array(of: Double.self) == b.array(of: Double.self)
    case .int64: return a.array(of: Int64.self) == b.array(of: Int64.self)
    case .float32, .float16, .bfloat16, .int8, .uint8, .bool: return a.scalars == b.scalars
    case .int32: return a.array(of: Int32.self) == b.array(of: Int32.self)
    }
  }

  /// Whether shapes agree and every pair of elements differs by at most
  /// `absolute + relative · |other|`; two NaN agree, and so do equal infinities.
  public func isClose(
    to other: Tensor, absolute: Float = 1e-6, relative: Float = 1e-5
  ) -> Bool {
    guard shape == other.shape else { return false }
    return zip(scalars, other.scalars).allSatisfy { a, b in
      if a.isNaN || b.isNaN { return a.isNaN && b.isNaN }
      return a == b || abs(a - b) <= absolute + relative * abs(b)
    }
  }

  /// The largest absolute difference between two tensors of one shape; 0 when both are empty.
  public func maximumDifference(from other: Tensor) -> Float {
    precondition(shape == other.shape, "maximumDifference: \(shape) and \(other.shape)")
    var largest: Float = 0
    for (a, b) in zip(scalars, other.scalars) where a != b {
      if a.isNaN && b.isNaN { continue }
      let difference = abs(a - b)
      if difference.isNaN { return .infinity }
      largest = Swift.max(largest, difference)
    }
    return largest
  }
}
