// Changes of samples at random that keep a mask on its picture.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Changes of samples at random, in two or three dimensions.
///
/// ```swift
/// var augmentation = Augmentation()
/// augmentation.flips = [2]            // mirror left and right, axis 2 of [channel, row, column]
/// augmentation.rotation = 0.2         // radians
/// augmentation.noise = 0.05
/// options.transform = augmentation.transform
/// ```
/// Inputs are `[channel, …]`. A target with the same image axes is a mask: it moves with the
/// picture and takes the nearest value, so labels stay labels. Other targets are left alone.
public struct Augmentation: Sendable {
  /// Axes of the input (counted with the channel axis) that are mirrored half of the time.
  public var flips: [Int] = []
  /// The largest turn in the plane of the last two axes, in radians.
  public var rotation: Float = 0
  /// The largest relative change of size.
  public var scale: Float = 0
  /// The largest move along each axis, as a share of its length.
  public var shift: Float = 0
  /// The largest bend, as a share of each axis' length: displacements on a coarse lattice, linear
  /// between its points.
  public var elastic: Float = 0
  /// The largest relative change of contrast, and the largest change of brightness.
  public var contrast: Float = 0
  public var brightness: Float = 0
  /// The deviation of normal noise.
  public var noise: Float = 0
  /// For CT in Hounsfield units: the ranges that a window's centre and width are drawn from. The
  /// input becomes 0…1 through the window.
  public var window: (center: ClosedRange<Float>, width: ClosedRange<Float>)?

  public init() {}

  /// The changes as a ``SampleTransform``.
  public var transform: SampleTransform {
    { sample, draws in apply(to: &sample, &draws) }
  }

  /// Changes one sample.
  public func apply(to sample: inout Sample, _ draws: inout SeededDraws) {
    let image = Array(sample.input.shape.dropFirst())
    precondition((2...3).contains(image.count), "augmentation of \(sample.input.shape)")
    let isMask =
      sample.target.rank >= image.count && Array(sample.target.shape.suffix(image.count)) == image
    for axis in flips where draws.unit() < 0.5 {
      precondition(axis > 0 && axis <= image.count, "a flip along axis \(axis)")
      sample.input = sample.input.flipped(axes: [axis]).contiguous()
      if isMask {
        let own = axis - 1 + sample.target.rank - image.count
        sample.target = sample.target.flipped(axes: [own]).contiguous()
      }
    }
    if rotation > 0 || scale > 0 || shift > 0 || elastic > 0 {
      let grid = grid(image, &draws)
      sample.input = sample.input.expanded(axis: 0)
        .gridSampled(grid, .linear, border: .border).squeezed(axis: 0)
      if isMask { sample.target = moved(sample.target, image, grid) }
    }
    if let window {
      let (center, width) = (draws.uniform(window.center), draws.uniform(window.width))
      precondition(width > 0, "a window of width \(width)")
      sample.input = ((sample.input - (center - width / 2)) / width).clamped(0, 1)
    }
    if contrast > 0 || brightness > 0 {
      let factor = 1 + draws.uniform(-contrast...contrast)
      sample.input = sample.input * factor + draws.uniform(-brightness...brightness)
    }
    if noise > 0 {
      let values = (0..<sample.input.count).map { _ in draws.normal() * noise }
      sample.input = sample.input + Tensor(values, shape: sample.input.shape)
    }
  }

  private func moved(_ target: Tensor, _ image: [Int], _ grid: Tensor) -> Tensor {
    let channels = target.count / max(image.reduce(1, *), 1)
    return target.converted(to: .float32).reshaped([1, channels] + image)
      .gridSampled(grid, .nearest(.roundPreferFloor), border: .border).reshaped(target.shape)
      .converted(to: target.elementType)
  }

  /// Where each place of the result comes from: `[1, …, axes]`, −1 to 1, last axis first.
  private func grid(_ image: [Int], _ draws: inout SeededDraws) -> Tensor {
    let axes = image.count
    let angle = draws.uniform(-rotation...rotation)
    let size = 1 + draws.uniform(-scale...scale)
    let moves = (0..<axes).map { _ in 2 * draws.uniform(-shift...shift) }
    let knots = 4
    let bends = (0..<axes).map { _ in
      (0..<Int(pow(Double(knots), Double(axes)))).map { _ in 2 * draws.uniform(-elastic...elastic) }
    }
    let field = bends.map { bend -> [Float] in
      if elastic == 0 { return [] }
      return Tensor(bend, shape: [1, 1] + [Int](repeating: knots, count: axes))
        .resized(to: image, .linear, .alignCorners).scalars
    }
    var values: [Float] = []
    let (sine, cosine) = (sin(angle), cos(angle))
    let (rows, columns) = (Float(image[axes - 2]), Float(image[axes - 1]))
    for place in 0..<image.reduce(1, *) {
      var at = [Float](repeating: 0, count: axes)
      var rest = place
      for axis in (0..<axes).reversed() {
        at[axis] = (2 * Float(rest % image[axis]) + 1) / Float(image[axis]) - 1
        rest /= image[axis]
      }
      // Turned in pixels, not in shares of the axes, so that circles stay circles.
      let (y, x) = (at[axes - 2] * rows, at[axes - 1] * columns)
      at[axes - 2] = (cosine * y - sine * x) / rows
      at[axes - 1] = (sine * y + cosine * x) / columns
      for axis in (0..<axes).reversed() {
        let bend = field[axis].isEmpty ? 0 : field[axis][place]
        values.append(at[axis] / size + moves[axis] + bend)
      }
    }
    return Tensor(values, shape: [1] + image + [axes])
  }
}

/// Batches in which each sample is mixed with another, inputs and targets alike (Zhang et al.,
/// arXiv 1710.09412). Targets must be floating point: probabilities or labels of 0 and 1.
///
/// - Parameter strength: Shares are drawn from Beta(strength, strength).
public func mixUp(strength: Double = 0.2) -> BatchTransform {
  precondition(strength > 0, "mixup with strength \(strength)")
  return { batch, draws in
    precondition(
      batch.targets.elementType.isFloatingPoint, "mixup of targets of \(batch.targets.elementType)")
    let order = draws.order(batch.count)
    // Jöhnk's way to a Beta variate.
    var share: Float = 1
    for _ in 0..<1_000 {
      let a = pow(Double(draws.unit()), 1 / strength)
      let b = pow(Double(draws.unit()), 1 / strength)
      if a + b > 0, a + b <= 1 {
        share = Float(a / (a + b))
        break
      }
    }
    func mixed(_ tensor: Tensor) -> Tensor {
      let others = Tensor.stacked(order.map { tensor.selected(axis: 0, $0) })
      return tensor * share + others * (1 - share)
    }
    batch.inputs = mixed(batch.inputs)
    batch.targets = mixed(batch.targets)
  }
}
