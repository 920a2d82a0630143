// Resampling along one axis: each output is a weighted sum of a few inputs.

import CNeuralKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How interpolation weighs neighbours.
public enum Interpolation: Sendable, Hashable {
  /// The nearest element, by a rule for halves.
  case nearest(NearestRule)
  /// A straight line between two.
  case linear
  /// Keys' cubic through four, with its coefficient: −0.75 in PyTorch and ONNX, −0.5 in Pillow.
  case cubic(coefficient: Float)

  /// PyTorch's `nearest`.
  public static let nearest = Interpolation.nearest(.floor)
  /// PyTorch's `bicubic`.
  public static let cubic = Interpolation.cubic(coefficient: -0.75)
}

/// Which neighbour is nearest when a coordinate lies between two.
public enum NearestRule: Sendable, Hashable {
  case floor, ceil, roundPreferFloor, roundPreferCeil
}

/// Where an output element lies in the input.
public enum CoordinateRule: Sendable, Hashable {
  /// Pixels are areas: (i + ½)·in/out − ½. PyTorch's `align_corners=False`.
  case halfPixel
  /// Corners stay on corners: i·(in − 1)/(out − 1).
  case alignCorners
  /// i·in/out, as PyTorch's `nearest` and old frameworks.
  case asymmetric
  /// As `halfPixel`, and 0 where the output has one element.
  case pytorchHalfPixel
  /// As `halfPixel`, moved so that a rounded size keeps the image's middle (ONNX).
  case halfPixelSymmetric
}

/// A plan to resample one axis: for each output, `taps` indices and weights.
public struct Resampling: Sendable {
  let inputs: Int
  let outputs: Int
  let taps: Int
  /// −1 stands for a value outside.
  let indices: [Int32]
  let weights: [Float]

  init(inputs: Int, outputs: Int, taps: Int, indices: [Int32], weights: [Float]) {
    self.inputs = inputs
    self.outputs = outputs
    self.taps = taps
    self.indices = indices
    self.weights = weights
  }

  /// Means of nearly equal windows.
  static func adaptive(from inputs: Int, to outputs: Int) -> Resampling {
    let spans = (0..<outputs).map { index in
      (index * inputs / outputs)..<(((index + 1) * inputs + outputs - 1) / outputs)
    }
    let taps = spans.map(\.count).max() ?? 0
    var indices: [Int32] = []
    var weights: [Float] = []
    for span in spans {
      for tap in 0..<taps {
        let inside = tap < span.count
        // Nothing where a span is shorter: an infinity times 0 would be NaN.
        indices.append(Int32(inside ? span.lowerBound + tap : -1))
        weights.append(inside ? 1 / Float(span.count) : 0)
      }
    }
    return Resampling(
      inputs: inputs, outputs: outputs, taps: taps, indices: indices, weights: weights)
  }

  /// A plan for interpolation.
  ///
  /// - `scale`: Outputs per input where it is not `outputs / inputs`.
  /// - `antialias`: Whether a reduction widens the filter so that every input counts.
  /// - `excludesOutside`: Whether weights beyond the edge are dropped and the rest made to add to
  ///   one; otherwise the edge's element repeats.
  public init(
    from inputs: Int, to outputs: Int, _ interpolation: Interpolation,
    _ rule: CoordinateRule = .halfPixel, scale: Double? = nil, antialias: Bool = false,
    excludesOutside: Bool = false
  ) {
    precondition(inputs > 0 || outputs == 0, "Resampling: \(inputs) to \(outputs)")
    let factor = scale ?? Double(outputs) / Double(Swift.max(inputs, 1))
    let places = (0..<outputs).map { index in
      Self.coordinate(index, inputs, outputs, factor, scale: scale, rule)
    }
    self.init(
      places: places, inputs: inputs, interpolation, stretch: antialias ? Swift.min(1, factor) : 1,
      excludesOutside: excludesOutside, outside: false)
  }

  /// A plan for given coordinates.
  ///
  /// - Parameter outside: Whether coordinates beyond the edge give the value for outside.
  init(
    places: [Double], inputs: Int, _ interpolation: Interpolation, stretch: Double = 1,
    excludesOutside: Bool = false, outside: Bool
  ) {
    var indices: [Int32] = []
    var weights: [Float] = []
    var taps = 1
    switch interpolation {
    case .nearest: taps = 1
    case .linear: taps = 2 * Int((1 / stretch).rounded(.up))
    case .cubic: taps = 2 * Int((2 / stretch).rounded(.up))
    }
    for place in places {
      if outside && (place < 0 || place > Double(inputs - 1)) {
        indices += [Int32](repeating: -1, count: taps)
        weights += [1] + [Float](repeating: 0, count: taps - 1)
        continue
      }
      if case .nearest(let rule) = interpolation {
        indices.append(Int32(Swift.min(Swift.max(Self.nearest(place, rule), 0), inputs - 1)))
        weights.append(1)
        continue
      }
      let first = Int(place.rounded(.down)) - taps / 2 + 1
      var row = (0..<taps).map { tap in
        Self.weight(Double(first + tap) - place, interpolation, stretch)
      }
      if excludesOutside {
        for tap in 0..<taps where first + tap < 0 || first + tap >= inputs { row[tap] = 0 }
      }
      if excludesOutside || stretch < 1 {
        let sum = row.reduce(0, +)
        row = row.map { $0 / sum }
      }
      for tap in 0..<taps {
        indices.append(Int32(Swift.min(Swift.max(first + tap, 0), inputs - 1)))
        weights.append(Float(row[tap]))
      }
    }
    self.init(
      inputs: inputs, outputs: places.count, taps: taps, indices: indices, weights: weights)
  }

