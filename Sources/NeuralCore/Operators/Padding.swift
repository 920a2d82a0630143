// Margins around a tensor.

/// What a margin holds.
public enum PaddingMode: Sendable, Hashable {
  case constant(Float)
  /// Mirrored without repeating the edge: 3 2 | 1 2 3.
  case reflect
  /// The edge's element.
  case replicate
  /// From the other end.
  case wrap
}

extension Tensor {
  /// A margin before and after each axis; a negative one cuts.
  ///
  /// - Parameters: One count for every axis.
  /// - Precondition: Reflecting needs margins smaller than the axis.
  public func padded(
    before: [Int], after: [Int], _ mode: PaddingMode = .constant(0)
  ) -> Tensor {
    precondition(
      before.count == rank && after.count == rank, "padded: \(before)…\(after) of \(shape)")
    let target = (0..<rank).map { shape[$0] + before[$0] + after[$0] }
    precondition(target.allSatisfy { $0 >= 0 }, "padded: \(before)…\(after) of \(shape)")
    if case .constant(let value) = mode {
      let result = Tensor(repeating: value, shape: target, elementType)
      var source = self
      var place = result
      for axis in 0..<rank {
        let low = Swift.max(0, -before[axis])
        let high = Swift.max(low, shape[axis] - Swift.max(0, -after[axis]))
        source = source.sliced(axis: axis, low..<high)
        let start = Swift.max(0, before[axis])
        place = place.sliced(axis: axis, start..<(start + high - low))
      }
      StridedCopy.run(from: source, to: place)
      return result
    }
    var result = self
    for axis in 0..<rank where before[axis] != 0 || after[axis] != 0 {
      let size = shape[axis]
      precondition(
        size > 0 || target[axis] == 0, "padded: \(mode) of an empty axis of \(shape)")
      let list = (0..<target[axis]).map { at -> Int in
        let place = at - before[axis]
        switch mode {
        case .constant, .replicate: return Swift.min(Swift.max(place, 0), size - 1)
        case .wrap: return ((place % size) + size) % size
        case .reflect:
          if size == 1 { return 0 }
          let period = 2 * (size - 1)
          let folded = ((place % period) + period) % period
          return folded < size ? folded : period - folded
        }
      }
      result = result.selectedRows(list, axis: axis)
    }
    return result
  }
}
