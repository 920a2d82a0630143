// Erosion and dilation with 3 × 3 (× 3) elements, background outside the image.

extension Mask {
  /// Grown by the element of a connectivity, `iterations` times.
  public func dilated(_ connectivity: Connectivity = .corners, iterations: Int = 1) -> Mask {
    var current = voxels
    for _ in 0..<max(iterations, 0) { current = Self.step(current, grid, connectivity, grow: true) }
    return Mask(unchecked: current, shape: shape, spacing: spacing)
  }

  /// Shrunk by the element of a connectivity, `iterations` times; outside is background.
  public func eroded(_ connectivity: Connectivity = .faces, iterations: Int = 1) -> Mask {
    var current = voxels
    for _ in 0..<max(iterations, 0) {
      current = Self.step(current, grid, connectivity, grow: false)
    }
    return Mask(unchecked: current, shape: shape, spacing: spacing)
  }

  private static func step(
    _ input: [UInt8], _ g: Grid, _ connectivity: Connectivity, grow: Bool
  ) -> [UInt8] {
    // The full element is separable; the others are unions (or intersections) of axis steps.
    if connectivity == .corners || (g.isFlat && connectivity == .edges) {
      var out = input
      for axis in (g.isFlat ? 1 : 0)..<3 { out = along(axis, out, g, grow: grow) }
      return out
    }
    let axes = Array((g.isFlat ? 1 : 0)..<3)
    var out = input
    func merge(_ other: [UInt8]) {
      for i in out.indices { out[i] = grow ? out[i] | other[i] : out[i] & other[i] }
    }
    if connectivity == .faces {
      for axis in axes { merge(along(axis, input, g, grow: grow)) }
    } else {
      for a in axes {
        let first = along(a, input, g, grow: grow)
        for b in axes where b > a { merge(along(b, first, g, grow: grow)) }
      }
    }
    return out
  }

  /// Maximum (or minimum) of three along one axis.
  private static func along(_ axis: Int, _ input: [UInt8], _ g: Grid, grow: Bool) -> [UInt8] {
    let stride = axis == 0 ? g.d1 * g.d2 : axis == 1 ? g.d2 : 1
    let extent = axis == 0 ? g.d0 : axis == 1 ? g.d1 : g.d2
    var out = input
    unsafe input.withUnsafeBufferPointer { source in
      unsafe out.withUnsafeMutableBufferPointer { target in
        let n = source.count
        for i in 0..<n {
          let at = (i / stride) % extent
          let before = at > 0 ? unsafe source[i - stride] : 0
          let after = at + 1 < extent ? unsafe source[i + stride] : 0
          unsafe target[i] =
            grow ? source[i] | before | after : source[i] & before & after
        }
      }
    }
    return out
  }

  /// Boundary IoU (Cheng et al. 2021): IoU of the voxels within `pixels` erosions of each edge.
  ///
  /// - Throws: ``EvaluationError`` when the grids differ.
  public func boundaryIoU(with reference: Mask, pixels: Int) throws(EvaluationError) -> Score {
    try requireSameGrid(reference)
    func band(_ mask: Mask) -> [UInt8] {
      let inner = mask.eroded(.corners, iterations: pixels).voxels
      return zip(mask.voxels, inner).map { $0 & ~$1 & 1 }
    }
    let c = MaskScan.counts(band(self), band(reference))
    let union = c.first + c.second - c.both
    let empty: Undefined = .bothEmpty
    return Score(
      "boundary IoU", isEmpty && reference.isEmpty ? .undefined(empty) : .ratio(c.both, union),
      count: 1, signature: "boundary IoU|Cheng|pixels:\(pixels)|v:\(Definitions.version)")
  }

  /// The boundary width of 2 % of the image diagonal, at least 1 (the paper's default).
  public var defaultBoundaryWidth: Int {
    let diagonal = shape.map { Double($0 * $0) }.reduce(0, +).squareRoot()
    return max(1, Int((0.02 * diagonal).rounded()))
  }

  /// The overlap over the union of the one-voxel boundaries grown to `pixels` on both sides, as
  /// Metrics Reloaded computes it; see ``boundaryIoU(with:pixels:)`` for the paper's definition.
  func faceBoundary() -> Mask {
    let inner = eroded(.faces).voxels
    return Mask(
      unchecked: zip(voxels, inner).map { $0 & ~$1 & 1 }, shape: shape, spacing: spacing)
  }
}
