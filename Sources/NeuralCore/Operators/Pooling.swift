// Pooling: windows of an image become one number each.

import CNeuralKernels

/// Windows that slide over an image of one to three axes.
public struct PoolingGeometry: Sendable, Hashable {
  public var size: [Int]
  public var stride: [Int]
  public var before: [Int]
  public var after: [Int]
  public var dilation: [Int]
  /// Whether a last window that begins inside but ends outside counts, as PyTorch's `ceil_mode`.
  public var ceilMode: Bool

  /// - `stride`: `size` when left out.
  /// - `padding`: Before each axis, and after it unless `after` says otherwise.
  public init(
    size: [Int], stride: [Int]? = nil, padding: [Int]? = nil, after: [Int]? = nil,
    dilation: [Int]? = nil, ceilMode: Bool = false
  ) {
    self.size = size
    self.stride = stride ?? size
    before = padding ?? [Int](repeating: 0, count: size.count)
    self.after = after ?? before
    self.dilation = dilation ?? [Int](repeating: 1, count: size.count)
    self.ceilMode = ceilMode
    let counts = Set([
      size.count, self.stride.count, before.count, self.after.count, self.dilation.count,
    ])
    precondition(
      counts.count == 1 && (1...3).contains(size.count)
        && (size + self.stride + self.dilation).allSatisfy { $0 > 0 }
        && (before + self.after).allSatisfy { $0 >= 0 },
      "PoolingGeometry: size \(size), stride \(self.stride), padding \(before)…\(self.after), "
        + "dilation \(self.dilation)")
  }

  /// The same numbers along each of `axes` image axes.
  public init(
    axes: Int, size: Int, stride: Int? = nil, padding: Int = 0, dilation: Int = 1,
    ceilMode: Bool = false
  ) {
    func all(_ value: Int) -> [Int] { [Int](repeating: value, count: axes) }
    self.init(
      size: all(size), stride: all(stride ?? size), padding: all(padding), dilation: all(dilation),
      ceilMode: ceilMode)
  }

  /// The size of each image axis after pooling; 0 where no window fits.
  public func outputSize(image: [Int]) -> [Int] {
    image.indices.map { axis in
      let room = image[axis] + before[axis] + after[axis] - (size[axis] - 1) * dilation[axis] - 1
      if room < 0 && !ceilMode { return 0 }
      var count = room / stride[axis] + 1
      if ceilMode {
        count = Swift.max(0, (room + stride[axis] - 1)) / stride[axis] + 1
        // The last window begins inside the image or its leading margin.
        if (count - 1) * stride[axis] >= image[axis] + before[axis] { count -= 1 }
      }
      return Swift.max(count, 0)
    }
  }

  func kernelDescription(planes: Int, image: [Int], countsMargin: Bool) -> nk_pool {
    func three(_ values: [Int], _ rest: Int) -> (Int, Int, Int) {
      let all = [Int](repeating: rest, count: 3 - values.count) + values
      return (all[0], all[1], all[2])
    }
    return nk_pool(
      planes: planes, in: three(image, 1), out: three(outputSize(image: image), 1),
      kernel: three(size, 1), stride: three(stride, 1), before: three(before, 0),
      after: three(after, 0), dilation: three(dilation, 1), counts_margin: countsMargin ? 1 : 0)
  }
}

extension Tensor {
  private func pooled(
    _ name: StaticString, _ kind: nk_pool_kind, _ geometry: PoolingGeometry,
    countsMargin: Bool = true, indices: Bool = false
  ) -> (values: Tensor, indices: Tensor) {
    precondition(
      rank == geometry.size.count + 2, "\(name): \(shape) with windows of \(geometry.size)")
    if elementType != .float32 {
      let (values, places) = converted(to: .float32)
        .pooled(name, kind, geometry, countsMargin: countsMargin, indices: indices)
      return (values.converted(to: elementType), places)
    }
    let image = Array(shape.dropFirst(2))
    var description = geometry.kernelDescription(
      planes: shape[0] * shape[1], image: image, countsMargin: countsMargin)
    let target = Array(shape.prefix(2)) + geometry.outputSize(image: image)
    if !indices, isOnlyChannelsLast, Shape.count(geometry.size) <= 512 {
      let result = Tensor(channelsLast: target)
      description.planes = shape[0]
      if result.count > 0 {
        unsafe nk_channels_pool(&description, shape[1], kind, floats, result.floats)
      }
      return (result, Tensor(uninitialized: [0], .int64))
    }
    let result = Tensor(uninitialized: target)
    let places = Tensor(uninitialized: indices ? target : [0], .int64)
    if result.count > 0 {
      let input = contiguous()
      let index = unsafe places.storage.base.assumingMemoryBound(to: Int64.self)
      unsafe nk_pool_run(&description, kind, input.floats, result.floats, indices ? index : nil)
      withExtendedLifetime((input.storage, places.storage)) {}
    }
    return (result, places)
  }

  /// The largest element of each window of `[batch, channel, …]`; margins never win, NaN does.
  public func maxPooled(_ geometry: PoolingGeometry) -> Tensor {
    pooled("maxPooled", NK_POOL_MAX, geometry).values
  }

