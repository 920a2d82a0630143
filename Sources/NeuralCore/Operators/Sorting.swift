// Order and running sums.

extension Tensor {
  /// Each row along `axis` in ascending (or descending) order, and where each element came from.
  /// Equal elements keep their order; a NaN counts as larger than everything.
  public func sorted(
    axis: Int = -1, descending: Bool = false
  ) -> (values: Tensor, indices: Tensor) {
    let axis = Shape.axis(axis, rank: rank, "sorted")
    return largest(shape[axis], axis: axis, smallest: !descending)
  }

  /// The `k` largest (or smallest) along `axis`, in order, and their indices as `int64`. Of equal
  /// elements the first comes first; a NaN counts as larger than everything.
  public func largest(
    _ k: Int, axis: Int = -1, smallest: Bool = false
  ) -> (values: Tensor, indices: Tensor) {
    let axis = Shape.axis(axis, rank: rank, "largest")
    precondition(k >= 0 && k <= shape[axis], "largest: \(k) along axis \(axis) of \(shape)")
    let rows = transposed(axis, -1).contiguous()
    let length = shape[axis]
    let keys = rows.converted(to: .float64).array(of: Double.self)
    let wide = rows.elementType == .int64 ? rows.array(of: Int64.self) : []
    func before(_ a: Int, _ b: Int) -> Bool {
      if !wide.isEmpty {
        return wide[a] == wide[b] ? a < b : smallest ? wide[a] < wide[b] : wide[a] > wide[b]
      }
      let x = keys[a], y = keys[b]
      if x.isNaN || y.isNaN {
        if x.isNaN && y.isNaN { return a < b }
        return smallest ? y.isNaN : x.isNaN
      }
      return x == y ? a < b : smallest ? x < y : x > y
    }
    var places: [Int64] = []
    for row in 0..<(length > 0 ? rows.count / length : 0) {
      let order = (row * length..<(row + 1) * length).sorted(by: before)
      places += order.prefix(k).map { Int64($0 - row * length) }
    }
    var target = rows.shape
    target[rank - 1] = k
    let indices = Tensor(of: places, shape: target)
    let values = rows.gatheredElements(indices, axis: -1)
    return (
      values.transposed(axis, -1).contiguous(), indices.transposed(axis, -1).contiguous()
    )
  }

  /// Sums of everything up to each element along `axis`.
  ///
  /// - `exclusive`: Whether an element is left out of its own sum.
  /// - `reversed`: Whether sums run from the end.
  public func cumulativeSum(axis: Int, exclusive: Bool = false, reversed: Bool = false) -> Tensor {
    running("cumulativeSum", axis, exclusive, reversed, start: 0, +, { $0 &+ $1 })
  }

  /// Products of everything up to each element along `axis`.
  public func cumulativeProduct(
    axis: Int, exclusive: Bool = false, reversed: Bool = false
  ) -> Tensor {
    running("cumulativeProduct", axis, exclusive, reversed, start: 1, *, { $0 &* $1 })
  }

  private func running(
    _ name: StaticString, _ axis: Int, _ exclusive: Bool, _ reversed: Bool, start: Int,
    _ real: (Double, Double) -> Double, _ integer: (Int64, Int64) -> Int64
  ) -> Tensor {
    let axis = Shape.axis(axis, rank: rank, "\(name)")
    if reversed {
      return flipped(axes: [axis])
        .running(name, axis, exclusive, false, start: start, real, integer)
        .flipped(axes: [axis]).contiguous()
    }
    switch elementType {
    case .int64: return run(axis, exclusive, of: Int64.self, Int64(start), integer)
    case .float64: return run(axis, exclusive, of: Double.self, Double(start), real)
    case .float32, .float16, .bfloat16:
      return converted(to: .float64)
        .running(name, axis, exclusive, false, start: start, real, integer)
        .converted(to: elementType)
    case .int32, .int8, .uint8, .bool:
      let wide = converted(to: .int64)
        .running(name, axis, exclusive, false, start: start, real, integer)
      return elementType == .bool ? wide : wide.converted(to: elementType)
    }
  }

  private func run<Element: TensorElement>(
    _ axis: Int, _ exclusive: Bool, of type: Element.Type, _ start: Element,
    _ step: (Element, Element) -> Element
  ) -> Tensor {
    var result = copied()
    let length = shape[axis]
    let inner = shape[(axis + 1)...].reduce(1, *)
    unsafe result.withUnsafeMutableElements(of: type) { values in
      for line in 0..<(length > 0 ? values.count / length : 0) {
        let base = line / inner * length * inner + line % inner
        var sum = start
        for at in 0..<length {
          let place = base + at * inner
          let value = unsafe values[place]
          let next = step(sum, value)
          unsafe values[place] = exclusive ? sum : next
          sum = next
        }
      }
    }
    return result
  }
}
