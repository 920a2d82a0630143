// Where the frames of a SEG lie.

/// The frames' positions, and the grid that they are planes of.
struct SegmentationPlanes {
  var planes: [DICOMSegmentation.Plane] = []
  var geometry: Geometry

  init(_ file: DICOMFile, isLabelMap: Bool) throws(VolumeError) {
    let set = file.dataSet
    let layout = try file.pixelLayout()
    let shared = set.item(.sharedFunctionalGroups) ?? DICOMDataSet()
    let frames = set.items(.perFrameFunctionalGroups)
    guard frames.count == layout.frames else {
      throw VolumeError(
        .malformed, "\(frames.count) functional groups for \(layout.frames) frames",
        field: DICOMTag.perFrameFunctionalGroups.description)
    }
    var orientation: PlaneOrientation?
    var spacing: SIMD2<Double>?
    var between: Double?
    for (index, own) in frames.enumerated() {
      let groups = FunctionalGroups(own: own, shared: shared)
      let segment =
        groups[DICOMTag(0x0062, 0x000A)]?.int(DICOMTag(0x0062, 0x000B)) ?? (isLabelMap ? 0 : 1)
      let place = groups[.planePositionSequence]?.doubles(.imagePosition) ?? []
      guard place.count == 3,
        let plane = PlaneOrientation(
          groups[.planeOrientationSequence]?.doubles(.imageOrientation) ?? [])
      else {
        throw VolumeError(
          .geometry, "frame \(index + 1) has no place in the patient",
          field: DICOMTag.planePositionSequence.description)
      }
      if let orientation, !orientation.isNear(plane) {
        throw VolumeError(.geometry, "frame \(index + 1) is turned against the first")
      }
      orientation = orientation ?? plane
      let measures = groups[.pixelMeasuresSequence]
      let values = measures?.doubles(.pixelSpacing) ?? []
      if spacing == nil, values.count >= 2, values[0] > 0, values[1] > 0 {
        spacing = SIMD2(values[0], values[1])
      }
      between =
        between ?? measures?.double(.spacingBetweenSlices) ?? measures?.double(.sliceThickness)
      planes.append(
        .init(frame: index, segment: segment, position: [place[0], place[1], place[2]]))
    }
    guard let orientation, let spacing, let first = planes.first else {
      throw VolumeError(
        .geometry, "no pixel spacing", field: DICOMTag.pixelMeasuresSequence.description)
    }
    let normal = orientation.normal
    let sorted = planes.sorted { dot($0.position, normal) < dot($1.position, normal) }
    let origin = sorted.first?.position ?? first.position
    let last = sorted.last?.position ?? first.position
    // Planes without a voxel of any segment are left out: the smallest gap is the step.
    let gaps = zip(sorted.dropFirst(), sorted).map { dot($0.position - $1.position, normal) }
      .filter { $0 > 1e-3 }
    let step = gaps.min() ?? between.map(abs) ?? 1
    let extent = dot(last - origin, normal)
    let (count, isWhole) = Self.steps(extent, step)
    guard isWhole, count < 65_535, step > 0 else {
      throw VolumeError(.geometry, "planes \(extent) mm apart do not lie at steps of \(step) mm")
    }
    let z = count > 0 ? (last - origin) / Double(count) : step * normal
    geometry = Geometry(
      size: [layout.columns, layout.rows, count + 1],
      affine: Affine(
        x: spacing.y * orientation.row, y: spacing.x * orientation.column, z: z, origin: origin))
  }

  private static func steps(_ extent: Double, _ step: Double) -> (Int, Bool) {
    guard step > 0, extent / step < 65_535 else { return (0, false) }
    let steps = (extent / step).rounded()
    return (Int(steps), abs(extent - steps * step) <= max(0.01, 0.01 * step * max(1, steps)))
  }
}
