// ONNX's operators that move elements and pick them by index.

import NeuralCore

extension ONNXOperators {
  private static func axisList(_ call: ONNXCall, _ index: Int) -> [Int]? {
    call.integers(index) ?? call.node.ints("axes")
  }

  static let moving: [String: Operation] = [
    "Reshape": { call in
      let x = try call.input(0)
      var shape = call.integers(1) ?? []
      if call.node.int("allowzero", 0) == 0 {
        for axis in shape.indices where shape[axis] == 0 { shape[axis] = x.shape[axis] }
      }
      return [x.reshaped(shape)]
    },
    "Flatten": { call in
      let x = try call.input(0)
      let raw = call.node.int("axis", 1)
      let axis = raw < 0 ? raw + x.rank : raw
      let rows = x.shape[..<axis].reduce(1, *)
      return [x.reshaped([rows, x.shape[axis...].reduce(1, *)])]
    },
    "Transpose": { call in
      let x = try call.input(0)
      return [x.permuted(call.node.ints("perm") ?? Array((0..<x.rank).reversed()))]
    },
    "Squeeze": { call in
      var x = try call.input(0)
      guard let axes = axisList(call, 1) else { return [x.squeezed()] }
      for axis in axes.map({ $0 < 0 ? $0 + x.rank : $0 }).sorted(by: >) {
        x = x.squeezed(axis: axis)
      }
      return [x]
    },
    "Unsqueeze": { call in
      var x = try call.input(0)
      let axes = axisList(call, 1) ?? []
      let rank = x.rank + axes.count
      for axis in axes.map({ $0 < 0 ? $0 + rank : $0 }).sorted() { x = x.expanded(axis: axis) }
      return [x]
    },
    "Concat": { call in
      [
        Tensor.concatenated(
          try call.inputs.indices.map { try call.input($0) }, axis: call.node.int("axis", 0))
      ]
    },
    "Split": { call in
      let x = try call.input(0)
      let raw = call.node.int("axis", 0)
      let axis = raw < 0 ? raw + x.rank : raw
      if let sizes = call.integers(1) { return x.split(axis: axis, sizes: sizes) }
      let parts = call.node.int("num_outputs", call.node.outputs.count)
      let each = (x.shape[axis] + parts - 1) / parts
      let sizes = (0..<parts).map { max(0, min(each, x.shape[axis] - $0 * each)) }
      return x.split(axis: axis, sizes: sizes)
    },
    "Slice": { call in
      var x = try call.input(0)
      let starts = call.integers(1) ?? [], ends = call.integers(2) ?? []
      let axes = call.integers(3) ?? Array(starts.indices)
      let steps = call.integers(4) ?? starts.map { _ in 1 }
      for (index, raw) in axes.enumerated() {
        let axis = raw < 0 ? raw + x.rank : raw
        let size = x.shape[axis], step = steps[index]
        func place(_ value: Int, _ low: Int, _ high: Int) -> Int {
          let shifted = value < 0 ? value.addingReportingOverflow(size).partialValue : value
          return min(max(shifted, low), high)
        }
        if step > 0 {
          let low = place(starts[index], 0, size)
          x = x.sliced(axis: axis, low..<max(low, place(ends[index], 0, size)), step: step)
        } else {
          let low = place(starts[index], 0, size - 1), high = place(ends[index], -1, size - 1)
          let first = size - 1 - low
          x = x.flipped(axes: [axis])
            .sliced(axis: axis, first..<max(first, size - 1 - high), step: -step)
        }
      }
      return [x]
    },
    "Expand": { call in
      let x = try call.input(0)
      guard let target = Shape.broadcast(x.shape, call.integers(1) ?? []) else {
        throw NotMapped("Expand")
      }
      return [x.broadcast(to: target)]
    },
    "Tile": { [try $0.input(0).tiled($0.integers(1) ?? [])] },
    "Pad": { call in
      let x = try call.input(0)
      let pads = call.integers(1) ?? []
      let axes = (call.integers(3) ?? Array(0..<x.rank)).map { $0 < 0 ? $0 + x.rank : $0 }
      var before = [Int](repeating: 0, count: x.rank), after = before
      for (index, axis) in axes.enumerated() {
        before[axis] = pads[index]
        after[axis] = pads[index + axes.count]
      }
      let mode: PaddingMode
      switch call.node.string("mode", "constant") {
      case "constant": mode = .constant(call.optional(2).map(\.scalar) ?? 0)
      case "reflect": mode = .reflect
      case "edge": mode = .replicate
      case "wrap": mode = .wrap
      default: throw NotMapped("Pad mode")
      }
      return [x.padded(before: before, after: after, mode)]
    },
    "DepthToSpace": { call in
      [
        try call.input(0).pixelShuffled(
          call.node.int("blocksize", 1), blockFirst: call.node.string("mode", "DCR") == "DCR")
      ]
    },
    "SpaceToDepth": { call in
      [
        try call.input(0).pixelUnshuffled(
          call.node.int("blocksize", 1), blockFirst: call.node.string("mode", "DCR") == "DCR")
      ]
    },
    "Trilu": { call in
      [
        try call.input(0).triangle(
          upper: call.node.int("upper", 1) == 1, diagonal: call.integers(1)?.first ?? 0)
      ]
    },
    "Shape": { call in
      let x = try call.input(0)
      func clamp(_ v: Int) -> Int { min(max(v < 0 ? v + x.rank : v, 0), x.rank) }
      let start = clamp(call.node.int("start", 0)), end = clamp(call.node.int("end", x.rank))
      let part = start < end ? Array(x.shape[start..<end]) : []
      return [Tensor(of: part.map(Int64.init), shape: [part.count])]
    },
    "Size": { [Tensor(of: [Int64(try $0.input(0).count)], shape: [])] },
    "Constant": { call in
      if let value = call.node.attributes["value"]?.message.messages(5).first {
        return [try ONNXTensor.read(value)]
      }
      if let ints = call.node.ints("value_ints") {
        return [Tensor(of: ints.map(Int64.init), shape: [ints.count])]
      }
      if let int = call.node.attributes["value_int"]?.int {
        return [Tensor(of: [Int64(int)], shape: [])]
      }
      if let floats = call.node.attributes["value_floats"]?.floats {
        return [Tensor(floats, shape: [floats.count])]
      }
      if let float = call.node.attributes["value_float"]?.float { return [Tensor(float)] }
      throw NotMapped("Constant")
    },
    "ConstantOfShape": { call in
      let shape = call.integers(0) ?? []
      let value = try call.node.attributes["value"]?.message.messages(5).first.map(ONNXTensor.read)
      return [(value ?? Tensor([0], shape: [1])).reshaped([]).broadcast(to: shape).contiguous()]
    },
    "Range": { call in
      let type = try call.input(0).elementType
      let values = try (0..<3).map {
        try call.input($0).converted(to: .float64).array(of: Double.self)[0]
      }
      let count = max(0, Int(((values[1] - values[0]) / values[2]).rounded(.up)))
      let list = (0..<count).map { values[0] + Double($0) * values[2] }
      return [Tensor(of: list, shape: [count]).converted(to: type)]
    },
    "EyeLike": { call in
      let x = try call.input(0)
      let type = try call.node.attributes["dtype"].map { try ONNXTensor.types(Int64($0.int)) }
      let k = call.node.int("k", 0)
      let ones = Tensor.ones(x.shape).triangle(upper: true, diagonal: k)
        .triangle(upper: false, diagonal: k)
      return [ones.converted(to: type ?? x.elementType)]
    },
  ]

