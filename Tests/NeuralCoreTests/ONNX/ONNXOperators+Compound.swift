// ONNX's attention, resizing and losses.

import NeuralCore

extension ONNXOperators {
  static let compound: [String: Operation] = [
    "Attention": { call in try attention(call) },
    "Resize": { call in try resize(call) },
    "NegativeLogLikelihoodLoss": { call in
      [try loss(call, logarithms: try call.input(0))]
    },
    "SoftmaxCrossEntropyLoss": { call in
      let logarithms = try call.input(0).logSoftmax(axis: 1)
      return [try loss(call, logarithms: logarithms), logarithms]
    },
    "RotaryEmbedding": { call in try rotary(call) },
  ]

  private static func attention(_ call: ONNXCall) throws -> [Tensor] {
    try call.require(
      call.node.outputs.count < 4 && call.node.float("softcap", 0) == 0
        && call.node.attributes["softmax_precision"] == nil, "softcap or scores")
    var q = try call.input(0), k = try call.input(1), v = try call.input(2)
    let flat = q.rank == 3
    if flat {
      let heads = call.node.int("q_num_heads", 1), keyHeads = call.node.int("kv_num_heads", 1)
      func split(_ x: Tensor, _ n: Int) -> Tensor {
        x.reshaped([x.shape[0], x.shape[1], n, x.shape[2] / n]).transposed(1, 2)
      }
      (q, k, v) = (split(q, heads), split(k, keyHeads), split(v, keyHeads))
    }
    if let past = call.optional(4) { k = Tensor.concatenated([past, k], axis: 2) }
    if let past = call.optional(5) { v = Tensor.concatenated([past, v], axis: 2) }
    try call.require(call.optional(6) == nil, "nonpad_kv_seqlen")
    let causal = call.node.int("is_causal", 0) == 1
    let left = call.node.int("left_window_size", -1)
    let right = call.node.int("right_window_size", -1)
    var bias: Tensor?
    if let mask = call.optional(3) {
      let type = q.elementType
      bias =
        mask.elementType == .bool
        ? mask.selecting(
          Tensor(0).converted(to: type), otherwise: Tensor(-.infinity).converted(to: type)) : mask
      if let given = bias, given.shape.last ?? 0 < k.shape[2] {
        var after = [Int](repeating: 0, count: given.rank)
        after[given.rank - 1] = k.shape[2] - (given.shape.last ?? 0)
        bias = given.padded(before: after.map { _ in 0 }, after: after, .constant(-.infinity))
      }
    }
    if causal || left >= 0 || right >= 0 {
      // ONNX counts from the first key, with those of the past in front.
      let past = call.optional(4)?.shape[2] ?? 0
      let (rows, columns) = (q.shape[2], k.shape[2])
      let hidden = Tensor(
        (0..<rows).flatMap { i in
          (0..<columns).map { j in
            let back = i + past - j
            let seen =
              (!causal || back >= 0) && (left < 0 || back <= left)
              && (right < 0 || -back <= right)
            return seen ? 0 : -Float.infinity
          }
        }, shape: [rows, columns]
      ).converted(to: q.elementType)
      bias = bias.map { $0 + hidden } ?? hidden
    }
    let scale = call.node.attributes["scale"]?.float
    var y = q.attention(keys: k, values: v, bias: bias, scale: scale)
    if flat {
      y = y.transposed(1, 2).reshaped([y.shape[0], y.shape[2], y.shape[1] * y.shape[3]])
    }
    return [y, k, v]
  }

