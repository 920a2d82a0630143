// One plane of a series: a single-frame file, or one frame of a multi-frame file.

/// A plane with its place and with what tells it from others at the same place.
struct DICOMSlice: Sendable {
  /// The file, by its index among the scanned headers.
  var file: Int
  var frame = 0
  var position: SIMD3<Double>?
  var orientation: PlaneOrientation?
  var pixelSpacing: SIMD2<Double>?
  var sliceThickness: Double?
  var spacingBetweenSlices: Double?
  var slope: Double?
  var intercept: Double?
  var imageType = ""
  var stack = ""
  var echoTime: Double?
  var echoNumber: Int?
  var acquisition: Int?
  var temporalPosition: Int?
  var triggerTime: Double?
  var bValue: Double?
  var acquisitionTime: Double?
  var contentTime: Double?
  var instance: Int?
  /// Of a Parametric Map, whose values only a real-world mapping explains (PS3.3 A.75).
  var isParametricMap = false
  var isSigned = false

  var rescale: Rescale { Rescale(slope: slope ?? 1, intercept: intercept ?? 0) }

  init(file: Int, header: SliceHeader) {
    self.file = file
    position = header.position
    orientation = header.orientation
    pixelSpacing = header.pixelSpacing
    sliceThickness = header.sliceThickness
    spacingBetweenSlices = header.spacingBetweenSlices
    slope = header.slope
    intercept = header.intercept
    imageType = header.imageType.joined(separator: "\\")
    echoTime = header.echoTime
    echoNumber = header.echoNumber
    acquisition = header.acquisitionNumber
    temporalPosition = header.temporalPosition
    triggerTime = header.triggerTime
    bValue = header.bValue
    acquisitionTime = header.acquisitionTime
    contentTime = header.contentTime
    instance = header.instanceNumber
    isParametricMap = header.sopClassUID == "1.2.840.10008.5.1.4.1.1.30"
    isSigned = header.isSigned
  }

  /// The planes of a file.
  ///
  /// Functional groups and frame offsets need the whole data set, which `open` reads.
  static func slices(
    of header: SliceHeader, at file: Int, _ open: () throws(VolumeError) -> DICOMFile
  ) throws(VolumeError) -> [DICOMSlice] {
    let plain = DICOMSlice(file: file, header: header)
    let count = max(1, header.frames)
    if header.hasFunctionalGroups { return try enhanced(plain, count, open().dataSet) }
    guard count > 1 else { return [plain] }
    // A count beyond what the bytes can hold is the reader's to refuse; no list is made of it.
    guard count <= 1 << 20 else {
      throw VolumeError(
        .limit, "\(count) frames where \(1 << 20) are allowed",
        field: DICOMTag.numberOfFrames.description)
    }
    var offsets: [Double] = []
    if header.hasGridOffsets { offsets = try open().dataSet.doubles(.gridFrameOffsetVector) }
    if offsets.count != count {
      let step = header.spacingBetweenSlices ?? header.sliceThickness ?? 1
      offsets = (0..<count).map { Double($0) * step }
    } else if let first = offsets.first {
      // Absolute offsets (PS3.3 C.8.8.3.2, second form) begin elsewhere than at 0.
      offsets = offsets.map { $0 - first }
    }
    return (0..<count).map { frame in
      var slice = plain
      slice.frame = frame
      if let position = slice.position, let normal = slice.orientation?.normal {
        slice.position = position + offsets[frame] * normal
      }
      return slice
    }
  }

