// The windows of a pooling over one to three axes; missing axes have size 1.

struct PoolingWindows {
  let size, taps, stride, padding, output: [Int]
  private let rank: Int

  init(image: [Int], taps: [Int], stride: [Int], padding: [Int]) {
    precondition(
      (1...3).contains(image.count) && taps.count == image.count && stride.count == image.count
        && padding.count == image.count && zip(padding, taps).allSatisfy { $0 >= 0 && $0 * 2 <= $1 }
        && image.allSatisfy { $0 > 0 } && stride.allSatisfy { $0 > 0 },
      "pooling: image \(image), window \(taps), stride \(stride), padding \(padding)")
    func three(_ values: [Int], _ filler: Int) -> [Int] {
      [Int](repeating: filler, count: 3 - values.count) + values
    }
    rank = image.count
    size = three(image, 1)
    self.taps = three(taps, 1)
    self.stride = three(stride, 1)
    self.padding = three(padding, 0)
    var output: [Int] = []
    for axis in 0..<3 {
      let room = size[axis] + 2 * self.padding[axis] - self.taps[axis]
      precondition(room >= 0, "pooling: window \(taps) on image \(image)")
      output.append(room / self.stride[axis] + 1)
    }
    self.output = output
  }

  var plane: Int { size.reduce(1, *) }
  var places: Int { output.reduce(1, *) }
  /// The axes of the result.
  var outputImage: [Int] { Array(output.suffix(rank)) }
}
