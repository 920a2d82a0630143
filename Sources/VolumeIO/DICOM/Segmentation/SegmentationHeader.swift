// The elements of a written SEG beside its bits.

enum SegmentationHeader {
  static let sopClass = "1.2.840.10008.5.1.4.1.1.66.4"

  /// Patient and study elements that a SEG shares with its series.
  private static let shared: [DICOMTag] = [
    DICOMTag(0x0008, 0x0020), DICOMTag(0x0008, 0x0030), DICOMTag(0x0008, 0x0050),
    DICOMTag(0x0008, 0x0090), .studyDescription, .patientName, .patientID,
    DICOMTag(0x0010, 0x0030), DICOMTag(0x0010, 0x0040), .studyInstanceUID,
    DICOMTag(0x0020, 0x0010), .frameOfReferenceUID,
  ]

  static func set(
    _ writer: DICOMSegmentationWriter, _ labels: Volume, _ series: DICOMSeries?, _ uid: DICOMUID
  ) throws(VolumeError) -> DICOMDataSet {
    var set = DICOMDataSet()
    set.set(.specificCharacterSet, .CS, "ISO_IR 192")
    set.set(.imageType, .CS, "DERIVED\\PRIMARY")
    set.set(.sopClassUID, .UI, sopClass)
    set.set(.sopInstanceUID, .UI, uid("segmentation"))
    for (group, element, vr): (UInt16, UInt16, DICOMVR) in [
      (0x0008, 0x0020, .DA), (0x0008, 0x0023, .DA), (0x0008, 0x0030, .TM), (0x0008, 0x0033, .TM),
      (0x0008, 0x0050, .SH), (0x0008, 0x0090, .PN), (0x0010, 0x0030, .DA), (0x0010, 0x0040, .CS),
      (0x0020, 0x0010, .SH), (0x0020, 0x1040, .LO), (0x0070, 0x0081, .LO), (0x0070, 0x0084, .PN),
    ] {
      set.set(DICOMTag(group, element), vr, "")
    }
    set.set(DICOMTag(0x0008, 0x0023), .DA, "20000101")
    set.set(DICOMTag(0x0008, 0x0033), .TM, "000000")
    set.set(.modality, .CS, "SEG")
    set.set(DICOMTag(0x0008, 0x0070), .LO, "Roentgen")
    set.set(DICOMTag(0x0008, 0x1090), .LO, "VolumeIO")
    set.set(DICOMTag(0x0018, 0x1000), .LO, "0")
    set.set(DICOMTag(0x0018, 0x1020), .LO, "1")
    set.set(.seriesDescription, .LO, writer.seriesDescription)
    set.set(.patientName, .PN, "ANONYMOUS")
    set.set(.patientID, .LO, "ANONYMOUS")
    set.set(.studyInstanceUID, .UI, uid("study"))
    set.set(.seriesInstanceUID, .UI, uid("series"))
    set.set(.seriesNumber, .IS, "\(writer.seriesNumber)")
    set.set(.instanceNumber, .IS, "1")
    set.set(.frameOfReferenceUID, .UI, uid("frame of reference"))
    if let series { try take(series, &set) }
    set.set(.samplesPerPixel, [UInt16(1)])
    set.set(.photometricInterpretation, .CS, "MONOCHROME2")
    set.set(.rows, [UInt16(clamping: labels.size.y)])
    set.set(.columns, [UInt16(clamping: labels.size.x)])
    set.set(.bitsAllocated, [UInt16(1)])
    set.set(.bitsStored, [UInt16(1)])
    set.set(.highBit, [UInt16(0)])
    set.set(.pixelRepresentation, [UInt16(0)])
    set.set(DICOMTag(0x0028, 0x2110), .CS, "00")
    set.set(DICOMTag(0x0062, 0x0001), .CS, "BINARY")
    set.set(DICOMTag(0x0070, 0x0080), .CS, "SEGMENTATION")
    set.set(DICOMTag(0x0062, 0x0002), writer.segments.map(segment))
    dimensions(&set, uid("dimensions"))
    groups(labels.geometry.affine, &set)
    return set
  }

  private static func take(
    _ series: DICOMSeries, _ set: inout DICOMDataSet
  ) throws(VolumeError) {
    let source = try series.headers[0].open().dataSet
    set.characterSet = .utf8
    for tag in shared {
      guard let element = source[tag] else { continue }
      // Text is written anew, in UTF-8.
      set.set(tag, element.vr, source.strings(tag).joined(separator: "\\"))
    }
    var reference = DICOMDataSet()
    reference.set(.seriesInstanceUID, .UI, series.seriesInstanceUID)
    reference.set(DICOMTag(0x0008, 0x114A), series.headers.map(instance))
    set.set(DICOMTag(0x0008, 0x1115), [reference])
  }

  private static func instance(_ header: SliceHeader) -> DICOMDataSet {
    var item = DICOMDataSet()
    item.set(DICOMTag(0x0008, 0x1150), .UI, header.sopClassUID)
    item.set(.referencedSOPInstanceUID, .UI, header.instanceUID)
    return item
  }

