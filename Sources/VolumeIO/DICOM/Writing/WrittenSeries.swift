// The data sets of a written series.

/// A volume on its way into single-frame files.
struct WrittenSeries {
  private let volume: Volume
  private let writer: DICOMWriter
  private let uid: DICOMUID
  private let common: DICOMDataSet
  private let sopClass: String
  private let samples: [UInt8]
  private let bytesPerSlice: Int

  init(_ volume: Volume, _ writer: DICOMWriter) throws(VolumeError) {
    let modality = writer.attributes.modality ?? volume.modality ?? "CT"
    switch modality {
    case "CT": sopClass = "1.2.840.10008.5.1.4.1.1.2"
    case "MR": sopClass = "1.2.840.10008.5.1.4.1.1.4"
    default:
      throw VolumeError(
        .unsupported, "series of modality \(modality) are not written; CT and MR are",
        field: DICOMTag.modality.description)
    }
    guard volume.components == 1 else {
      throw VolumeError(
        .unsupported, "\(volume.components) values a voxel; CT and MR images hold one")
    }
    let size = volume.size
    guard (1...65_535).contains(size.x), (1...65_535).contains(size.y), size.z > 0 else {
      throw VolumeError(.shape, "\(size.x) × \(size.y) × \(size.z) voxels make no DICOM series")
    }
    let affine = volume.geometry.affine
    let spacing = affine.spacing
    guard spacing.x > 0, spacing.y > 0, spacing.x.isFinite, spacing.y.isFinite else {
      throw VolumeError(.geometry, "a spacing of \(spacing.x) × \(spacing.y) mm")
    }
    guard abs(dot(affine.x, affine.y)) < 1e-4 * spacing.x * spacing.y else {
      throw VolumeError(.geometry, "rows and columns are not at right angles")
    }
    self.volume = volume
    self.writer = writer
    uid = DICOMUID(seed: writer.seed)
    let stored = try WrittenSamples(volume)
    samples = stored.bytes
    bytesPerSlice = 2 * size.x * size.y
    common = Self.common(volume, writer, modality, sopClass, stored, uid)
  }

  /// The bytes of the file of slice `index`, counted through all channels.
  func file(_ index: Int) throws(VolumeError) -> [UInt8] {
    let instance = uid("instance/\(index)")
    var set = common
    set.set(.sopInstanceUID, .UI, instance)
    set.set(.instanceNumber, .IS, "\(index + 1)")
    let slice = index % volume.size.z
    let place = volume.geometry.affine([0, 0, Double(slice)])
    set.set(.imagePosition, [place.x, place.y, place.z])
    let affine = volume.geometry.affine
    let normal = cross(affine.x, affine.y)
    set.set(.sliceLocation, [dot(place, normal) / length(normal)])
    if volume.channels > 1 {
      set.set(.temporalPosition, .IS, "\(index / volume.size.z + 1)")
      set.set(DICOMTag(0x0020, 0x0105), .IS, "\(volume.channels)")
    }
    for element in writer.attributes.further { set[element.tag] = element }
    var body = DataSetEncoder()
    body.add(set)
    body.head(.pixelData, .OW, bytesPerSlice)
    body.append(samples[index * bytesPerSlice..<(index + 1) * bytesPerSlice])
    return try Part10.bytes(
      body.bytes, sopClass: sopClass, sopInstance: instance, writer.encoding.transferSyntax)
  }

