// Joining and splitting along an axis.

extension Tensor {
  /// Tensors one after another along an axis they already have.
  ///
  /// - Precondition: At least one; equal element types and equal shapes but for `axis`.
  public static func concatenated(_ parts: [Tensor], axis: Int) -> Tensor {
    precondition(!parts.isEmpty, "concatenated: no tensors")
    let axis = Shape.axis(axis, rank: parts[0].rank, "concatenated")
    if axis == 1, parts.allSatisfy(\.isOnlyChannelsLast) {
      let pixels = concatenated(parts.map(\.pixelFirst), axis: parts[0].rank - 1)
      return pixels.permuted([0, pixels.rank - 1] + Array(1..<(pixels.rank - 1)))
    }
    var shape = parts[0].shape
    for part in parts.dropFirst() {
      var expected = part.shape
      if expected.count == shape.count { expected[axis] = parts[0].shape[axis] }
      precondition(
        expected == parts[0].shape && part.elementType == parts[0].elementType,
        "concatenated: \(parts[0].shape) and \(part.shape) along axis \(axis)")
      shape[axis] += part.shape[axis]
    }
    let result = Tensor(uninitialized: shape, parts[0].elementType)
    var start = 0
    for part in parts {
      let end = start + part.shape[axis]
      StridedCopy.run(from: part, to: result.sliced(axis: axis, start..<end))
      start = end
    }
    return result
  }

  /// Tensors of one shape along a new axis.
  public static func stacked(_ parts: [Tensor], axis: Int = 0) -> Tensor {
    concatenated(parts.map { $0.expanded(axis: axis) }, axis: axis)
  }

  /// Views of consecutive parts with the given sizes along an axis.
  ///
  /// - Precondition: The sizes add up to the axis.
  public func split(axis: Int, sizes: [Int]) -> [Tensor] {
    let axis = Shape.axis(axis, rank: rank, "split")
    precondition(
      sizes.reduce(0, +) == shape[axis] && sizes.allSatisfy { $0 >= 0 },
      "split: \(sizes) along axis \(axis) of \(shape)")
    var start = 0
    return sizes.map { size in
      defer { start += size }
      return sliced(axis: axis, start..<(start + size))
    }
  }

  /// Views of `parts` equal parts along an axis.
  public func split(axis: Int, parts: Int) -> [Tensor] {
    let axis = Shape.axis(axis, rank: rank, "split")
    precondition(
      parts > 0 && shape[axis] % parts == 0,
      "split: \(parts) parts of axis \(axis) of \(shape)")
    return split(
      axis: axis, sizes: [Int](repeating: shape[axis] / parts, count: parts))
  }

  /// The elements repeated as blocks along each axis, as NumPy's `tile`.
  public func tiled(_ counts: [Int]) -> Tensor {
    precondition(
      counts.count == rank && counts.allSatisfy { $0 >= 0 }, "tiled: \(counts) of \(shape)")
    var interleaved: [Int] = []
    var view = self
    for axis in (0..<rank).reversed() { view = view.expanded(axis: axis) }
    for axis in 0..<rank { interleaved += [counts[axis], shape[axis]] }
    return view.broadcast(to: interleaved).reshaped(zip(counts, shape).map { $0 * $1 })
  }
}
