// Where the extremes lie.

extension Tensor {
  /// The index of the largest along an axis, as `int64`: the first of equals; a NaN wins.
  public func argMax(axis: Int, keepingAxis: Bool = false, lastOfEquals: Bool = false) -> Tensor {
    arg("argMax", axis, keepingAxis) { new, best in
      best.isNaN
        ? lastOfEquals && new.isNaN : new.isNaN || new > best || (lastOfEquals && new == best)
    }
  }

  /// The index of the smallest along an axis, as `int64`: the first of equals; a NaN wins.
  public func argMin(axis: Int, keepingAxis: Bool = false, lastOfEquals: Bool = false) -> Tensor {
    arg("argMin", axis, keepingAxis) { new, best in
      best.isNaN
        ? lastOfEquals && new.isNaN : new.isNaN || new < best || (lastOfEquals && new == best)
    }
  }

  private func arg(
    _ name: StaticString, _ axis: Int, _ keepingAxis: Bool, wins: (Double, Double) -> Bool
  ) -> Tensor {
    let axis = Shape.axis(axis, rank: rank, "\(name)")
    precondition(shape[axis] > 0, "\(name): axis \(axis) of \(shape) is empty")
    let layout = ReductionLayout(self.converted(to: .float64), axes: [axis], name)
    var indices = [Int64](repeating: 0, count: layout.outer * layout.inner)
    unsafe layout.source.withUnsafeElements(of: Double.self) { x in
      for outer in 0..<layout.outer {
        for inner in 0..<layout.inner {
          let base = outer * layout.length * layout.inner + inner
          var best = 0
          for row in 1..<Swift.max(layout.length, 1)
          where unsafe wins(x[base + row * layout.inner], x[base + best * layout.inner]) {
            best = row
          }
          indices[outer * layout.inner + inner] = Int64(best)
        }
      }
    }
    return Tensor(of: indices, shape: layout.shape(keepingAxes: keepingAxis))
  }

  /// Whether all along `axes` are true (not 0).
  public func all(axes: [Int]? = nil, keepingAxes: Bool = false) -> Tensor {
    converted(to: .bool)
      .folded("all", of: Bool.self, axes: axes, keepingAxes: keepingAxes, true) { $0 && $1 }
  }

  /// Whether any along `axes` is true (not 0).
  public func any(axes: [Int]? = nil, keepingAxes: Bool = false) -> Tensor {
    converted(to: .bool)
      .folded("any", of: Bool.self, axes: axes, keepingAxes: keepingAxes, false) { $0 || $1 }
  }
}