  /// `maxPooled` and, as `int64`, where in its plane each largest element lies: the first of
  /// equals, −1 for a window that lies in the margin.
  public func maxPooledWithIndices(
    _ geometry: PoolingGeometry
  ) -> (values: Tensor, indices: Tensor) {
    pooled("maxPooled", NK_POOL_MAX, geometry, indices: true)
  }

  /// The mean of each window of `[batch, channel, …]`.
  ///
  /// - `countsMargin`: Whether the margin's zeros count, as PyTorch's default has it.
  public func averagePooled(_ geometry: PoolingGeometry, countsMargin: Bool = true) -> Tensor {
    pooled("averagePooled", NK_POOL_AVERAGE, geometry, countsMargin: countsMargin).values
  }

  /// The sum of each window of `[batch, channel, …]`.
  public func sumPooled(_ geometry: PoolingGeometry) -> Tensor {
    pooled("sumPooled", NK_POOL_SUM, geometry).values
  }

  /// The `power`-norm of each window: (Σ |x|^power)^(1/power).
  public func normPooled(power: Float = 2, _ geometry: PoolingGeometry) -> Tensor {
    absolute().power(power).sumPooled(geometry).power(1 / power)
  }

  /// The gradient of `averagePooled`'s image.
  public static func averagePoolGradient(
    _ gradient: Tensor, imageShape: [Int], _ geometry: PoolingGeometry, countsMargin: Bool = true
  ) -> Tensor {
    if gradient.elementType != .float32 {
      return averagePoolGradient(
        gradient.converted(to: .float32), imageShape: imageShape, geometry,
        countsMargin: countsMargin
      ).converted(to: gradient.elementType)
    }
    let image = Array(imageShape.dropFirst(2))
    precondition(
      gradient.shape == Array(imageShape.prefix(2)) + geometry.outputSize(image: image),
      "averagePoolGradient: \(gradient.shape) for an image of \(imageShape)")
    var description = geometry.kernelDescription(
      planes: imageShape[0] * imageShape[1], image: image, countsMargin: countsMargin)
    let dy = gradient.contiguous()
    let result = Tensor(uninitialized: imageShape)
    if result.count > 0 {
      unsafe nk_pool_gradient(&description, NK_POOL_AVERAGE, dy.floats, result.floats)
    }
    withExtendedLifetime(dy.storage) {}
    return result
  }

  /// The gradient of `maxPooled`'s image from the indices that `maxPooledWithIndices` gave.
  public static func maxPoolGradient(
    _ gradient: Tensor, indices: Tensor, imageShape: [Int]
  ) -> Tensor {
    precondition(
      gradient.shape == indices.shape && imageShape.prefix(2) == gradient.shape.prefix(2),
      "maxPoolGradient: \(gradient.shape), indices \(indices.shape), image \(imageShape)")
    if gradient.elementType != .float32 {
      return maxPoolGradient(
        gradient.converted(to: .float32), indices: indices, imageShape: imageShape
      ).converted(to: gradient.elementType)
    }
    var result = Tensor.zeros(imageShape)
    let plane = Shape.count(Array(imageShape.dropFirst(2)))
    let places = Shape.count(Array(gradient.shape.dropFirst(2)))
    unsafe gradient.withUnsafeFloats { dy in
      unsafe indices.withUnsafeElements(of: Int64.self) { index in
        unsafe result.withUnsafeMutableFloats { dx in
          for at in 0..<dy.count where unsafe index[at] >= 0 && index[at] < Int64(plane) {
            unsafe dx[at / places * plane + Int(index[at])] += dy[at]
          }
        }
      }
    }
    return result
  }

  /// The mean over all image axes, which stay as 1.
  public func globalAveragePooled() -> Tensor {
    mean(axes: Array(2..<rank), keepingAxes: true)
  }

  /// The largest over all image axes, which stay as 1.
  public func globalMaxPooled() -> Tensor { max(axes: Array(2..<rank), keepingAxes: true) }

  /// The mean of `size` nearly equal windows of `[batch, channel, …]`: window i spans
  /// ⌊i·n/size⌋ to ⌈(i+1)·n/size⌉, as PyTorch's adaptive pooling.
  public func adaptiveAveragePooled(_ size: [Int]) -> Tensor {
    precondition(
      rank == size.count + 2 && size.allSatisfy { $0 > 0 },
      "adaptiveAveragePooled: \(shape) to \(size)")
    var result = self
    for axis in size.indices {
      let plan = Resampling.adaptive(from: shape[axis + 2], to: size[axis])
      result = plan.applied(to: result, axis: axis + 2)
    }
    return result
  }

  /// The largest of `size` nearly equal windows of `[batch, channel, …]`.
  public func adaptiveMaxPooled(_ size: [Int]) -> Tensor {
    precondition(
      rank == size.count + 2 && size.allSatisfy { $0 > 0 }, "adaptiveMaxPooled: \(shape) to \(size)"
    )
    var result = self
    for axis in size.indices {
      let length = shape[axis + 2]
      result = Tensor.concatenated(
        (0..<size[axis]).map { index in
          let low = index * length / size[axis]
          let high = ((index + 1) * length + size[axis] - 1) / size[axis]
          return result.sliced(axis: axis + 2, low..<high).max(axes: [axis + 2], keepingAxes: true)
        }, axis: axis + 2)
    }
    return result
  }
}