  private static func resize(_ call: ONNXCall) throws -> [Tensor] {
    var x = try call.input(0)
    let node = call.node
    let coordinates = node.string("coordinate_transformation_mode", "half_pixel")
    let antialias = node.int("antialias", 0) == 1
    try call.require(
      coordinates != "tf_crop_and_resize", "tf_crop_and_resize")
    let rules: [String: CoordinateRule] = [
      "half_pixel": .halfPixel, "align_corners": .alignCorners, "asymmetric": .asymmetric,
      "pytorch_half_pixel": .pytorchHalfPixel, "half_pixel_symmetric": .halfPixelSymmetric,
    ]
    let nearest: [String: NearestRule] = [
      "round_prefer_floor": .roundPreferFloor, "round_prefer_ceil": .roundPreferCeil,
      "floor": .floor, "ceil": .ceil,
    ]
    guard let rule = rules[coordinates],
      let near = nearest[node.string("nearest_mode", "round_prefer_floor")]
    else { throw NotMapped("Resize \(coordinates)") }
    let interpolation: Interpolation
    switch node.string("mode", "nearest") {
    case "nearest": interpolation = .nearest(near)
    case "linear": interpolation = .linear
    default: interpolation = .cubic(coefficient: node.float("cubic_coeff_a", -0.75))
    }
    let axes = (node.ints("axes") ?? Array(0..<x.rank)).map { $0 < 0 ? $0 + x.rank : $0 }
    let scales = call.optional(2).map { $0.scalars.map(Double.init) } ?? []
    let sizes = call.integers(3)
    var factors = scales, targets = sizes ?? []
    if let sizes {
      factors = zip(sizes, axes).map { Double($0) / Double(x.shape[$1]) }
      let policy = node.string("keep_aspect_ratio_policy", "stretch")
      if policy != "stretch" {
        let one = policy == "not_larger" ? factors.min() ?? 1 : factors.max() ?? 1
        factors = factors.map { _ in one }
        targets = axes.map { Int((one * Double(x.shape[$0])).rounded()) }
      }
    } else {
      targets = zip(scales, axes).map { Int(($0 * Double(x.shape[$1])).rounded(.down)) }
    }
    for (index, axis) in axes.enumerated() where factors[index] != 1 {
      let plan = Resampling(
        from: x.shape[axis], to: targets[index], interpolation, rule, scale: factors[index],
        antialias: antialias, excludesOutside: node.int("exclude_outside", 0) == 1)
      x = plan.applied(to: x, axis: axis)
    }
    return [x]
  }

  /// Both losses from logarithms of probabilities `[batch, class, …]`.
  private static func loss(_ call: ONNXCall, logarithms: Tensor) throws -> Tensor {
    let labels = try call.input(1).converted(to: .int64)
    let classes = logarithms.shape[1]
    let ignored = call.node.attributes["ignore_index"]?.int
    let list = labels.array(of: Int64.self)
    let kept = list.map { ignored == nil || Int($0) != ignored }
    let safe = Tensor(
      of: zip(list, kept).map { $1 ? $0 : 0 }, shape: labels.shape)
    let weight = call.optional(2) ?? Tensor.ones([classes], logarithms.elementType)
    let mask = Tensor(of: kept, shape: labels.shape).converted(to: logarithms.elementType)
    let each = weight.gathered(safe) * mask
    let picked = logarithms.gatheredElements(safe.expanded(axis: 1), axis: 1).squeezed(axis: 1)
    let losses = -(picked * each)
    switch call.node.string("reduction", "mean") {
    case "none": return losses
    case "sum": return losses.sum()
    default: return losses.sum() / each.sum()
    }
  }

  private static func rotary(_ call: ONNXCall) throws -> [Tensor] {
    var x = try call.input(0)
    let flat = x.rank == 3
    if flat {
      let heads = call.node.int("num_heads", 1)
      x = x.reshaped([x.shape[0], x.shape[1], heads, x.shape[2] / heads]).transposed(1, 2)
    }
    let width = x.shape[3]
    let turned =
      call.node.int("rotary_embedding_dim", 0) == 0
      ? width : call.node.int("rotary_embedding_dim", 0)
    var (cos, sin) = (try call.input(1), try call.input(2))
    if let places = call.optional(3) { (cos, sin) = (cos.gathered(places), sin.gathered(places)) }
    (cos, sin) = (cos.expanded(axis: 1), sin.expanded(axis: 1))
    let half = turned / 2
    let part = x.sliced(axis: 3, 0..<turned), rest = x.sliced(axis: 3, turned..<width)
    let interleaved = call.node.int("interleaved", 0) == 1
    let a = interleaved ? part.sliced(axis: 3, 0..<turned, step: 2) : part.sliced(axis: 3, 0..<half)
    let b =
      interleaved ? part.sliced(axis: 3, 1..<turned, step: 2) : part.sliced(axis: 3, half..<turned)
    cos = cos.sliced(axis: 3, 0..<half)
    sin = sin.sliced(axis: 3, 0..<half)
    let real = a * cos - b * sin, imaginary = a * sin + b * cos
    let joined =
      interleaved
      ? Tensor.stacked([real, imaginary], axis: 4).reshaped(part.shape)
      : Tensor.concatenated([real, imaginary], axis: 3)
    var y = Tensor.concatenated([joined, rest], axis: 3)
    if flat {
      y = y.transposed(1, 2).reshaped([y.shape[0], y.shape[2], y.shape[1] * y.shape[3]])
    }
    return [y]
  }
}
