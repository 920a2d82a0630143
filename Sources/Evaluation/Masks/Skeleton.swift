// Thinning to centre lines without changing the topology, and the clDice that needs it.
// Source: Lee, Kashyap & Chu 1994 (directional thinning of simple points); Shit et al. 2021.

extension Mask {
  /// The centre lines: simple points are removed layer by layer from six (2-D: four) directions;
  /// ends of lines stay.
  ///
  /// - Complexity: O(layers · object voxels).
  public func skeleton() -> Mask {
    guard let box = MaskScan.bounds(voxels, voxels, grid) else { return self }
    let inner = cropped(to: box)
    // A border of background on every side makes every neighbourhood complete.
    let g = inner.grid
    let (d0, d1, d2) = (g.isFlat ? 1 : g.d0 + 2, g.d1 + 2, g.d2 + 2)
    var field = [UInt8](repeating: 0, count: d0 * d1 * d2)
    var object: [Int] = []
    for i in 0..<g.d0 {
      for j in 0..<g.d1 {
        for k in 0..<g.d2 where inner.voxels[(i * g.d1 + j) * g.d2 + k] != 0 {
          let at = ((i + (g.isFlat ? 0 : 1)) * d1 + j + 1) * d2 + k + 1
          field[at] = 1
          object.append(at)
        }
      }
    }
    let neighbourhood = Neighbourhood(planeStride: g.isFlat ? nil : d1 * d2, rowStride: d2)
    var changed = true
    while changed {
      changed = false
      for direction in neighbourhood.directions {
        let candidates = object.filter {
          field[$0 + direction] == 0 && neighbourhood.isRemovable($0, field)
        }
        for at in candidates where neighbourhood.isRemovable(at, field) {
          field[at] = 0
          changed = true
        }
        object.removeAll { field[$0] == 0 }
      }
    }
    var out = [UInt8](repeating: 0, count: voxels.count)
    let whole = grid
    for at in object {
      let k = at % d2 - 1
      let j = at / d2 % d1 - 1
      let i = at / (d1 * d2) - (g.isFlat ? 0 : 1)
      out[((i + box.low.0) * whole.d1 + j + box.low.1) * whole.d2 + k + box.low.2] = 1
    }
    return Mask(unchecked: out, shape: shape, spacing: spacing)
  }

  /// The centre-line Dice: the harmonic mean of the shares of each mask's skeleton that lie in
  /// the other mask. Undefined when both are empty, 0 when one is.
  ///
  /// - Throws: ``EvaluationError`` when the grids differ.
  public func clDice(with reference: Mask) throws(EvaluationError) -> Score {
    try requireSameGrid(reference)
    let signature = "clDice|Lee thinning|v:\(Definitions.version)"
    if isEmpty || reference.isEmpty {
      return Score(
        "clDice", isEmpty && reference.isEmpty ? .undefined(.bothEmpty) : .value(0), count: 1,
        signature: signature)
    }
    let mine = MaskScan.counts(skeleton().voxels, reference.voxels)
    let theirs = MaskScan.counts(reference.skeleton().voxels, voxels)
    let precision = Double(mine.both) / Double(mine.first)
    let sensitivity = Double(theirs.both) / Double(theirs.first)
    return Score(
      "clDice",
      .value(
        precision + sensitivity > 0 ? 2 * precision * sensitivity / (precision + sensitivity) : 0),
      count: 1, signature: signature)
  }
}

/// The 26 (or 8) neighbours of a voxel and the test for simple points.
private struct Neighbourhood {
  /// Offsets of the 27 (or 9) places, the centre included.
  let offsets: [Int]
  let directions: [Int]
  private let centre: Int
  /// Neighbours among the places: for the object (26 or 8) and for the background (6 or 4).
  private let objectLinks: [[Int]]
  private let backgroundLinks: [[Int]]
  /// Places that count for the background: the 18-neighbourhood (2-D: all 8).
  private let backgroundPlaces: [Bool]
  private let faces: [Int]

  init(planeStride: Int?, rowStride: Int) {
    let planes = planeStride == nil ? [0] : [-1, 0, 1]
    var places: [(Int, Int, Int)] = []
    for i in planes { for j in -1...1 { for k in -1...1 { places.append((i, j, k)) } } }
    offsets = places.map { $0.0 * (planeStride ?? 0) + $0.1 * rowStride + $0.2 }
    centre = places.count / 2
    func distance(_ a: (Int, Int, Int), _ b: (Int, Int, Int)) -> (sum: Int, most: Int) {
      let d = (abs(a.0 - b.0), abs(a.1 - b.1), abs(a.2 - b.2))
      return (d.0 + d.1 + d.2, max(d.0, d.1, d.2))
    }
    let middle = centre
    objectLinks = places.indices.map { a in
      places.indices.filter { b in
        a != b && b != middle && distance(places[a], places[b]).most == 1
      }
    }
    backgroundLinks = places.indices.map { a in
      places.indices.filter { b in b != middle && distance(places[a], places[b]).sum == 1 }
    }
    backgroundPlaces = places.map { distance($0, (0, 0, 0)).sum <= 2 }
    faces = places.indices.filter { distance(places[$0], (0, 0, 0)).sum == 1 }
    let flat = [-rowStride, rowStride, -1, 1]
    directions = planeStride.map { [-$0, $0] + flat } ?? flat
  }

  /// Removing the voxel changes no topology, and it is not the end of a line.
  func isRemovable(_ at: Int, _ field: [UInt8]) -> Bool {
    var inside: UInt32 = 0
    for (place, offset) in offsets.enumerated() where place != centre && field[at + offset] != 0 {
      inside |= 1 << UInt32(place)
    }
    if inside.nonzeroBitCount <= 1 { return false }
    // One component of the object among the neighbours …
    var seen: UInt32 = 0
    var open = [inside.trailingZeroBitCount]
    seen |= 1 << UInt32(open[0])
    while let place = open.popLast() {
      for next in objectLinks[place] where inside & ~seen & (1 << UInt32(next)) != 0 {
        seen |= 1 << UInt32(next)
        open.append(next)
      }
    }
    if seen != inside { return false }
    // … and one of the background that touches the voxel by a face.
    guard let start = faces.first(where: { inside & (1 << UInt32($0)) == 0 }) else { return false }
    var outside: UInt32 = 1 << UInt32(start)
    open = [start]
    while let place = open.popLast() {
      for next in backgroundLinks[place]
      where backgroundPlaces[next] && (inside | outside) & (1 << UInt32(next)) == 0 {
        outside |= 1 << UInt32(next)
        open.append(next)
      }
    }
    return faces.allSatisfy { (inside | outside) & (1 << UInt32($0)) != 0 }
  }
}
