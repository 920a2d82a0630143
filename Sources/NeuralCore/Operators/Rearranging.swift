// Whole blocks of elements change place.

extension Tensor {
  /// `[batch, channel · r², height, width]` as `[batch, channel, height · r, width · r]`: PyTorch's
  /// `pixel_shuffle`. With `blockFirst` the block's axes come before the channel's (ONNX's "DCR").
  public func pixelShuffled(_ r: Int, blockFirst: Bool = false) -> Tensor {
    precondition(
      rank == 4 && r > 0 && shape[1] % (r * r) == 0, "pixelShuffled: \(shape) by \(r)")
    let (n, c, h, w) = (shape[0], shape[1] / (r * r), shape[2], shape[3])
    let parts =
      blockFirst
      ? reshaped([n, r, r, c, h, w]).permuted([0, 3, 4, 1, 5, 2])
      : reshaped([n, c, r, r, h, w]).permuted([0, 1, 4, 2, 5, 3])
    return parts.reshaped([n, c, h * r, w * r])
  }

  /// The inverse of `pixelShuffled`.
  public func pixelUnshuffled(_ r: Int, blockFirst: Bool = false) -> Tensor {
    precondition(
      rank == 4 && r > 0 && shape[2] % r == 0 && shape[3] % r == 0,
      "pixelUnshuffled: \(shape) by \(r)")
    let (n, c, h, w) = (shape[0], shape[1], shape[2] / r, shape[3] / r)
    let parts = reshaped([n, c, h, r, w, r])
    return parts.permuted(blockFirst ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4])
      .reshaped([n, c * r * r, h, w])
  }

  /// Elements moved along axes, those that leave coming in at the other end.
  public func rolled(_ shifts: [Int], axes: [Int]) -> Tensor {
    precondition(shifts.count == axes.count, "rolled: \(shifts) along \(axes)")
    var result = self
    for (shift, axis) in zip(shifts, axes) {
      let axis = Shape.axis(axis, rank: rank, "rolled")
      let size = shape[axis]
      if size == 0 { return self }
      let start = ((-shift % size) + size) % size
      if start == 0 { continue }
      result = Tensor.concatenated(
        [result.sliced(axis: axis, start..<size), result.sliced(axis: axis, 0..<start)], axis: axis)
    }
    return result
  }

  /// `[batch, height, width, channel]` as windows `[batch · windows, size, size, channel]`.
  public func windowPartitioned(_ size: Int) -> Tensor {
    precondition(
      rank == 4 && size > 0 && shape[1] % size == 0 && shape[2] % size == 0,
      "windowPartitioned: \(shape) by \(size)")
    let (rows, columns) = (shape[1] / size, shape[2] / size)
    return reshaped([shape[0], rows, size, columns, size, shape[3]])
      .permuted([0, 1, 3, 2, 4, 5]).reshaped([shape[0] * rows * columns, size, size, shape[3]])
  }

  /// The inverse of `windowPartitioned`, for an image of `height` by `width`.
  public func windowMerged(height: Int, width: Int) -> Tensor {
    precondition(
      rank == 4 && shape[1] == shape[2] && shape[1] > 0 && height % shape[1] == 0
        && width % shape[1] == 0 && height * width > 0
        && shape[0] % (height / shape[1] * (width / shape[1])) == 0,
      "windowMerged: \(shape) to \(height) × \(width)")
    let size = shape[1]
    let (rows, columns) = (height / size, width / size)
    let batch = shape[0] / (rows * columns)
    return reshaped([batch, rows, columns, size, size, shape[3]])
      .permuted([0, 1, 3, 2, 4, 5]).reshaped([batch, height, width, shape[3]])
  }

  /// `on` at each index along a new axis of `classes`, `off` elsewhere; an index outside gives
  /// `off` throughout, a negative one counts from the end.
  public func oneHot(classes: Int, axis: Int = -1, on: Float = 1, off: Float = 0) -> Tensor {
    precondition(classes >= 0, "oneHot: \(classes) classes")
    let list = converted(to: .int64).array(of: Int64.self)
    var values = [Float](repeating: off, count: list.count * classes)
    for (row, raw) in list.enumerated() {
      let index = raw < 0 ? Int(raw) + classes : Int(raw)
      if index >= 0 && index < classes { values[row * classes + index] = on }
    }
    let last = Tensor(values, shape: shape + [classes])
    let axis = Shape.axis(axis, rank: rank + 1, "oneHot")
    var order = Array(0..<rank)
    order.insert(rank, at: axis)
    return last.permuted(order).contiguous()
  }

  /// The elements on and below (or above) a diagonal, zeros elsewhere, of the last two axes.
  public func triangle(upper: Bool = false, diagonal: Int = 0) -> Tensor {
    precondition(rank >= 2, "triangle: \(shape)")
    let (rows, columns) = (shape[rank - 2], shape[rank - 1])
    let mask = (0..<rows).flatMap { i in
      (0..<columns).map { j in upper ? j - i >= diagonal : j - i <= diagonal }
    }
    return Tensor(of: mask, shape: [rows, columns])
      .selecting(self, otherwise: Tensor(0).converted(to: elementType))
  }
}