  private static func common(
    _ volume: Volume, _ writer: DICOMWriter, _ modality: String, _ sopClass: String,
    _ stored: WrittenSamples, _ uid: DICOMUID
  ) -> DICOMDataSet {
    let given = writer.attributes
    let affine = volume.geometry.affine
    let spacing = affine.spacing
    var set = DICOMDataSet()
    set.set(.specificCharacterSet, .CS, "ISO_IR 192")
    set.set(.imageType, .CS, "DERIVED\\SECONDARY\\\(modality == "CT" ? "AXIAL" : "OTHER")")
    set.set(.sopClassUID, .UI, sopClass)
    set.set(DICOMTag(0x0008, 0x0020), .DA, given.studyDate)
    set.set(DICOMTag(0x0008, 0x0030), .TM, given.studyTime)
    set.set(DICOMTag(0x0008, 0x0050), .SH, "")
    set.set(.modality, .CS, modality)
    set.set(DICOMTag(0x0008, 0x0070), .LO, given.manufacturer)
    set.set(DICOMTag(0x0008, 0x0090), .PN, "")
    set.set(.studyDescription, .LO, given.studyDescription)
    set.set(.seriesDescription, .LO, given.seriesDescription)
    set.set(.patientName, .PN, given.patientName)
    set.set(.patientID, .LO, given.patientID)
    set.set(DICOMTag(0x0010, 0x0030), .DA, "")
    set.set(DICOMTag(0x0010, 0x0040), .CS, "")
    set.set(.sliceThickness, [given.sliceThickness ?? spacing.z])
    set.set(.spacingBetweenSlices, [spacing.z])
    if modality == "CT" {
      set.set(DICOMTag(0x0018, 0x0060), given.peakKilovoltage.map { [$0] } ?? [])
    } else {
      set.set(DICOMTag(0x0018, 0x0020), .CS, "RM")
      set.set(DICOMTag(0x0018, 0x0021), .CS, "NONE")
      set.set(DICOMTag(0x0018, 0x0022), .CS, "")
      set.set(DICOMTag(0x0018, 0x0023), .CS, "3D")
      set.set(.repetitionTime, .DS, "")
      set.set(.echoTime, .DS, "")
      set.set(DICOMTag(0x0018, 0x0091), .IS, "")
    }
    set.set(DICOMTag(0x0018, 0x5100), .CS, "")
    set.set(.studyInstanceUID, .UI, uid("study"))
    set.set(.seriesInstanceUID, .UI, uid("series/\(given.seriesNumber)"))
    set.set(DICOMTag(0x0020, 0x0010), .SH, "")
    set.set(.seriesNumber, .IS, "\(given.seriesNumber)")
    set.set(.acquisitionNumber, .IS, "1")
    let row = affine.x / spacing.x
    let column = affine.y / spacing.y
    set.set(.imageOrientation, [row.x, row.y, row.z, column.x, column.y, column.z])
    set.set(.frameOfReferenceUID, .UI, uid("frame of reference"))
    set.set(DICOMTag(0x0020, 0x1040), .LO, "")
    set.set(.samplesPerPixel, [UInt16(1)])
    set.set(
      .photometricInterpretation, .CS,
      volume.display.isInverted ? "MONOCHROME1" : "MONOCHROME2")
    set.set(.rows, [UInt16(volume.size.y)])
    set.set(.columns, [UInt16(volume.size.x)])
    set.set(.pixelSpacing, [spacing.y, spacing.x])
    set.set(.bitsAllocated, [UInt16(16)])
    set.set(.bitsStored, [UInt16(16)])
    set.set(.highBit, [UInt16(15)])
    set.set(.pixelRepresentation, [UInt16(stored.isSigned ? 1 : 0)])
    if let padding = stored.padding {
      let tag = DICOMTag.pixelPaddingValue
      set.set(tag, [padding.first])
      if stored.isSigned { set[tag]?.vr = .SS }
      if padding.last != padding.first {
        set.set(.pixelPaddingRangeLimit, [padding.last])
        if stored.isSigned { set[.pixelPaddingRangeLimit]?.vr = .SS }
      }
    }
    display(volume.display, &set)
    if modality == "CT" || stored.rescale != .identity {
      set.set(.rescaleIntercept, [stored.rescale.intercept])
      set.set(.rescaleSlope, [stored.rescale.slope])
      set.set(.rescaleType, .LO, modality == "CT" ? "HU" : "US")
    }
    return set
  }

  private static func display(_ hints: DisplayHints, _ set: inout DICOMDataSet) {
    guard !hints.windows.isEmpty else { return }
    set.set(.windowCenter, hints.windows.map(\.center))
    set.set(.windowWidth, hints.windows.map(\.width))
    if hints.windows.contains(where: { $0.explanation != nil }) {
      set.set(
        .windowExplanation, .LO, hints.windows.map { $0.explanation ?? "" }.joined(separator: "\\"))
    }
    if hints.function != .linear { set.set(.voiLUTFunction, .CS, hints.function.rawValue) }
  }
}
