// The same elements in other places, and the way back.

extension Variable {
  /// The same elements in another shape; one axis may be −1 and is computed.
  public func reshaped(_ newShape: [Int]) -> Variable {
    let shape = shape
    return recording(value.reshaped(newShape)) { [$0.reshaped(shape)] }
  }

  /// The axes from `first` to `last` as one.
  public func flattened(from first: Int = 0, to last: Int = -1) -> Variable {
    let shape = shape
    return recording(value.flattened(from: first, to: last)) { [$0.reshaped(shape)] }
  }

  /// The axes in another order: axis `i` of the result is axis `order[i]` of this.
  public func permuted(_ order: [Int]) -> Variable {
    var inverse = order
    for (place, axis) in order.enumerated() {
      inverse[axis < 0 ? axis + order.count : axis] = place
    }
    return recording(value.permuted(order)) { [inverse] in [$0.permuted(inverse)] }
  }

  /// Two axes exchanged; without arguments the last two.
  public func transposed(_ a: Int = -2, _ b: Int = -1) -> Variable {
    recording(value.transposed(a, b)) { [$0.transposed(a, b)] }
  }

  /// The elements of a range along an axis.
  public func sliced(axis: Int, _ range: Range<Int>) -> Variable {
    let shape = shape
    let axis = Shape.axis(axis, rank: shape.count, "sliced")
    return recording(value.sliced(axis: axis, range)) { g in
      var before = shape
      before[axis] = range.lowerBound
      var after = shape
      after[axis] = shape[axis] - range.upperBound
      let parts = [Tensor.zeros(before, g.elementType), g, Tensor.zeros(after, g.elementType)]
      return [Tensor.concatenated(parts.filter { $0.shape[axis] > 0 }, axis: axis)]
    }
  }

  /// The elements at one index of an axis; the axis is gone.
  public func selected(axis: Int, _ index: Int) -> Variable {
    let axis = Shape.axis(axis, rank: shape.count, "selected")
    var short = shape
    short.remove(at: axis)
    return sliced(axis: axis, index..<index + 1).reshaped(short)
  }

  /// Consecutive parts of equal size along an axis. All parts together make one entry on the
  /// tape, so splitting a projection into query, key and value costs no zeros.
  public func split(axis: Int, parts: Int) -> [Variable] {
    let axis = Shape.axis(axis, rank: shape.count, "split")
    precondition(
      parts > 0 && shape[axis] % parts == 0, "split: \(parts) parts of axis \(axis) of \(shape)")
    let size = shape[axis] / parts
    return (0..<parts).map { sliced(axis: axis, $0 * size..<($0 + 1) * size) }
  }

  /// The elements repeated to a larger shape by NumPy's rule.
  public func broadcast(to target: [Int]) -> Variable {
    let shape = shape
    return recording(value.broadcast(to: target)) { [$0.summed(to: shape)] }
  }

  /// Values side by side along an axis that exists.
  public static func concatenated(_ parts: [Variable], axis: Int) -> Variable {
    precondition(!parts.isEmpty, "concatenated: no parts")
    let axis = Shape.axis(axis, rank: parts[0].shape.count, "concatenated")
    let sizes = parts.map { $0.shape[axis] }
    let value = Tensor.concatenated(parts.map(\.value), axis: axis)
    return parts[0].recording(value, with: Array(parts.dropFirst())) { g in
      g.split(axis: axis, sizes: sizes)
    }
  }

  /// The elements in opposite order along some axes.
  public func flipped(axes: [Int]) -> Variable {
    recording(value.flipped(axes: axes)) { [$0.flipped(axes: axes)] }
  }

  /// The elements moved along axes, those that leave at one end entering at the other (PyTorch's
  /// `roll`).
  public func rolled(axes: [Int], by shifts: [Int]) -> Variable {
    precondition(axes.count == shifts.count, "rolled: axes \(axes) by \(shifts)")
    return recording(value.turned(axes, shifts)) { [$0.turned(axes, shifts.map { -$0 })] }
  }

  /// Zeros around the elements.
  ///
  /// - Parameter amounts: For each axis, how many before and after.
  public func padded(_ amounts: [(before: Int, after: Int)]) -> Variable {
    let shape = shape
    return recording(value.surrounded(by: amounts)) { g in
      var inner = g
      for axis in shape.indices {
        inner = inner.sliced(axis: axis, amounts[axis].before..<amounts[axis].before + shape[axis])
      }
      return [inner]
    }
  }
}

extension Tensor {
  /// The elements moved along axes, cyclically.
  fileprivate func turned(_ axes: [Int], _ shifts: [Int]) -> Tensor {
    var result = self
    for (axis, shift) in zip(axes, shifts) where shape[axis] > 0 {
      let size = shape[axis]
      let cut = ((-shift % size) + size) % size
      if cut == 0 { continue }
      result = Tensor.concatenated(
        [result.sliced(axis: axis, cut..<size), result.sliced(axis: axis, 0..<cut)], axis: axis)
    }
    return result
  }

  /// Zeros before and after the elements along each axis.
  fileprivate func surrounded(by amounts: [(before: Int, after: Int)]) -> Tensor {
    precondition(
      amounts.count == rank && amounts.allSatisfy { $0.before >= 0 && $0.after >= 0 },
      "padded: \(amounts) around \(shape)")
    var result = self
    for (axis, amount) in amounts.enumerated() where amount.before + amount.after > 0 {
      var low = result.shape
      low[axis] = amount.before
      var high = result.shape
      high[axis] = amount.after
      result = Tensor.concatenated(
        [Tensor.zeros(low, elementType), result, Tensor.zeros(high, elementType)], axis: axis)
    }
    return result
  }
}