  private static func code(_ value: String, _ scheme: String, _ meaning: String) -> DICOMDataSet {
    var item = DICOMDataSet()
    item.set(DICOMTag(0x0008, 0x0100), .SH, value)
    item.set(DICOMTag(0x0008, 0x0102), .SH, scheme)
    item.set(DICOMTag(0x0008, 0x0104), .LO, meaning)
    return item
  }

  private static func segment(_ segment: DICOMSegmentation.Segment) -> DICOMDataSet {
    var item = DICOMDataSet()
    item.characterSet = .utf8
    item.set(
      DICOMTag(0x0062, 0x0003), [code("85756007", "SCT", segment.category ?? "Tissue")])
    item.set(DICOMTag(0x0062, 0x0004), [UInt16(clamping: segment.number)])
    item.set(DICOMTag(0x0062, 0x0005), .LO, segment.label)
    item.set(DICOMTag(0x0062, 0x0008), .CS, segment.algorithm)
    if segment.algorithm != "MANUAL" { item.set(DICOMTag(0x0062, 0x0009), .LO, "Roentgen") }
    item.set(
      DICOMTag(0x0062, 0x000F), [code("85756007", "SCT", segment.property ?? "Tissue")])
    return item
  }

  private static func dimensions(_ set: inout DICOMDataSet, _ uid: String) {
    var organization = DICOMDataSet()
    organization.set(DICOMTag(0x0020, 0x9164), .UI, uid)
    set.set(DICOMTag(0x0020, 0x9221), [organization])
    func index(_ pointer: DICOMTag, _ group: DICOMTag) -> DICOMDataSet {
      var item = DICOMDataSet()
      item.set(DICOMTag(0x0020, 0x9164), .UI, uid)
      item[DICOMTag(0x0020, 0x9165)] = tag(DICOMTag(0x0020, 0x9165), pointer)
      item[DICOMTag(0x0020, 0x9167)] = tag(DICOMTag(0x0020, 0x9167), group)
      return item
    }
    set.set(
      DICOMTag(0x0020, 0x9222),
      [
        index(DICOMTag(0x0062, 0x000B), DICOMTag(0x0062, 0x000A)),
        index(.imagePosition, .planePositionSequence),
      ])
  }

  private static func tag(_ tag: DICOMTag, _ value: DICOMTag) -> DICOMElement {
    let bytes = [value.group, value.element].flatMap {
      [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)]
    }
    return DICOMElement(tag, .AT, .bytes(bytes[...]))
  }

  private static func groups(_ affine: Affine, _ set: inout DICOMDataSet) {
    let spacing = affine.spacing
    let row = affine.x / spacing.x
    let column = affine.y / spacing.y
    var plane = DICOMDataSet()
    plane.set(.imageOrientation, [row.x, row.y, row.z, column.x, column.y, column.z])
    var measures = DICOMDataSet()
    measures.set(.sliceThickness, [spacing.z])
    measures.set(.spacingBetweenSlices, [spacing.z])
    measures.set(.pixelSpacing, [spacing.y, spacing.x])
    var all = DICOMDataSet()
    all.set(.planeOrientationSequence, [plane])
    all.set(.pixelMeasuresSequence, [measures])
    set.set(.sharedFunctionalGroups, [all])
  }

  /// The functional groups of one frame.
  static func frame(
    _ labels: Volume, _ series: DICOMSeries?, _ z: Int, _ segment: Int, _ index: Int
  ) -> DICOMDataSet {
    var place = labels.geometry.affine([0, 0, Double(z)])
    var frame = DICOMDataSet()
    if let series, z < series.order.slices.count {
      let slice = series.order.slices[z]
      place = slice.position ?? place
      var source = instance(series.headers[slice.file])
      if series.headers[slice.file].frames > 1 {
        source.set(DICOMTag(0x0008, 0x1160), .IS, "\(slice.frame + 1)")
      }
      source.set(
        DICOMTag(0x0040, 0xA170),
        [code("121322", "DCM", "Source image for image processing operation")])
      var derivation = DICOMDataSet()
      derivation.set(DICOMTag(0x0008, 0x2112), [source])
      derivation.set(DICOMTag(0x0008, 0x9215), [code("113076", "DCM", "Segmentation")])
      frame.set(DICOMTag(0x0008, 0x9124), [derivation])
    }
    var content = DICOMDataSet()
    let values = [UInt32(index), UInt32(z + 1)].flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    content[.dimensionIndexValues] = DICOMElement(
      .dimensionIndexValues, .UL, .bytes(values[...]))
    frame.set(.frameContentSequence, [content])
    var position = DICOMDataSet()
    position.set(.imagePosition, [place.x, place.y, place.z])
    frame.set(.planePositionSequence, [position])
    var identification = DICOMDataSet()
    identification.set(DICOMTag(0x0062, 0x000B), [UInt16(clamping: segment)])
    frame.set(DICOMTag(0x0062, 0x000A), [identification])
    return frame
  }
}
