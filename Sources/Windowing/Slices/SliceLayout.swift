public import VolumeIO

/// Where the pixels of a slice along the volume's axes lie in its samples.
///
/// The pixel in column `x` and row `y` is sample `start + x · columnStride + y · rowStride`, and
/// every such index lies inside the samples: the initialiser has checked it.
struct SliceLayout: Sendable, Hashable {
  var width: Int
  var height: Int
  var start: Int
  var columnStride: Int
  var rowStride: Int
  /// Millimetres from column to column, and from row to row.
  var spacing: SIMD2<Double>
  /// From one slice to the next along the normal.
  var sliceStride: Int
  /// The slice's own index and the count of slices.
  var index: Int
  var sliceCount: Int
  /// The letters towards which columns and rows are counted, such as `L` and `P`.
  var columnLetter: Character
  var rowLetter: Character

  /// Every voxel of a volume as one slice of `x` columns, in stored order.
  init(everyVoxelOf volume: Volume) {
    width = volume.size.x
    height = volume.size.y * volume.size.z * volume.channels
    start = 0
    columnStride = 1
    rowStride = width
    spacing = SIMD2(volume.spacing.x, volume.spacing.y)
    sliceStride = 0
    index = 0
    sliceCount = 1
    columnLetter = "L"
    rowLetter = "P"
  }

  /// - Throws: `outsideVolume` for an index or a channel that the volume does not have.
  init(_ request: SliceRequest, of volume: Volume) throws(WindowingError) {
    let geometry = volume.geometry
    guard geometry.size.x >= 1, geometry.size.y >= 1, geometry.size.z >= 1 else {
      throw WindowingError(.outsideVolume, "a volume of size \(geometry.size) has no slices")
    }
    guard (0..<volume.channels).contains(request.channel) else {
      throw WindowingError(
        .outsideVolume, "channel \(request.channel) of \(volume.channels)")
    }
    let axes = try PlaneAxes(request.plane, request.convention, in: geometry)
    let strides = [1, geometry.size.x, geometry.size.x * geometry.size.y]
    sliceCount = geometry.size[axes.normal]
    guard (0..<sliceCount).contains(request.index) else {
      throw WindowingError(
        .outsideVolume, "slice \(request.index), where the plane has 0…\(sliceCount - 1)")
    }
    index = request.index
    width = geometry.size[axes.column]
    height = geometry.size[axes.row]
    sliceStride = strides[axes.normal]
    columnStride = strides[axes.column]
    rowStride = strides[axes.row]
    start = request.channel * geometry.count + index * sliceStride
    if axes.columnIsReversed {
      start += (width - 1) * columnStride
      columnStride = -columnStride
    }
    if axes.rowIsReversed {
      start += (height - 1) * rowStride
      rowStride = -rowStride
    }
    let steps = volume.spacing
    spacing = SIMD2(steps[axes.column], steps[axes.row])
    columnLetter = axes.columnLetter
    rowLetter = axes.rowLetter
  }

  var count: Int { width * height }

  /// One run of samples in stored order, so that rows need not be gathered.
  var isContiguous: Bool { columnStride == 1 && (rowStride == width || height == 1) }

  /// The indices of the slab's slices, clipped to the volume.
  func indices(of slab: Slab) throws(WindowingError) -> Range<Int> {
    guard slab.count >= 1 else {
      throw WindowingError(.size, "a slab of \(slab.count) slices, where 1 or more are needed")
    }
    let count = min(slab.count, 2 * sliceCount + 1)
    let first = index - (count - 1) / 2
    return max(first, 0)..<min(first + count, sliceCount)
  }
}

/// The volume's axes that a plane's columns, rows and normal follow.
struct PlaneAxes: Sendable, Hashable {
  var column: Int
  var row: Int
  var normal: Int
  var columnIsReversed: Bool
  var rowIsReversed: Bool
  var columnLetter: Character
  var rowLetter: Character

  private static let opposites: [Character: Character] = [
    "L": "R", "R": "L", "P": "A", "A": "P", "S": "I", "I": "S",
  ]

  static func opposite(_ letter: Character) -> Character { opposites[letter] ?? letter }

  /// - Throws: `outsideVolume` for an oblique plane, which follows no axes.
  init(
    _ plane: Plane, _ convention: Convention, in geometry: Geometry
  ) throws(WindowingError) {
    let letters = Array(geometry.orientation.description)
    func axis(_ pair: String) -> Int { letters.firstIndex { pair.contains($0) } ?? 0 }
    let side = axis("LR")
    let depth = axis("AP")
    let height = axis("SI")
    let wantedColumn: Character
    let wantedRow: Character
    switch plane {
    case .axial:
      (column, row, normal) = (side, depth, height)
      (wantedColumn, wantedRow) = (convention == .neurological ? "R" : "L", "P")
    case .coronal:
      (column, row, normal) = (side, height, depth)
      (wantedColumn, wantedRow) = (convention == .neurological ? "R" : "L", "I")
    case .sagittal:
      (column, row, normal) = (depth, height, side)
      (wantedColumn, wantedRow) = ("P", "I")
    case .oblique:
      throw WindowingError(.outsideVolume, "an oblique plane follows none of the volume's axes")
    }
    if convention == .stored {
      (column, row) = (min(column, row), max(column, row))
      (columnIsReversed, rowIsReversed) = (false, false)
      (columnLetter, rowLetter) = (letters[column], letters[row])
    } else {
      columnIsReversed = letters[column] != wantedColumn
      rowIsReversed = letters[row] != wantedRow
      (columnLetter, rowLetter) = (wantedColumn, wantedRow)
    }
  }
}

extension Geometry {
  /// The number of slices that a plane along the volume's axes has.
  ///
  /// - Throws: `WindowingError.outsideVolume` for an oblique plane.
  public func sliceCount(_ plane: Plane) throws(WindowingError) -> Int {
    size[try PlaneAxes(plane, .stored, in: self).normal]
  }
}
