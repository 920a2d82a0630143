// Sampling an image at given places.

/// What lies beyond the edge of a sampled image.
public enum GridBorder: Sendable, Hashable {
  case zeros, border, reflection
}

extension Tensor {
  /// The image at the places of a grid, as PyTorch's `grid_sample`.
  ///
  /// - `grid`: `[batch, …, axes]`: for each output the place along the last image axis first, −1
  ///   at the image's beginning and 1 at its end.
  /// - `alignCorners`: Whether −1 and 1 are the centres of the outer pixels rather than their
  ///   outer edges.
  /// - Returns: `[batch, channel, …]` for `self` of shape `[batch, channel, …]` with two or three
  ///   image axes.
  public func gridSampled(
    _ grid: Tensor, _ interpolation: Interpolation = .linear, border: GridBorder = .zeros,
    alignCorners: Bool = false
  ) -> Tensor {
    let axes = rank - 2
    precondition(
      (1...3).contains(axes) && grid.rank == rank && grid.shape[0] == shape[0]
        && grid.shape[rank - 1] == axes, "gridSampled: \(shape) at \(grid.shape)")
    let image = Array(shape.dropFirst(2))
    let size = Array(grid.shape[1..<(rank - 1)])
    let places = Shape.count(size), plane = Shape.count(image)
    let points = grid.converted(to: .float64).array(of: Double.self)
    let pixels = converted(to: .float64).array(of: Double.self)
    let dense = Shape.strides(image)
    var values = [Double](repeating: 0, count: shape[0] * shape[1] * places)
    for n in 0..<shape[0] {
      for place in 0..<places {
        let at = (0..<axes).map { axis -> Double in
          let x = points[(n * places + place) * axes + axes - 1 - axis]
          let raw =
            alignCorners
            ? (x + 1) / 2 * Double(image[axis] - 1) : ((x + 1) * Double(image[axis]) - 1) / 2
          return GridPlace.bordered(raw, image[axis], border, alignCorners, interpolation)
        }
        // Every combination of taps: a place in the image and its weight.
        var sums: [(Int, Double)] = [(0, 1)]
        for axis in 0..<axes {
          let taps = GridPlace.taps(at[axis], image[axis], interpolation, border, alignCorners)
          sums = sums.flatMap { base, weight in
            taps.map { (base + $0.index * dense[axis], weight * $0.weight) }
          }
        }
        for channel in 0..<shape[1] {
          let base = (n * shape[1] + channel) * plane
          var sum = 0.0
          for (index, weight) in sums { sum += weight * pixels[base + index] }
          values[(n * shape[1] + channel) * places + place] = sum
        }
      }
    }
    return Tensor(of: values, shape: Array(shape.prefix(2)) + size).converted(to: elementType)
  }
}

/// Places along one axis of a sampled image.
private enum GridPlace {
  static func reflected(_ x: Double, _ size: Int, _ alignCorners: Bool) -> Double {
    let low = alignCorners ? 0.0 : -0.5
    let span = alignCorners ? Double(size - 1) : Double(size)
    if span == 0 { return 0 }
    let away = abs(x - low).truncatingRemainder(dividingBy: 2 * span)
    let folded = away > span ? 2 * span - away : away
    return Swift.min(Swift.max(folded + low, 0), Double(size - 1))
  }

  static func bordered(
    _ x: Double, _ size: Int, _ border: GridBorder, _ alignCorners: Bool,
    _ interpolation: Interpolation
  ) -> Double {
    // The cubic's own taps are what leaves the image; they are folded one by one.
    if case .cubic = interpolation { return x }
    guard x.isFinite else { return border == .zeros ? -2 : 0 }
    switch border {
    case .zeros: return Swift.min(Swift.max(x, -1e9), 1e9)
    case .border: return Swift.min(Swift.max(x, 0), Double(size - 1))
    case .reflection: return reflected(x, size, alignCorners)
    }
  }

  static func taps(
    _ x: Double, _ size: Int, _ interpolation: Interpolation, _ border: GridBorder,
    _ alignCorners: Bool
  ) -> [(index: Int, weight: Double)] {
    guard x.isFinite, abs(x) < 1e9 else { return [] }
    var all: [(Int, Double)]
    let low = Int(x.rounded(.down)), t = x - x.rounded(.down)
    switch interpolation {
    case .nearest: all = [(Int(x.rounded(.toNearestOrEven)), 1)]
    case .linear: all = [(low, 1 - t), (low + 1, t)]
    case .cubic(let coefficient):
      let a = Double(coefficient)
      func near(_ x: Double) -> Double { ((a + 2) * x - (a + 3)) * x * x + 1 }
      func far(_ x: Double) -> Double { ((x - 5) * x + 8) * x * a - 4 * a }
      all = [(low - 1, far(t + 1)), (low, near(t)), (low + 1, near(1 - t)), (low + 2, far(2 - t))]
      if border == .border { all = all.map { (Swift.min(Swift.max($0.0, 0), size - 1), $0.1) } }
      if border == .reflection {
        all = all.map { (Int(reflected(Double($0.0), size, alignCorners)), $0.1) }
      }
    }
    return all.filter { $0.0 >= 0 && $0.0 < size }.map { (index: $0.0, weight: $0.1) }
  }
}