  private static func rule(_ call: ONNXCall) throws -> ScatterRule {
    switch call.node.string("reduction", "none") {
    case "none": return .replace
    case "add": return .add
    case "mul": return .multiply
    case "max": return .maximum
    case "min": return .minimum
    default: throw NotMapped("reduction")
    }
  }

  static let indexing: [String: Operation] = [
    "Gather": { [try $0.input(0).gathered(try $0.input(1), axis: $0.node.int("axis", 0))] },
    "GatherElements": {
      [try $0.input(0).gatheredElements(try $0.input(1), axis: $0.node.int("axis", 0))]
    },
    "GatherND": {
      [try $0.input(0).gatheredND(try $0.input(1), batchAxes: $0.node.int("batch_dims", 0))]
    },
    "ScatterElements": { call in
      [
        try call.input(0).scatteredElements(
          try call.input(1), updates: try call.input(2), axis: call.node.int("axis", 0),
          try rule(call))
      ]
    },
    "ScatterND": { call in
      [
        try call.input(0).scatteredND(
          try call.input(1), updates: try call.input(2), try rule(call))
      ]
    },
    "Compress": { call in
      let x = try call.input(0)
      guard let axis = call.node.attributes["axis"]?.int else {
        return [x.reshaped([x.count]).compressed(try call.input(1), axis: 0)]
      }
      return [x.compressed(try call.input(1), axis: axis)]
    },
    "NonZero": { [try $0.input(0).nonZero()] },
    "OneHot": { call in
      let values = try call.input(2)
      let pair = values.scalars
      let result = try call.input(0).oneHot(
        classes: call.integers(1)?.first ?? 0, axis: call.node.int("axis", -1), on: pair[1],
        off: pair[0])
      return [result.converted(to: values.elementType)]
    },
    "TopK": { call in
      let (values, indices) = try call.input(0).largest(
        call.integers(1)?.first ?? 0, axis: call.node.int("axis", -1),
        smallest: call.node.int("largest", 1) == 0)
      return [values, indices]
    },
    "Einsum": { call in
      [
        Tensor.einsum(
          call.node.string("equation", ""), try call.inputs.indices.map { try call.input($0) })
      ]
    },
  ]
}
