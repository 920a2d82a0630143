// Convolutions as products of matrices: pictures laid out as columns.
// Source: Chellapilla et al., "High Performance Convolutional Neural Networks for Document
// Processing", 2006.

import CNeuralKernels

/// The extents of a convolution, over three axes; missing ones have size 1.
struct ConvolutionWindows {
  let batch, channels, filters, groups: Int
  let size, taps, stride, padding, dilation, output: [Int]
  private let rank: Int

  /// - Precondition: Shapes fit each other and the filter fits the padded picture.
  init(
    input: [Int], weight: [Int], stride: [Int], padding: [Int], dilation: [Int], groups: Int
  ) {
    let axes = input.count - 2
    precondition(
      (1...3).contains(axes) && weight.count == input.count && stride.count == axes
        && padding.count == axes && dilation.count == axes && groups > 0
        && weight[1] * groups == input[1] && weight[0] % groups == 0
        && stride.allSatisfy { $0 > 0 } && dilation.allSatisfy { $0 > 0 }
        && padding.allSatisfy { $0 >= 0 },
      """
      convolution: input \(input), weight \(weight), stride \(stride), padding \(padding), \
      dilation \(dilation), groups \(groups)
      """)
    func three(_ values: [Int], _ filler: Int) -> [Int] {
      [Int](repeating: filler, count: 3 - axes) + values
    }
    rank = axes
    batch = input[0]
    channels = input[1]
    filters = weight[0]
    self.groups = groups
    size = three(Array(input[2...]), 1)
    taps = three(Array(weight[2...]), 1)
    self.stride = three(stride, 1)
    self.padding = three(padding, 0)
    self.dilation = three(dilation, 1)
    var output: [Int] = []
    for axis in 0..<3 {
      let reach = self.dilation[axis] * (taps[axis] - 1) + 1
      let room = size[axis] + 2 * self.padding[axis]
      precondition(
        room >= reach, "convolution: a filter of \(weight) does not fit \(input) + \(padding)")
      output.append((room - reach) / self.stride[axis] + 1)
    }
    self.output = output
  }

  var plane: Int { size.reduce(1, *) }
  var places: Int { output.reduce(1, *) }
  var tapCount: Int { taps.reduce(1, *) }
  /// `[batch, filter, …]`
  var outputShape: [Int] { [batch, filters] + output.suffix(rank) }

  /// How many pictures are laid out at once: about 32 MB of columns.
  var picturesAtOnce: Int {
    let one = max(channels / groups * tapCount * places, 1)
    return max(1, min(batch, (1 << 23) / one))
  }

  private func kernel(_ pictures: Int) -> nk_windows {
    nk_windows(
      batch: pictures, channels: channels / groups, batch_stride: channels * plane,
      size: (size[0], size[1], size[2]), taps: (taps[0], taps[1], taps[2]),
      stride: (stride[0], stride[1], stride[2]), padding: (padding[0], padding[1], padding[2]),
      dilation: (dilation[0], dilation[1], dilation[2]),
      output: (output[0], output[1], output[2]))
  }

  /// The columns `[channel · tap, picture · place]` of some pictures and one group of channels.
  func columns(of x: Tensor, pictures: Range<Int>, group: Int) -> Tensor {
    let own = channels / groups
    let shape = [own * tapCount, pictures.count * places]
    let start = (pictures.lowerBound * channels + group * own) * plane
    let result = Tensor(uninitialized: shape, x.elementType)
    guard x.elementType == .float32 else {
      var columns = [Double](repeating: 0, count: shape[0] * shape[1])
      let values = x.array(of: Double.self)
      walk(pictures.count) { place, column in columns[column] = values[start + place] }
      return Tensor(of: columns, shape: shape)
    }
    var windows = kernel(pictures.count)
    unsafe nk_lay_out(&windows, x.floats + start, result.floats)
    withExtendedLifetime(x.storage) {}
    return result
  }

  /// Adds up columns where they came from, into `target` of the input's shape.
  func sum(_ columns: Tensor, into target: inout Tensor, pictures: Range<Int>, group: Int) {
    let own = channels / groups
    let start = (pictures.lowerBound * channels + group * own) * plane
    guard columns.elementType == .float32 else {
      let values = columns.array(of: Double.self)
      unsafe target.withUnsafeMutableElements(of: Double.self) { out in
        walk(pictures.count) { place, column in unsafe out[start + place] += values[column] }
      }
      return
    }
    var windows = kernel(pictures.count)
    let dense = columns.contiguous()
    unsafe target.withUnsafeMutableFloats { out in
      if let base = out.baseAddress {
        unsafe nk_lay_back(&windows, dense.floats, base + start)
      }
    }
    withExtendedLifetime(dense.storage) {}
  }

  /// Every pair of a place in the pictures (from the first of the group) and one in the columns.
  private func walk(_ pictures: Int, _ body: (_ place: Int, _ column: Int) -> Void) {
    var row = 0
    for channel in 0..<channels / groups {
      for tap in 0..<tapCount {
        let offset = [tap / (taps[1] * taps[2]), tap / taps[2] % taps[1], tap % taps[2]]
        for picture in 0..<pictures {
          for place in 0..<places {
            let at = [
              place / (output[1] * output[2]), place / output[2] % output[1], place % output[2],
            ]
            let source = (0..<3).map {
              at[$0] * stride[$0] + offset[$0] * dilation[$0] - padding[$0]
            }
            guard (0..<3).allSatisfy({ source[$0] >= 0 && source[$0] < size[$0] }) else { continue }
            let inside = (source[0] * size[1] + source[1]) * size[2] + source[2]
            body(
              (picture * channels + channel) * plane + inside,
              (row * pictures + picture) * places + place)
          }
        }
        row += 1
      }
    }
  }
}
