// Transposed convolutions whose taps do not overlap.

import CNeuralKernels

/// A transposed convolution with a stride as large as its taps and no margin, packed once.
struct PreparedEnlargement: Sendable {
  private let shape: [Int]
  private let bias: Tensor?
  private let packed: Tensor

  /// - `filters`: `[channel, filter, …taps]`.
  init(filters: Tensor, bias: Tensor?) {
    shape = filters.shape
    self.bias = bias?.contiguous()
    var description = Self.description(filters.shape, batch: 1, image: [])
    packed = Tensor(uninitialized: [unsafe nk_channels_rise_packed_size(&description) / 4])
    let source = filters.contiguous()
    unsafe nk_channels_rise_pack(&description, source.floats, packed.floats)
    withExtendedLifetime(source.storage) {}
  }

  private static func description(_ filters: [Int], batch: Int, image: [Int]) -> nk_conv {
    let taps = Array(filters.dropFirst(2))
    let ones = [Int](repeating: 1, count: 3 - taps.count)
    let size = image.isEmpty ? taps.map { _ in 1 } : image
    func three(_ values: [Int]) -> (Int, Int, Int) {
      let all = ones + values
      return (all[0], all[1], all[2])
    }
    return nk_conv(
      batch: batch, channels: filters[0], filters: filters[1], groups: 1, in: three(size),
      out: three(zip(size, taps).map { $0 * $1 }), kernel: three(taps), stride: three(taps),
      before: (0, 0, 0), dilation: (1, 1, 1))
  }

  /// `[batch, filter, …]` with channels innermost, for `[batch, channel, …]`.
  func callAsFunction(_ x: Tensor) -> Tensor {
    precondition(
      x.rank == shape.count && x.shape[1] == shape[0],
      "transposedConvolution: \(x.shape) with filters \(shape)")
    let image = Array(x.shape.dropFirst(2))
    var description = Self.description(shape, batch: x.shape[0], image: image)
    let target = [x.shape[0], shape[1]] + zip(image, shape.dropFirst(2)).map { $0 * $1 }
    let result = Tensor(channelsLast: target)
    if result.count == 0 { return result }
    let input = x.channelsLast()
    var epilogue = unsafe nk_epilogue(
      column_bias: nil, row_bias: bias.map { unsafe UnsafePointer($0.floats) }, residual: nil,
      activation: NK_NO_ACTIVATION, p: 0, q: 0)
    let done = unsafe nk_channels_rise_run(
      &description, input.floats, packed.floats, result.floats, &epilogue)
    withExtendedLifetime((input.storage, packed.storage, bias?.storage)) {}
    precondition(done == 1, "transposedConvolution: out of memory for \(x.shape)")
    return result
  }
}