  static func coordinate(
    _ index: Int, _ inputs: Int, _ outputs: Int, _ factor: Double, scale: Double?,
    _ rule: CoordinateRule
  ) -> Double {
    let i = Double(index)
    switch rule {
    case .halfPixel: return (i + 0.5) / factor - 0.5
    case .alignCorners:
      let size = scale.map { $0 * Double(inputs) } ?? Double(outputs)
      return size > 1 ? i * Double(inputs - 1) / (size - 1) : 0
    case .asymmetric: return i / factor
    case .pytorchHalfPixel: return outputs > 1 ? (i + 0.5) / factor - 0.5 : 0
    case .halfPixelSymmetric:
      let exact = factor * Double(inputs)
      let offset = Double(inputs) / 2 * (1 - Double(outputs) / exact)
      return offset + (i + 0.5) / factor - 0.5
    }
  }

  private static func nearest(_ place: Double, _ rule: NearestRule) -> Int {
    switch rule {
    case .floor: Int(place.rounded(.down))
    case .ceil: Int(place.rounded(.up))
    case .roundPreferFloor: Int((place - 0.5).rounded(.up))
    case .roundPreferCeil: Int((place + 0.5).rounded(.down))
    }
  }

  private static func weight(
    _ distance: Double, _ interpolation: Interpolation, _ stretch: Double
  ) -> Double {
    let x = abs(distance * stretch)
    guard case .cubic(let coefficient) = interpolation else { return Swift.max(0, 1 - x) }
    let a = Double(coefficient)
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
  }

  /// The plan along an axis of a tensor.
  public func applied(to x: Tensor, axis: Int, outside: Float = 0) -> Tensor {
    precondition(
      x.shape[axis] == inputs, "resampling: axis \(axis) of \(x.shape), plan for \(inputs)")
    if x.elementType != .float32 {
      return applied(to: x.converted(to: .float32), axis: axis, outside: outside)
        .converted(to: x.elementType)
    }
    var shape = x.shape
    shape[axis] = outputs
    let result = Tensor(uninitialized: shape)
    if result.count == 0 { return result }
    let input = x.contiguous()
    unsafe nk_resample(
      input.floats, result.floats, shape[..<axis].reduce(1, *), inputs,
      shape[(axis + 1)...].reduce(1, *), outputs, taps, indices, weights, outside)
    withExtendedLifetime(input.storage) {}
    return result
  }

  /// The gradient of what the plan was applied to.
  public func gradient(_ dy: Tensor, axis: Int) -> Tensor {
    if dy.elementType != .float32 {
      return gradient(dy.converted(to: .float32), axis: axis).converted(to: dy.elementType)
    }
    var shape = dy.shape
    shape[axis] = inputs
    let result = Tensor(uninitialized: shape)
    if result.count == 0 { return result }
    let input = dy.contiguous()
    unsafe nk_resample_gradient(
      input.floats, result.floats, shape[..<axis].reduce(1, *), inputs,
      shape[(axis + 1)...].reduce(1, *), outputs, taps, indices, weights)
    withExtendedLifetime(input.storage) {}
    return result
  }
}

extension Tensor {
  /// The image axes of `[batch, channel, …]` resized, one after another.
  ///
  /// - `size`: The new size of each image axis.
  /// - `scales`: Outputs per input along each axis where that is not the quotient of the sizes.
  public func resized(
    to size: [Int], _ interpolation: Interpolation = .linear, _ rule: CoordinateRule = .halfPixel,
    scales: [Double]? = nil, antialias: Bool = false
  ) -> Tensor {
    precondition(
      rank == size.count + 2 && size.allSatisfy { $0 >= 0 }
        && (scales == nil || scales?.count == size.count), "resized: \(shape) to \(size)")
    var result = self
    for axis in size.indices where size[axis] != shape[axis + 2] || scales != nil {
      let plan = Resampling(
        from: shape[axis + 2], to: size[axis], interpolation, rule, scale: scales?[axis],
        antialias: antialias, excludesOutside: antialias)
      result = plan.applied(to: result, axis: axis + 2)
    }
    return result
  }

  /// The gradient of `resized`'s image.
  public static func resizeGradient(
    _ gradient: Tensor, imageShape: [Int], _ interpolation: Interpolation = .linear,
    _ rule: CoordinateRule = .halfPixel, scales: [Double]? = nil, antialias: Bool = false
  ) -> Tensor {
    var result = gradient
    for axis in (2..<imageShape.count).reversed()
    where gradient.shape[axis] != imageShape[axis] || scales != nil {
      let plan = Resampling(
        from: imageShape[axis], to: gradient.shape[axis], interpolation, rule,
        scale: scales?[axis - 2], antialias: antialias, excludesOutside: antialias)
      result = plan.gradient(result, axis: axis)
    }
    return result
  }
}
