// Bounding boxes of labels and cut-outs, so that one lesion costs its own box, not the volume.

extension Mask {
  /// The part inside a box.
  func cropped(to box: VoxelBox) -> Mask {
    let g = grid
    let (a, b) = (box.low, box.high)
    var out: [UInt8] = []
    out.reserveCapacity((b.0 - a.0) * (b.1 - a.1) * (b.2 - a.2))
    for i in a.0..<b.0 {
      for j in a.1..<b.1 {
        let base = (i * g.d1 + j) * g.d2
        out.append(contentsOf: voxels[(base + a.2)..<(base + b.2)])
      }
    }
    let extents = [b.0 - a.0, b.1 - a.1, b.2 - a.2]
    return Mask(
      unchecked: out, shape: g.isFlat ? Array(extents.dropFirst()) : extents, spacing: spacing)
  }
}

extension Components {
  /// The tight box of every component, component 1 first.
  func boxes() -> [VoxelBox] {
    let g = Grid(shape: shape, spacing: spacing)
    return labelBoxes(labels, count: count, g)
  }
}

/// The tight boxes of labels 1…count; an unused label has an empty box.
func labelBoxes(_ labels: [Int32], count: Int, _ g: Grid) -> [VoxelBox] {
  var boxes = [VoxelBox](
    repeating: VoxelBox(low: (.max, .max, .max), high: (0, 0, 0)), count: count)
  var at = 0
  for i in 0..<g.d0 {
    for j in 0..<g.d1 {
      for k in 0..<g.d2 {
        let label = Int(labels[at])
        at += 1
        guard label > 0 else { continue }
        var box = boxes[label - 1]
        box.low = (min(box.low.0, i), min(box.low.1, j), min(box.low.2, k))
        box.high = (max(box.high.0, i + 1), max(box.high.1, j + 1), max(box.high.2, k + 1))
        boxes[label - 1] = box
      }
    }
  }
  return boxes
}

extension VoxelBox {
  /// Grown by a margin on all sides, inside the grid.
  func grown(_ margin: Int, _ g: Grid) -> VoxelBox {
    VoxelBox(
      low: (max(0, low.0 - margin), max(0, low.1 - margin), max(0, low.2 - margin)),
      high: (
        min(g.d0, high.0 + margin), min(g.d1, high.1 + margin), min(g.d2, high.2 + margin)
      ))
  }

  func union(_ o: VoxelBox) -> VoxelBox {
    VoxelBox(
      low: (min(low.0, o.low.0), min(low.1, o.low.1), min(low.2, o.low.2)),
      high: (max(high.0, o.high.0), max(high.1, o.high.1), max(high.2, o.high.2)))
  }

  /// Voxel indices of the box in C order.
  func forEachIndex(_ g: Grid, _ body: (Int) -> Void) {
    for i in low.0..<max(high.0, low.0) {
      for j in low.1..<max(high.1, low.1) {
        let base = (i * g.d1 + j) * g.d2
        for k in low.2..<max(high.2, low.2) { body(base + k) }
      }
    }
  }
}