  /// Frames with functional groups: PS3.3 C.7.6.16.
  private static func enhanced(
    _ plain: DICOMSlice, _ count: Int, _ set: DICOMDataSet
  ) throws(VolumeError) -> [DICOMSlice] {
    let shared = set.item(.sharedFunctionalGroups) ?? DICOMDataSet()
    let groups = set.items(.perFrameFunctionalGroups)
    guard groups.count == count || groups.isEmpty else {
      throw VolumeError(
        .malformed, "\(groups.count) per-frame functional groups for \(count) frames",
        field: DICOMTag.perFrameFunctionalGroups.description)
    }
    guard count <= 1 << 20 else {
      throw VolumeError(
        .limit, "\(count) frames where \(1 << 20) are allowed",
        field: DICOMTag.numberOfFrames.description)
    }
    return (0..<count).map { frame in
      var slice = plain
      slice.frame = frame
      let own = groups.isEmpty ? DICOMDataSet() : groups[frame]
      slice.take(
        FunctionalGroups(own: own, shared: shared),
        isParametricMap: plain.isParametricMap, isSigned: plain.isSigned)
      return slice
    }
  }

  private mutating func take(
    _ groups: FunctionalGroups, isParametricMap: Bool, isSigned: Bool
  ) {
    if let plane = groups[.planePositionSequence]?.doubles(.imagePosition), plane.count == 3 {
      position = SIMD3(plane[0], plane[1], plane[2])
    }
    if let plane = groups[.planeOrientationSequence] {
      orientation = PlaneOrientation(plane.doubles(.imageOrientation)) ?? orientation
    }
    if let measures = groups[.pixelMeasuresSequence] {
      let values = measures.doubles(.pixelSpacing)
      if values.count >= 2, values[0] > 0, values[1] > 0 {
        pixelSpacing = SIMD2(values[0], values[1])
      }
      sliceThickness = measures.double(.sliceThickness) ?? sliceThickness
      spacingBetweenSlices = measures.double(.spacingBetweenSlices) ?? spacingBetweenSlices
    }
    if let transform = groups[.pixelTransformationSequence] {
      slope = transform.double(.rescaleSlope) ?? slope
      intercept = transform.double(.rescaleIntercept) ?? intercept
    } else if isParametricMap, let rescale = groups.realWorldRescale(isSigned: isSigned) {
      slope = rescale.slope
      intercept = rescale.intercept
    }
    if let content = groups[.frameContentSequence] {
      stack = content.string(.stackID) ?? ""
      temporalPosition = content.int(.temporalPositionIndex) ?? temporalPosition
      acquisition = content.int(DICOMTag(0x0020, 0x9156)) ?? acquisition
    }
    if let echo = groups[DICOMTag(0x0018, 0x9114)] {
      echoTime = echo.double(.effectiveEchoTime) ?? echoTime
    }
    if let diffusion = groups[DICOMTag(0x0018, 0x9117)] {
      bValue = diffusion.double(.diffusionBValue) ?? bValue
    }
    if let cardiac = groups[DICOMTag(0x0018, 0x9118)] {
      triggerTime = cardiac.double(DICOMTag(0x0020, 0x9153)) ?? triggerTime
    }
    for sequence in [
      DICOMTag(0x0018, 0x9226), DICOMTag(0x0018, 0x9329), DICOMTag(0x0018, 0x9751),
    ] {
      guard let frameType = groups[sequence] else { continue }
      let words =
        frameType.strings(DICOMTag(0x0008, 0x9007)) + frameType.strings(DICOMTag(0x0008, 0x9208))
      if !words.isEmpty { imageType = words.joined(separator: "\\") }
    }
  }
}

/// The functional groups of one frame: its own, else the shared ones.
struct FunctionalGroups {
  var own: DICOMDataSet
  var shared: DICOMDataSet

  subscript(tag: DICOMTag) -> DICOMDataSet? { own.item(tag) ?? shared.item(tag) }

  /// The line of the first real-world mapping, where a line is what it has.
  func realWorldRescale(isSigned: Bool) -> Rescale? {
    let own = RealWorldValueMapping.all(own, isSigned: isSigned)
    return (own.isEmpty ? RealWorldValueMapping.all(shared, isSigned: isSigned) : own)
      .first?.rescale
  }
}
