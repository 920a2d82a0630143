// Many numbers become one along some axes.

import CNeuralKernels

/// A tensor arranged so that the axes to be reduced are one: `[outer, length, inner]`.
struct ReductionLayout {
  let source: Tensor
  let outer: Int
  let length: Int
  let inner: Int
  let kept: [Int]
  let keptWithOnes: [Int]

  init(_ x: Tensor, axes: [Int]?, _ name: StaticString) {
    let axes = Shape.axes(axes, rank: x.rank, "\(name)")
    let rest = (0..<x.rank).filter { !axes.contains($0) }
    kept = rest.map { x.shape[$0] }
    keptWithOnes = x.shape.indices.map { axes.contains($0) ? 1 : x.shape[$0] }
    length = axes.reduce(1) { $0 * x.shape[$1] }
    if let first = axes.first, axes == Array(first..<(first + axes.count)) {
      source = x.contiguous()
      outer = x.shape[..<first].reduce(1, *)
      inner = x.shape[(first + axes.count)...].reduce(1, *)
    } else {
      source = x.permuted(rest + axes).contiguous()
      outer = kept.reduce(1, *)
      inner = 1
    }
  }

  func shape(keepingAxes: Bool) -> [Int] { keepingAxes ? keptWithOnes : kept }
}

extension Tensor {
  private func fold(
    _ name: StaticString, _ operation: nk_fold_op, axes: [Int]?, keepingAxes: Bool,
    start: Double, _ reference: (Double, Double) -> Double
  ) -> Tensor {
    switch elementType {
    case .float32:
      let layout = ReductionLayout(self, axes: axes, name)
      let result = Tensor(uninitialized: layout.shape(keepingAxes: keepingAxes))
      unsafe nk_fold(
        operation, layout.source.floats, result.floats, layout.outer, layout.length, layout.inner)
      withExtendedLifetime(layout.source.storage) {}
      return result
    case .float64:
      return folded(name, of: Double.self, axes: axes, keepingAxes: keepingAxes, start, reference)
    case .float16, .bfloat16:
      return converted(to: .float32)
        .fold(name, operation, axes: axes, keepingAxes: keepingAxes, start: start, reference)
        .converted(to: elementType)
    default:
      preconditionFailure("\(name): floating point needed, found \(elementType) \(shape)")
    }
  }

  /// A fold in the plainest order.
  func folded<Element: TensorElement>(
    _ name: StaticString, of type: Element.Type, axes: [Int]?, keepingAxes: Bool,
    _ start: Element, _ step: (Element, Element) -> Element
  ) -> Tensor {
    let layout = ReductionLayout(self, axes: axes, name)
    var values = [Element](repeating: start, count: layout.outer * layout.inner)
    unsafe layout.source.withUnsafeElements(of: type) { x in
      for outer in 0..<layout.outer {
        for row in 0..<layout.length {
          let base = (outer * layout.length + row) * layout.inner
          for inner in 0..<layout.inner {
            let at = outer * layout.inner + inner
            unsafe values[at] = step(values[at], x[base + inner])
          }
        }
      }
    }
    return Tensor(of: values, shape: layout.shape(keepingAxes: keepingAxes))
  }

  /// Sums along `axes`, or of everything; 0 over nothing. Integers wrap, booleans count as `int64`.
  public func sum(axes: [Int]? = nil, keepingAxes: Bool = false) -> Tensor {
    if let axes, isOnlyChannelsLast, Shape.axes(axes, rank: rank, "sum") == Array(2..<rank) {
      let sums = pixelFirst.sum(axes: Array(1..<(rank - 1)))
      let ones = [Int](repeating: 1, count: keepingAxes ? rank - 2 : 0)
      return sums.reshaped(Array(shape[..<2]) + ones)
    }
    switch elementType {
    case .int32:
      return folded("sum", of: Int32.self, axes: axes, keepingAxes: keepingAxes, 0, &+)
    case .int64:
      return folded("sum", of: Int64.self, axes: axes, keepingAxes: keepingAxes, 0, &+)
    case .bool, .int8, .uint8:
      return converted(to: .int64).sum(axes: axes, keepingAxes: keepingAxes)
    default:
      return fold("sum", NK_SUM, axes: axes, keepingAxes: keepingAxes, start: 0, +)
    }
  }

  /// Sums of squares along `axes`.
  public func sumOfSquares(axes: [Int]? = nil, keepingAxes: Bool = false) -> Tensor {
    fold("sumOfSquares", NK_SUM_SQUARES, axes: axes, keepingAxes: keepingAxes, start: 0) {
      $0 + $1 * $1
    }
  }

