// Picking elements by index.

extension Tensor {
  /// Indices as `Int`, counted from the front; a negative one counts from the end.
  func indexValues(_ name: StaticString, limit: Int) -> [Int] {
    converted(to: .int64).array(of: Int64.self).map { raw in
      let index = raw < 0 ? Int(raw) + limit : Int(raw)
      precondition(index >= 0 && index < limit, "\(name): index \(raw) of an axis of \(limit)")
      return index
    }
  }

  /// The slices of an axis that integer indices of any shape name: NumPy's `take`.
  ///
  /// - Returns: The shape of `self` with `axis` replaced by the shape of `indices`.
  public func gathered(_ indices: Tensor, axis: Int = 0) -> Tensor {
    let axis = Shape.axis(axis, rank: rank, "gathered")
    let list = indices.indexValues("gathered", limit: shape[axis])
    let shape = Array(shape[..<axis]) + indices.shape + Array(shape[(axis + 1)...])
    return selectedRows(list, axis: axis).reshaped(shape)
  }

  /// The slices of an axis at the given places, in that order.
  func selectedRows(_ list: [Int], axis: Int) -> Tensor {
    var target = shape
    target[axis] = list.count
    let result = Tensor(uninitialized: target, elementType)
    if result.count == 0 { return result }
    let source = contiguous()
    let inner = shape[(axis + 1)...].reduce(1, *) * elementType.byteCount
    let outer = shape[..<axis].reduce(1, *)
    let from = unsafe source.storage.base + source.offset * elementType.byteCount
    let to = unsafe result.storage.base
    for block in 0..<outer {
      for (row, index) in list.enumerated() {
        unsafe (to + (block * list.count + row) * inner).copyMemory(
          from: from + (block * shape[axis] + index) * inner, byteCount: inner)
      }
    }
    withExtendedLifetime(source.storage) {}
    return result
  }

  /// The rows of a table that integer indices name: `[vocabulary, width]` to `[…, width]`.
  public func embedding(_ indices: Tensor) -> Tensor {
    precondition(rank == 2, "embedding: a table of shape \(shape)")
    return gathered(indices, axis: 0)
  }

  /// result[i][j][k] = self[index[i][j][k]][j][k] for axis 0, and so on: PyTorch's `gather`.
  ///
  /// - Precondition: `indices` has the axes of `self` and is no larger except along `axis`.
  public func gatheredElements(_ indices: Tensor, axis: Int) -> Tensor {
    let axis = Shape.axis(axis, rank: rank, "gatheredElements")
    let places = elementPlaces("gatheredElements", indices, axis)
    let result = Tensor(uninitialized: indices.shape, elementType)
    let size = elementType.byteCount
    let source = contiguous()
    let from = unsafe source.storage.base + source.offset * size
    let to = unsafe result.storage.base
    for (at, place) in places.enumerated() {
      unsafe (to + at * size).copyMemory(from: from + place * size, byteCount: size)
    }
    withExtendedLifetime(source.storage) {}
    return result
  }

  /// Where in `self`, laid out contiguously, each element of `indices` points along `axis`.
  func elementPlaces(_ name: StaticString, _ indices: Tensor, _ axis: Int) -> [Int] {
    precondition(
      indices.rank == rank
        && (0..<rank).allSatisfy { $0 == axis || indices.shape[$0] <= shape[$0] },
      "\(name): indices \(indices.shape) into \(shape) along axis \(axis)")
    let list = indices.indexValues(name, limit: shape[axis])
    let dense = Shape.strides(shape)
    var position = [Int](repeating: 0, count: rank)
    return list.map { index in
      var place = 0
      for a in 0..<rank { place += (a == axis ? index : position[a]) * dense[a] }
      for a in (0..<rank).reversed() {
        position[a] += 1
        if position[a] < indices.shape[a] { break }
        position[a] = 0
      }
      return place
    }
  }

  /// The slices that tuples of indices name: ONNX's `GatherND`.
  ///
  /// - Parameters:
  ///   - indices: `[…batch, …, depth]`: each tuple indexes `depth` axes after the batch's.
  ///   - batchAxes: Leading axes that `self` and `indices` share.
  public func gatheredND(_ indices: Tensor, batchAxes: Int = 0) -> Tensor {
    let (places, inner, lead) = tuplePlaces("gatheredND", indices, batchAxes)
    let flat = contiguous().reshaped(
      [-1, inner].map { $0 == -1 ? count / Swift.max(inner, 1) : $0 })
    let shape = lead + Array(shape[(batchAxes + (indices.shape.last ?? 0))...])
    return flat.selectedRows(places, axis: 0).reshaped(shape)
  }

  /// The row of `self`, seen as rows of `inner` elements, that each tuple names.
  func tuplePlaces(
    _ name: StaticString, _ indices: Tensor, _ batchAxes: Int
  ) -> (places: [Int], inner: Int, lead: [Int]) {
    let depth = indices.shape.last ?? 0
    precondition(
      indices.rank > batchAxes && batchAxes + depth <= rank
        && indices.shape.prefix(batchAxes) == shape.prefix(batchAxes),
      "\(name): indices \(indices.shape) into \(shape) with \(batchAxes) batch axes")
    let lead = Array(indices.shape.dropLast())
    let axes = Array(shape[batchAxes..<(batchAxes + depth)])
    let inner = shape[(batchAxes + depth)...].reduce(1, *)
    let perBatch = axes.reduce(1, *)
    let batches = shape[..<batchAxes].reduce(1, *)
    let list = indices.converted(to: .int64).array(of: Int64.self)
    let tuples = Shape.count(lead)
    let perBatchTuples = batches > 0 ? tuples / batches : 0
    let places = (0..<tuples).map { tuple in
      var place = 0
      for a in 0..<depth {
        let raw = Int(list[tuple * depth + a])
        let index = raw < 0 ? raw + axes[a] : raw
        precondition(
          index >= 0 && index < axes[a], "\(name): index \(raw) of an axis of \(axes[a])")
        place = place * axes[a] + index
      }
      return tuple / Swift.max(perBatchTuples, 1) * perBatch + place
    }
    return (places, inner, lead)
  }

  /// The slices along `axis` at which a `bool` vector is true.
  public func compressed(_ mask: Tensor, axis: Int) -> Tensor {
    let axis = Shape.axis(axis, rank: rank, "compressed")
    precondition(
      mask.rank == 1 && mask.count <= shape[axis], "compressed: mask \(mask.shape) on \(shape)")
    let chosen = mask.array(of: Bool.self).enumerated().filter(\.element).map(\.offset)
    return selectedRows(chosen, axis: axis)
  }

  /// The indices of elements that are not 0, one column each: `[rank, found]`, `int64`.
  public func nonZero() -> Tensor {
    let flags = converted(to: .bool).array(of: Bool.self)
    let dense = Shape.strides(shape)
    let found = flags.indices.filter { flags[$0] }
    let rows = (0..<rank).flatMap { axis in
      found.map { Int64($0 / dense[axis] % shape[axis]) }
    }
    return Tensor(of: rows, shape: [rank, found.count])
  }
}
