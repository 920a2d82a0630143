// Other ways to look at the same elements.

extension Tensor {
  private func view(_ shape: [Int], _ strides: [Int], _ offset: Int) -> Tensor {
    Tensor(
      storage: storage, elementType: elementType, shape: shape, strides: strides, offset: offset)
  }

  /// The same elements in another shape; one axis may be −1 and is computed.
  ///
  /// - Complexity: O(rank) when contiguous, otherwise one copy.
  /// - Precondition: Both shapes hold the same count.
  public func reshaped(_ newShape: [Int]) -> Tensor {
    var shape = newShape
    if let open = shape.firstIndex(of: -1) {
      let known = shape.reduce(1) { $1 == -1 ? $0 : $0 * $1 }
      precondition(
        shape.filter { $0 == -1 }.count == 1 && known > 0 && count % known == 0,
        "reshaped: \(self.shape) to \(newShape)")
      shape[open] = count / known
    }
    precondition(Shape.count(shape) == count, "reshaped: \(self.shape) to \(newShape)")
    let dense = contiguous()
    return dense.view(shape, Shape.strides(shape), dense.offset)
  }

  /// The same elements in another shape; one axis may be −1 and is computed.
  public func reshaped(_ newShape: Int...) -> Tensor { reshaped(newShape) }

  /// The axes `first` to `last` as one.
  public func flattened(from first: Int = 0, to last: Int = -1) -> Tensor {
    if rank == 0 { return reshaped([1]) }
    let first = Shape.axis(first, rank: rank, "flattened")
    let last = Shape.axis(last, rank: rank, "flattened")
    precondition(first <= last, "flattened: from axis \(first) to \(last)")
    let middle = Shape.count(Array(shape[first...last]))
    return reshaped(Array(shape[..<first]) + [middle] + Array(shape[(last + 1)...]))
  }

  /// The axes in another order: axis `i` of the result is axis `order[i]` of `self`.
  public func permuted(_ order: [Int]) -> Tensor {
    let axes = order.map { Shape.axis($0, rank: rank, "permuted") }
    precondition(
      axes.count == rank && Set(axes).count == rank, "permuted: \(order) of shape \(shape)")
    return view(axes.map { shape[$0] }, axes.map { strides[$0] }, offset)
  }

  /// Two axes exchanged; without arguments the last two.
  public func transposed(_ a: Int = -2, _ b: Int = -1) -> Tensor {
    let a = Shape.axis(a, rank: rank, "transposed")
    let b = Shape.axis(b, rank: rank, "transposed")
    var order = Array(0..<rank)
    order.swapAt(a, b)
    return permuted(order)
  }

  /// The elements of `range` along an axis, every `step`-th of them.
  ///
  /// - Precondition: `range` lies within the axis; `step` is positive.
  public func sliced(axis: Int, _ range: Range<Int>, step: Int = 1) -> Tensor {
    let axis = Shape.axis(axis, rank: rank, "sliced")
    precondition(
      range.lowerBound >= 0 && range.upperBound <= shape[axis] && step > 0,
      "sliced: \(range) by \(step) along axis \(axis) of \(shape)")
    var shape = shape
    var strides = strides
    shape[axis] = (range.count + step - 1) / step
    strides[axis] *= step
    let start = range.isEmpty ? 0 : range.lowerBound * self.strides[axis]
    return view(shape, strides, offset + start)
  }

  /// The elements at one index of an axis; the axis is gone.
  public func selected(axis: Int, _ index: Int) -> Tensor {
    let axis = Shape.axis(axis, rank: rank, "selected")
    precondition(
      index >= 0 && index < shape[axis], "selected: \(index) of axis \(axis) of \(shape)")
    var shape = shape
    var strides = strides
    shape.remove(at: axis)
    strides.remove(at: axis)
    return view(shape, strides, offset + index * self.strides[axis])
  }

  /// The elements in opposite order along each of `axes`.
  public func flipped(axes: [Int]) -> Tensor {
    var strides = strides
    var offset = offset
    for axis in Shape.axes(axes, rank: rank, "flipped") where shape[axis] > 0 {
      offset += (shape[axis] - 1) * strides[axis]
      strides[axis] = -strides[axis]
    }
    return view(shape, strides, offset)
  }

  /// The elements repeated to a larger shape by NumPy's rule, without a copy.
  public func broadcast(to target: [Int]) -> Tensor {
    precondition(
      target.count >= rank && Shape.broadcast(shape, target) == target,
      "broadcast: \(shape) to \(target)")
    let lead = target.count - rank
    var strides = [Int](repeating: 0, count: target.count)
    for axis in 0..<rank where shape[axis] == target[lead + axis] && shape[axis] != 1 {
      strides[lead + axis] = self.strides[axis]
    }
    return view(target, strides, offset)
  }

  /// A new axis of size 1 before `axis`; −1 adds it at the end.
  public func expanded(axis: Int) -> Tensor {
    let axis = Shape.axis(axis, rank: rank + 1, "expanded")
    var shape = shape
    var strides = strides
    strides.insert(axis < rank ? strides[axis] * shape[axis] : 1, at: axis)
    shape.insert(1, at: axis)
    return view(shape, strides, offset)
  }

  /// Without an axis of size 1, or without all of them.
  public func squeezed(axis: Int? = nil) -> Tensor {
    var keep = Array(0..<rank)
    if let axis {
      let axis = Shape.axis(axis, rank: rank, "squeezed")
      precondition(shape[axis] == 1, "squeezed: axis \(axis) of \(shape)")
      keep.remove(at: axis)
    } else {
      keep.removeAll { shape[$0] == 1 }
    }
    return view(keep.map { shape[$0] }, keep.map { strides[$0] }, offset)
  }

  /// The windows of `size` elements along an axis, `step` apart, as a new last axis, without a
  /// copy.
  public func unfolded(axis: Int, size: Int, step: Int) -> Tensor {
    let axis = Shape.axis(axis, rank: rank, "unfolded")
    precondition(
      size > 0 && step > 0 && size <= shape[axis],
      "unfolded: \(size) by \(step) along axis \(axis) of \(shape)")
    var shape = shape
    var strides = strides
    shape[axis] = (shape[axis] - size) / step + 1
    strides[axis] *= step
    return view(shape + [size], strides + [self.strides[axis]], offset)
  }
}
