// How a filter slides over an image.

import CNeuralKernels

/// Steps, margins and spacing of a filter, for any count of image axes (one to three).
public struct ConvolutionGeometry: Sendable, Hashable {
  /// The step along each image axis.
  public var stride: [Int]
  /// Zeros before the first and after the last element of each image axis.
  public var before: [Int]
  public var after: [Int]
  /// The distance between neighbouring taps along each image axis.
  public var dilation: [Int]
  /// Channels and filters fall into this many groups that do not see each other.
  public var groups: Int

  /// The same values along each of `axes` image axes.
  public init(
    axes: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1
  ) {
    self.init(
      stride: [Int](repeating: stride, count: axes),
      padding: [Int](repeating: padding, count: axes),
      dilation: [Int](repeating: dilation, count: axes), groups: groups)
  }

  /// Values for each image axis; `after` is `padding` when left out.
  ///
  /// - Precondition: Equal counts, positive strides and dilations, margins of at least 0.
  public init(
    stride: [Int], padding: [Int], after: [Int]? = nil, dilation: [Int]? = nil, groups: Int = 1
  ) {
    self.stride = stride
    self.before = padding
    self.after = after ?? padding
    self.dilation = dilation ?? [Int](repeating: 1, count: stride.count)
    self.groups = groups
    precondition(
      (1...3).contains(stride.count) && before.count == stride.count
        && self.after.count == stride.count && self.dilation.count == stride.count,
      "ConvolutionGeometry: stride \(stride), padding \(padding)…\(self.after), "
        + "dilation \(self.dilation)")
    precondition(
      groups > 0 && stride.allSatisfy { $0 > 0 } && self.dilation.allSatisfy { $0 > 0 }
        && before.allSatisfy { $0 >= 0 } && self.after.allSatisfy { $0 >= 0 },
      "ConvolutionGeometry: stride \(stride), padding \(padding)…\(self.after), "
        + "dilation \(self.dilation), groups \(groups)")
  }

  /// The size of each image axis after a filter of `kernel` has slid over `image`; 0 where the
  /// filter does not fit.
  public func outputSize(image: [Int], kernel: [Int]) -> [Int] {
    image.indices.map { axis in
      let room = image[axis] + before[axis] + after[axis] - (kernel[axis] - 1) * dilation[axis] - 1
      return room < 0 ? 0 : room / stride[axis] + 1
    }
  }

  /// What the kernels take: three image axes, the leading ones of size 1.
  func kernelDescription(
    image: [Int], filters: [Int], output: [Int], batch: Int, channels: Int
  ) -> nk_conv {
    func three(_ values: [Int], _ rest: Int) -> (Int, Int, Int) {
      let all = [Int](repeating: rest, count: 3 - values.count) + values
      return (all[0], all[1], all[2])
    }
    return nk_conv(
      batch: batch, channels: channels, filters: filters[0], groups: groups, in: three(image, 1),
      out: three(output, 1), kernel: three(Array(filters.dropFirst(2)), 1),
      stride: three(stride, 1), before: three(before, 0), dilation: three(dilation, 1))
  }
}

/// How a convolution is computed.
public enum ConvolutionAlgorithm: Sendable, Hashable {
  /// Winograd where it is faster, otherwise direct.
  case automatic
  /// A matrix product over the taps: each output is one sum in ascending order.
  case direct
  /// F(4×4, 3×3) for 3×3 filters (and 3×3 planes of 3-D filters) with stride 1; direct for others.
  /// Rounding errors are about four times those of `direct`.
  case winograd

  /// What the kernels of gradients may use where it is faster.
  var most: nk_conv_algorithm { self == .direct ? NK_CONV_DIRECT : NK_CONV_WINOGRAD }

  func kernel(_ description: nk_conv, _ isLast: Bool = false) -> nk_conv_algorithm {
    var description = description
    let possible = unsafe nk_conv_winograd_possible(&description) == 1
    switch self {
    case .direct: return NK_CONV_DIRECT
    case .winograd: return possible ? NK_CONV_WINOGRAD : NK_CONV_DIRECT
    case .automatic:
      let isFaster =
        unsafe isLast
        ? nk_channels_winograd_faster(&description) : nk_conv_winograd_faster(&description)
      return isFaster == 1 ? NK_CONV_WINOGRAD : NK_CONV_DIRECT
    }
  }
}
