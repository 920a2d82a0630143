// ONNX's functions of one and two numbers.

import NeuralCore

extension ONNXOperators {
  private static func unary(_ function: @escaping @Sendable (Tensor) -> Tensor) -> Operation {
    { call in
      let x = try call.input(0)
      try call.require(x.elementType.isFloatingPoint, "\(x.elementType)")
      return [function(x)]
    }
  }
  private static func any(_ function: @escaping @Sendable (Tensor) -> Tensor) -> Operation {
    { [function(try $0.input(0))] }
  }
  private static func binary(
    _ function: @escaping @Sendable (Tensor, Tensor) -> Tensor
  ) -> Operation {
    { [function(try $0.input(0), try $0.input(1))] }
  }
  private static func many(
    _ function: @escaping @Sendable (Tensor, Tensor) -> Tensor
  ) -> Operation {
    { call in
      [
        try call.inputs.indices.dropFirst().reduce(try call.input(0)) {
          function($0, try call.input($1))
        }
      ]
    }
  }

  static let elementwise: [String: Operation] = [
    "Abs": any { $0.absolute() }, "Neg": any { -$0 }, "Sign": any { $0.sign() },
    "Sqrt": unary { $0.squareRoot() }, "Reciprocal": unary { $0.reciprocal() },
    "Floor": unary { $0.floor() }, "Ceil": unary { $0.ceil() }, "Round": unary { $0.rounded() },
    "Exp": unary { $0.exp() }, "Log": unary { $0.log() }, "Erf": unary { $0.errorFunction() },
    "Sin": unary { $0.sin() }, "Cos": unary { $0.cos() }, "Tan": unary { $0.tan() },
    "Asin": unary { $0.asin() }, "Acos": unary { $0.acos() }, "Atan": unary { $0.atan() },
    "Sinh": unary { $0.sinh() }, "Cosh": unary { $0.cosh() }, "Asinh": unary { $0.asinh() },
    "Acosh": unary { $0.acosh() }, "Atanh": unary { $0.atanh() },
    "Sigmoid": unary { $0.sigmoid() }, "Tanh": unary { $0.tanh() },
    "Relu": any { x in
      x.elementType.isFloatingPoint
        ? x.relu() : x.maximum(Tensor(0).converted(to: x.elementType))
    },
    "Softplus": unary { $0.softplus() }, "Softsign": unary { $0.softsign() },
    "Mish": unary { $0.mish() }, "HardSwish": unary { $0.hardSwish() },
    "LeakyRelu": { [try $0.input(0).leakyReLU(slope: $0.node.float("alpha", 0.01))] },
    "Elu": { [try $0.input(0).elu(alpha: $0.node.float("alpha", 1))] },
    "Celu": { [try $0.input(0).celu(alpha: $0.node.float("alpha", 1))] },
    "Selu": {
      [
        try $0.input(0).selu(
          alpha: $0.node.float("alpha", 1.673_263_2), gamma: $0.node.float("gamma", 1.050_701))
      ]
    },
    "HardSigmoid": {
      [
        try $0.input(0).hardSigmoid(
          slope: $0.node.float("alpha", 0.2), offset: $0.node.float("beta", 0.5))
      ]
    },
    "ThresholdedRelu": {
      [try $0.input(0).thresholdedReLU(threshold: $0.node.float("alpha", 1))]
    },
    "Shrink": {
      [
        try $0.input(0).shrunk(
          lambda: $0.node.float("lambd", 0.5), bias: $0.node.float("bias", 0))
      ]
    },
    "Swish": { [try $0.input(0).swish(beta: $0.node.float("alpha", 1))] },
    "Gelu": { call in
      let x = try call.input(0)
      return [call.node.string("approximate", "none") == "tanh" ? x.geluTanh() : x.gelu()]
    },
    "PRelu": { call in
      try call.require(try call.input(0).elementType.isFloatingPoint, "integers")
      return [try call.input(0).parametricReLU(slope: try call.input(1))]
    },
    "Add": binary(+), "Sub": binary(-), "Mul": binary(*), "Div": binary(/),
    "Sum": many(+), "Max": many { $0.maximum($1) }, "Min": many { $0.minimum($1) },
    "Mean": { call in
      [
        try call.inputs.indices.dropFirst().reduce(try call.input(0)) { $0 + (try call.input($1)) }
          / Float(call.inputs.count)
      ]
    },
    "Pow": { call in
      let x = try call.input(0), y = try call.input(1)
      let result = x.converted(to: .float64).power(y.converted(to: .float64))
      return [result.converted(to: x.elementType)]
    },
    "Mod": { call in
      let x = try call.input(0), y = try call.input(1)
      let rest = x.remainder(dividingBy: y)
      if call.node.int("fmod", 0) == 1 { return [rest] }
      // Python's sign: that of the divisor.
      let zero = Tensor(0).converted(to: x.elementType)
      let wrong = rest.equal(to: zero).not()
        .and(rest.less(than: zero).exclusiveOr(y.less(than: zero)))
      return [wrong.selecting(rest + y, otherwise: rest)]
    },
    "Equal": binary { $0.equal(to: $1) }, "Less": binary { $0.less(than: $1) },
    "LessOrEqual": binary { $0.lessOrEqual(to: $1) },
    "Greater": binary { $0.greater(than: $1) },
    "GreaterOrEqual": binary { $0.greaterOrEqual(to: $1) },
    "And": binary { $0.and($1) }, "Or": binary { $0.or($1) },
    "Xor": binary { $0.exclusiveOr($1) }, "Not": any { $0.not() },
    "IsNaN": any { $0.isNaN() },
    "IsInf": { call in
      [
        try call.input(0).isInfinite(
          positive: call.node.int("detect_positive", 1) == 1,
          negative: call.node.int("detect_negative", 1) == 1)
      ]
    },
    "Where": { [try $0.input(0).selecting(try $0.input(1), otherwise: try $0.input(2))] },
    "Clip": { call in
      var x = try call.input(0)
      if let low = call.optional(1) { x = x.maximum(low) }
      if let high = call.optional(2) { x = x.minimum(high) }
      return [x]
    },
    "Identity": any { $0 },
    "Dropout": { call in
      let training = call.optional(2).map { $0.array(of: Bool.self).first ?? false } ?? false
      let ratio = call.optional(1).map(\.scalar) ?? 0.5
      try call.require(!training || ratio == 0, "random")
      let x = try call.input(0)
      return [x, Tensor.ones(x.shape, .bool)]
    },
    "Cast": { call in
      try call.require(
        call.node.attributes["round_mode"] == nil || true, "")
      let type = try ONNXTensor.types(Int64(call.node.int("to", 0)))
      return [try call.input(0).converted(to: type)]
    },
    "CastLike": { [try $0.input(0).converted(to: try $0.input(1).elementType)] },
  ]