  /// Means along `axes`; NaN over nothing.
  public func mean(axes: [Int]? = nil, keepingAxes: Bool = false) -> Tensor {
    let axes = Shape.axes(axes, rank: rank, "mean")
    let length = axes.reduce(1) { $0 * shape[$1] }
    return sum(axes: axes, keepingAxes: keepingAxes) / Float(length)
  }

  /// The largest along `axes`; NaN when any is NaN, −∞ over nothing.
  public func max(axes: [Int]? = nil, keepingAxes: Bool = false) -> Tensor {
    switch elementType {
    case .int32:
      return folded(
        "max", of: Int32.self, axes: axes, keepingAxes: keepingAxes, .min
      ) { Swift.max($0, $1) }
    case .int64:
      return folded(
        "max", of: Int64.self, axes: axes, keepingAxes: keepingAxes, .min
      ) { Swift.max($0, $1) }
    case .bool: return any(axes: axes, keepingAxes: keepingAxes)
    case .int8, .uint8:
      return converted(to: .int32).max(axes: axes, keepingAxes: keepingAxes)
        .converted(to: elementType)
    default:
      return fold("max", NK_LARGEST, axes: axes, keepingAxes: keepingAxes, start: -.infinity) {
        $0.isNaN || $0 > $1 ? $0 : $1
      }
    }
  }

  /// The smallest along `axes`; NaN when any is NaN, ∞ over nothing.
  public func min(axes: [Int]? = nil, keepingAxes: Bool = false) -> Tensor {
    switch elementType {
    case .int32:
      return folded(
        "min", of: Int32.self, axes: axes, keepingAxes: keepingAxes, .max
      ) { Swift.min($0, $1) }
    case .int64:
      return folded(
        "min", of: Int64.self, axes: axes, keepingAxes: keepingAxes, .max
      ) { Swift.min($0, $1) }
    case .bool: return all(axes: axes, keepingAxes: keepingAxes)
    case .int8, .uint8:
      return converted(to: .int32).min(axes: axes, keepingAxes: keepingAxes)
        .converted(to: elementType)
    default:
      return fold("min", NK_SMALLEST, axes: axes, keepingAxes: keepingAxes, start: .infinity) {
        $0.isNaN || $0 < $1 ? $0 : $1
      }
    }
  }

  /// Products along `axes`; 1 over nothing.
  public func product(axes: [Int]? = nil, keepingAxes: Bool = false) -> Tensor {
    switch elementType {
    case .float32:
      folded("product", of: Float.self, axes: axes, keepingAxes: keepingAxes, 1, *)
    case .float64:
      folded("product", of: Double.self, axes: axes, keepingAxes: keepingAxes, 1, *)
    case .int32: folded("product", of: Int32.self, axes: axes, keepingAxes: keepingAxes, 1, &*)
    case .int64: folded("product", of: Int64.self, axes: axes, keepingAxes: keepingAxes, 1, &*)
    default:
      converted(to: .float32).product(axes: axes, keepingAxes: keepingAxes)
        .converted(to: elementType)
    }
  }

  /// The mean squared distance from the mean along `axes`.
  ///
  /// - `correction`: Taken from the count in the divisor: 0 for the population's variance,
  ///   1 for the sample's.
  public func variance(
    axes: [Int]? = nil, correction: Int = 0, keepingAxes: Bool = false
  ) -> Tensor {
    let axes = Shape.axes(axes, rank: rank, "variance")
    let length = axes.reduce(1) { $0 * shape[$1] }
    let centred = self - mean(axes: axes, keepingAxes: true)
    return centred.sumOfSquares(axes: axes, keepingAxes: keepingAxes)
      / Float(Swift.max(length - correction, 0))
  }

  /// √`variance`.
  public func standardDeviation(
    axes: [Int]? = nil, correction: Int = 0, keepingAxes: Bool = false
  ) -> Tensor {
    variance(axes: axes, correction: correction, keepingAxes: keepingAxes).squareRoot()
  }

  /// ln Σ eˣ along `axes` without overflow; −∞ over nothing.
  public func logSumExp(axes: [Int]? = nil, keepingAxes: Bool = false) -> Tensor {
    let axes = Shape.axes(axes, rank: rank, "logSumExp")
    let top = max(axes: axes, keepingAxes: true)
    let finite = top.isFinite().selecting(top, otherwise: top * 0)
    // ∞ · 0 is NaN, so infinite tops are replaced by zero after the product.
    let shift = finite.isNaN().selecting(Tensor(0).converted(to: elementType), otherwise: finite)
    let sums = (self - shift).exp().sum(axes: axes, keepingAxes: true).log() + shift
    return keepingAxes
      ? sums
      : sums.reshaped(sums.shape.indices.filter { !axes.contains($0) }.map { sums.shape[$0] })
  }
}
