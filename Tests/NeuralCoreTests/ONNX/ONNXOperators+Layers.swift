// ONNX's convolutions, pools, norms, products and attention.

import NeuralCore

extension ONNXOperators {
  /// Margins from `auto_pad` or `pads`.
  private static func margins(
    _ call: ONNXCall, image: [Int], kernel: [Int], stride: [Int], dilation: [Int]
  ) throws -> (before: [Int], after: [Int]) {
    let axes = image.count
    switch call.node.string("auto_pad", "NOTSET") {
    case "NOTSET":
      let pads = call.node.ints("pads") ?? [Int](repeating: 0, count: 2 * axes)
      return (Array(pads.prefix(axes)), Array(pads.suffix(axes)))
    case "VALID": return ([Int](repeating: 0, count: axes), [Int](repeating: 0, count: axes))
    case let name:
      let total = (0..<axes).map { axis in
        let out = (image[axis] + stride[axis] - 1) / stride[axis]
        return max(
          0, (out - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1 - image[axis])
      }
      let half = total.map { $0 / 2 }, rest = total.map { $0 - $0 / 2 }
      return name == "SAME_UPPER" ? (half, rest) : (rest, half)
    }
  }

  private static func ones(_ call: ONNXCall, _ name: String, _ axes: Int) -> [Int] {
    call.node.ints(name) ?? [Int](repeating: 1, count: axes)
  }

  private static func pooling(_ call: ONNXCall, _ x: Tensor) throws -> PoolingGeometry {
    let size = call.node.ints("kernel_shape") ?? []
    try call.require((1...3).contains(size.count), "\(size.count) axes")
    let stride = ones(call, "strides", size.count)
    let dilation = ones(call, "dilations", size.count)
    let (before, after) = try margins(
      call, image: Array(x.shape.dropFirst(2)), kernel: size, stride: stride, dilation: dilation)
    return PoolingGeometry(
      size: size, stride: stride, padding: before, after: after, dilation: dilation,
      ceilMode: call.node.int("ceil_mode", 0) == 1)
  }

  static let layers: [String: Operation] = [
    "MatMul": { call in
      try call.require(try call.input(0).elementType.isFloatingPoint, "integers")
      return [try call.input(0).matmul(try call.input(1))]
    },
    "Gemm": { call in
      var a = try call.input(0), b = try call.input(1)
      try call.require(a.elementType.isFloatingPoint, "integers")
      if call.node.int("transA", 0) == 1 { a = a.transposed() }
      if call.node.int("transB", 0) == 1 { b = b.transposed() }
      var y = a.matmul(b) * call.node.float("alpha", 1)
      if let c = call.optional(2) { y = y + c * call.node.float("beta", 1) }
      return [y]
    },
    "Conv": { call in
      let x = try call.input(0), w = try call.input(1)
      let kernel = Array(w.shape.dropFirst(2))
      let stride = ones(call, "strides", kernel.count)
      let dilation = ones(call, "dilations", kernel.count)
      let (before, after) = try margins(
        call, image: Array(x.shape.dropFirst(2)), kernel: kernel, stride: stride,
        dilation: dilation)
      return [
        x.convolution(
          w, bias: call.optional(2),
          ConvolutionGeometry(
            stride: stride, padding: before, after: after, dilation: dilation,
            groups: call.node.int("group", 1)))
      ]
    },
    "ConvTranspose": { call in
      let x = try call.input(0), w = try call.input(1)
      let axes = x.rank - 2
      let kernel = Array(w.shape.dropFirst(2))
      let stride = ones(call, "strides", axes), dilation = ones(call, "dilations", axes)
      var extra = call.node.ints("output_padding") ?? [Int](repeating: 0, count: axes)
      var pads = call.node.ints("pads") ?? [Int](repeating: 0, count: 2 * axes)
      let auto = call.node.string("auto_pad", "NOTSET")
      let wanted = call.node.ints("output_shape").map { Array($0.suffix(axes)) }
      for axis in 0..<axes {
        let full = (x.shape[axis + 2] - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1
        let size =
          wanted?[axis]
          ?? (auto.hasPrefix("SAME") ? x.shape[axis + 2] * stride[axis] : nil)
        guard let size else { continue }
        let total = full + extra[axis] - size
        if total < 0 {
          extra[axis] -= total
          continue
        }
        pads[axis] = auto == "SAME_UPPER" ? total / 2 : total - total / 2
        pads[axis + axes] = total - pads[axis]
      }
      return [
        x.transposedConvolution(
          w, bias: call.optional(2),
          ConvolutionGeometry(
            stride: stride, padding: Array(pads.prefix(axes)), after: Array(pads.suffix(axes)),
            dilation: dilation, groups: call.node.int("group", 1)), outputPadding: extra)
      ]
    },
    "MaxPool": { call in
      let x = try call.input(0)
      let geometry = try pooling(call, x)
      if call.node.outputs.count < 2 { return [x.maxPooled(geometry)] }
      try call.require(call.node.int("storage_order", 0) == 0, "column-major indices")
      let (values, indices) = x.maxPooledWithIndices(geometry)
      let plane = x.shape.dropFirst(2).reduce(1, *)
      let planes = Tensor(
        of: (0..<Int64(x.shape[0] * x.shape[1])).map { $0 * Int64(plane) },
        shape: Array(x.shape.prefix(2)) + [Int](repeating: 1, count: x.rank - 2))
      return [values, indices + planes]
    },
    "AveragePool": { call in
      let x = try call.input(0)
      return [
        x.averagePooled(
          try pooling(call, x), countsMargin: call.node.int("count_include_pad", 0) == 1)
      ]
    },
    "LpPool": { call in
      let x = try call.input(0)
      return [x.normPooled(power: Float(call.node.int("p", 2)), try pooling(call, x))]
    },
    "GlobalAveragePool": { [try $0.input(0).globalAveragePooled()] },
    "GlobalMaxPool": { [try $0.input(0).globalMaxPooled()] },
    "BatchNormalization": { call in
      let x = try call.input(0)
      let scale = try call.input(1), shift = try call.input(2)
      let epsilon = call.node.float("epsilon", 1e-5)
      if call.node.int("training_mode", 0) == 1 {
        let momentum = call.node.float("momentum", 0.9)
        let (y, mean, variance) = x.batchNormForTraining(
          scale: scale, shift: shift, epsilon: epsilon)
        return [
          y, try call.input(3) * momentum + mean * (1 - momentum),
          try call.input(4) * momentum + variance * (1 - momentum),
        ]
      }
      return [
        x.batchNorm(
          scale: scale, shift: shift, mean: try call.input(3), variance: try call.input(4),
          epsilon: epsilon)
      ]
    },
    "InstanceNormalization": { call in
      [
        try call.input(0).instanceNorm(
          scale: try call.input(1), shift: try call.input(2),
          epsilon: call.node.float("epsilon", 1e-5))
      ]
    },
    "GroupNormalization": { call in
      [
        try call.input(0).groupNorm(
          groups: call.node.int("num_groups", 1), scale: try call.input(1),
          shift: try call.input(2), epsilon: call.node.float("epsilon", 1e-5))
      ]
    },
    "LayerNormalization": { call in
      let x = try call.input(0)
      let raw = call.node.int("axis", -1)
      let axes = raw < 0 ? -raw : x.rank - raw
      let norm = x.layerNormForTraining(
        scale: try call.input(1), shift: call.optional(2), axes: axes,
        epsilon: call.node.float("epsilon", 1e-5))
      let lead = Array(x.shape.dropLast(axes)) + [Int](repeating: 1, count: axes)
      return [norm.output, norm.mean.reshaped(lead), norm.inverse.reshaped(lead)]
    },
    "RMSNormalization": { call in
      let x = try call.input(0)
      let raw = call.node.int("axis", -1)
      return [
        x.rmsNorm(
          scale: try call.input(1), axes: raw < 0 ? -raw : x.rank - raw,
          epsilon: call.node.float("epsilon", 1e-5))
      ]
    },
    "LRN": { call in
      let x = try call.input(0)
      let size = call.node.int("size", 1)
      let low = (size - 1) / 2
      var before = [Int](repeating: 0, count: x.rank), after = before
      before[1] = low
      after[1] = size - 1 - low
      let sums = x.squared().padded(before: before, after: after)
        .unfolded(axis: 1, size: size, step: 1).sum(axes: [x.rank])
      let scale = sums * (call.node.float("alpha", 1e-4) / Float(size)) + call.node.float("bias", 1)
      return [x / scale.power(call.node.float("beta", 0.75))]
    },
    "GridSample": { call in
      let modes: [String: Interpolation] = [
        "linear": .linear, "bilinear": .linear, "nearest": .nearest, "cubic": .cubic,
        "bicubic": .cubic,
      ]
      let borders: [String: GridBorder] = [
        "zeros": .zeros, "border": .border, "reflection": .reflection,
      ]
      guard let mode = modes[call.node.string("mode", "linear")],
        let border = borders[call.node.string("padding_mode", "zeros")]
      else { throw NotMapped("GridSample mode") }
      return [
        try call.input(0).gridSampled(
          try call.input(1), mode, border: border,
          alignCorners: call.node.int("align_corners", 0) == 1)
      ]
    },
  ]
}