  static let reductions: [String: Operation] = {
    func reduction(
      _ function: @escaping @Sendable (Tensor, [Int]?, Bool) -> Tensor
    ) -> Operation {
      { call in
        let x = try call.input(0)
        let axes = call.integers(1) ?? call.node.ints("axes")
        let keep = call.node.int("keepdims", 1) == 1
        if axes?.isEmpty ?? true, call.node.int("noop_with_empty_axes", 0) == 1 {
          return [function(x, [], keep)]
        }
        return [function(x, (axes ?? []).isEmpty ? nil : axes, keep)]
      }
    }
    return [
      "ReduceSum": reduction { $0.sum(axes: $1, keepingAxes: $2) },
      "ReduceMean": reduction { $0.mean(axes: $1, keepingAxes: $2) },
      "ReduceMax": reduction { $0.max(axes: $1, keepingAxes: $2) },
      "ReduceMin": reduction { $0.min(axes: $1, keepingAxes: $2) },
      "ReduceProd": reduction { $0.product(axes: $1, keepingAxes: $2) },
      "ReduceSumSquare": reduction { $0.sumOfSquares(axes: $1, keepingAxes: $2) },
      "ReduceL1": reduction { $0.absolute().sum(axes: $1, keepingAxes: $2) },
      "ReduceL2": reduction { $0.sumOfSquares(axes: $1, keepingAxes: $2).squareRoot() },
      "ReduceLogSum": reduction { $0.sum(axes: $1, keepingAxes: $2).log() },
      "ReduceLogSumExp": reduction { $0.logSumExp(axes: $1, keepingAxes: $2) },
      "ArgMax": { call in
        [
          try call.input(0).argMax(
            axis: call.node.int("axis", 0), keepingAxis: call.node.int("keepdims", 1) == 1,
            lastOfEquals: call.node.int("select_last_index", 0) == 1)
        ]
      },
      "ArgMin": { call in
        [
          try call.input(0).argMin(
            axis: call.node.int("axis", 0), keepingAxis: call.node.int("keepdims", 1) == 1,
            lastOfEquals: call.node.int("select_last_index", 0) == 1)
        ]
      },
      "Softmax": { [try $0.input(0).softmax(axis: $0.node.int("axis", -1))] },
      "LogSoftmax": { [try $0.input(0).logSoftmax(axis: $0.node.int("axis", -1))] },
      "Hardmax": { call in
        let x = try call.input(0)
        let axis = call.node.int("axis", -1)
        let place = x.argMax(axis: axis)
        return [place.oneHot(classes: x.shape[axis < 0 ? axis + x.rank : axis], axis: axis)]
      },
      "LpNormalization": { call in
        let x = try call.input(0)
        let axis = call.node.int("axis", -1)
        let norm =
          call.node.int("p", 2) == 1
          ? x.absolute().sum(axes: [axis], keepingAxes: true)
          : x.sumOfSquares(axes: [axis], keepingAxes: true).squareRoot()
        let zero = norm.equal(to: Tensor(0).converted(to: norm.elementType))
        return [zero.selecting(x * 0, otherwise: x / norm)]
      },
      "CumSum": { call in
        [
          try call.input(0).cumulativeSum(
            axis: call.integers(1)?.first ?? 0, exclusive: call.node.int("exclusive", 0) == 1,
            reversed: call.node.int("reverse", 0) == 1)
        ]
      },
      "CumProd": { call in
        [
          try call.input(0).cumulativeProduct(
            axis: call.integers(1)?.first ?? 0, exclusive: call.node.int("exclusive", 0) == 1,
            reversed: call.node.int("reverse", 0) == 1)
        ]
      },
      "MeanVarianceNormalization": { call in
        let x = try call.input(0)
        let axes = call.node.ints("axes") ?? [0, 2, 3]
        let centred = x - x.mean(axes: axes, keepingAxes: true)
        return [
          centred / (centred.squared().mean(axes: axes, keepingAxes: true).squareRoot() + 1e-9)
        ]
      },
    ]
  }()
}
