// The arithmetic of shapes and strides.

/// Functions of shapes; a shape is an array of counts, a stride a distance in elements.
package enum Shape {
  /// The count of elements; traps on a negative axis and on a product that leaves `Int`.
  package static func count(_ shape: [Int]) -> Int {
    var product = 1
    for size in shape {
      precondition(size >= 0, "negative axis in shape \(shape)")
      let (next, overflow) = product.multipliedReportingOverflow(by: size)
      precondition(!overflow, "shape \(shape) holds more elements than memory can")
      product = next
    }
    return product
  }

  /// The strides of a contiguous tensor.
  package static func strides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    var step = 1
    for axis in shape.indices.reversed() {
      strides[axis] = step
      step *= max(shape[axis], 1)
    }
    return strides
  }

  /// Whether the elements lie one after another.
  package static func isContiguous(_ shape: [Int], _ strides: [Int]) -> Bool {
    var step = 1
    for axis in shape.indices.reversed() {
      if shape[axis] == 0 { return true }
      if shape[axis] != 1 {
        if strides[axis] != step { return false }
        step *= shape[axis]
      }
    }
    return true
  }

  /// An axis counted from the front; −1 is the last.
  package static func axis(
    _ axis: Int, rank: Int, _ name: @autoclosure () -> String = "axis"
  ) -> Int {
    let found = axis < 0 ? axis + rank : axis
    precondition(found >= 0 && found < rank, "\(name()): axis \(axis) of a tensor with \(rank)")
    return found
  }

  /// Distinct axes counted from the front, ascending; all of them for `nil`.
  package static func axes(
    _ axes: [Int]?, rank: Int, _ name: @autoclosure () -> String = "axes"
  ) -> [Int] {
    guard let axes else { return Array(0..<rank) }
    let found = axes.map { Shape.axis($0, rank: rank, name()) }.sorted()
    precondition(Set(found).count == found.count, "\(name()): axis named twice in \(axes)")
    return found
  }

  /// The shape that two shapes broadcast to, or `nil` (NumPy's rule).
  package static func broadcast(_ a: [Int], _ b: [Int]) -> [Int]? {
    if a == b { return a }
    let rank = max(a.count, b.count)
    var result = [Int](repeating: 1, count: rank)
    for back in 1...max(rank, 1) where back <= rank {
      let m = back <= a.count ? a[a.count - back] : 1
      let n = back <= b.count ? b[b.count - back] : 1
      guard m == n || m == 1 || n == 1 else { return nil }
      result[rank - back] = m == 1 ? n : m
    }
    return result
  }
}
