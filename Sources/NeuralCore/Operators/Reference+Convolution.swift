// The plain loops of convolution, in double precision.

extension Reference {
  /// Visits every product of a convolution: indices into result, image and filters.
  private static func visit(
    imageShape: [Int], filterShape: [Int], outputShape: [Int], _ geometry: ConvolutionGeometry,
    _ body: (_ output: Int, _ image: Int, _ filter: Int) -> Void
  ) {
    func three(_ values: ArraySlice<Int>, _ rest: Int) -> [Int] {
      [Int](repeating: rest, count: 3 - values.count) + values
    }
    let size = three(imageShape[2...], 1), taps = three(filterShape[2...], 1)
    let out = three(outputShape[2...], 1), stride = three(geometry.stride[...], 1)
    let before = three(geometry.before[...], 0), dilation = three(geometry.dilation[...], 1)
    let channels = filterShape[1], filters = filterShape[0]
    for n in 0..<outputShape[0] {
      for f in 0..<filters {
        let group = f / (filters / geometry.groups)
        for z in 0..<out[0] {
          for y in 0..<out[1] {
            for x in 0..<out[2] {
              let output = (((n * filters + f) * out[0] + z) * out[1] + y) * out[2] + x
              for c in 0..<channels {
                for kz in 0..<taps[0] {
                  let iz = z * stride[0] + kz * dilation[0] - before[0]
                  if iz < 0 || iz >= size[0] { continue }
                  for ky in 0..<taps[1] {
                    let iy = y * stride[1] + ky * dilation[1] - before[1]
                    if iy < 0 || iy >= size[1] { continue }
                    for kx in 0..<taps[2] {
                      let ix = x * stride[2] + kx * dilation[2] - before[2]
                      if ix < 0 || ix >= size[2] { continue }
                      let channel = n * imageShape[1] + group * channels + c
                      body(
                        output, ((channel * size[0] + iz) * size[1] + iy) * size[2] + ix,
                        (((f * channels + c) * taps[0] + kz) * taps[1] + ky) * taps[2] + kx)
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  /// The convolution of `float64` tensors.
  package static func convolution(
    _ x: Tensor, _ filters: Tensor, _ geometry: ConvolutionGeometry, outputShape: [Int]
  ) -> Tensor {
    let image = x.array(of: Double.self), weights = filters.array(of: Double.self)
    var result = [Double](repeating: 0, count: Shape.count(outputShape))
    visit(
      imageShape: x.shape, filterShape: filters.shape, outputShape: outputShape, geometry
    ) { output, at, tap in result[output] += image[at] * weights[tap] }
    return Tensor(of: result, shape: outputShape)
  }

  /// The gradient of the image, of `float64` tensors.
  package static func convolutionInputGradient(
    _ gradient: Tensor, _ filters: Tensor, _ imageShape: [Int], _ geometry: ConvolutionGeometry
  ) -> Tensor {
    let dy = gradient.array(of: Double.self), weights = filters.array(of: Double.self)
    var result = [Double](repeating: 0, count: Shape.count(imageShape))
    visit(
      imageShape: imageShape, filterShape: filters.shape, outputShape: gradient.shape, geometry
    ) { output, at, tap in result[at] += dy[output] * weights[tap] }
    return Tensor(of: result, shape: imageShape)
  }

  /// The gradient of the filters, of `float64` tensors.
  package static func convolutionWeightGradient(
    _ gradient: Tensor, _ image: Tensor, _ filterShape: [Int], _ geometry: ConvolutionGeometry
  ) -> Tensor {
    let dy = gradient.array(of: Double.self), x = image.array(of: Double.self)
    var result = [Double](repeating: 0, count: Shape.count(filterShape))
    visit(
      imageShape: image.shape, filterShape: filterShape, outputShape: gradient.shape, geometry
    ) { output, at, tap in result[tap] += dy[output] * x[at] }
    return Tensor(of: result, shape: filterShape)
  }
}
