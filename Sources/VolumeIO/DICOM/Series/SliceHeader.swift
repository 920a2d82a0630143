// What sorting slices needs of a file: one pass over its header, nothing of its pixels.

/// The elements of one file that series are made of.
struct SliceHeader: Sendable {
  var path = ""
  /// Bytes of the file.
  var fileSize = 0
  /// The file's bytes, where it was found inside an archive.
  var memory: [UInt8]?
  var transferSyntax = TransferSyntax.implicitLittle
  var syntax = ElementSyntax.implicitLittle
  var pixels: PixelLocation?
  /// Where a deflated data set begins; its pixels' offset counts in the inflated bytes.
  var isDeflated: Bool { transferSyntax == .deflated }

  var studyUID = ""
  var seriesUID = ""
  var instanceUID = ""
  var frameOfReferenceUID = ""
  var sopClassUID = ""
  var modality = ""
  var imageType: [String] = []
  var seriesNumber: Int?
  var acquisitionNumber: Int?
  var instanceNumber: Int?
  var position: SIMD3<Double>?
  /// Cosines of the rows' direction (first index) and the columns' (second).
  var orientation: PlaneOrientation?
  /// Millimetres between rows, then between columns.
  var pixelSpacing: SIMD2<Double>?
  var sliceThickness: Double?
  var spacingBetweenSlices: Double?
  var gantryTilt: Double?
  var slope: Double?
  var intercept: Double?
  var echoTime: Double?
  var echoNumber: Int?
  var temporalPosition: Int?
  var triggerTime: Double?
  var bValue: Double?
  var acquisitionTime: Double?
  var contentTime: Double?
  var rows = 0
  var columns = 0
  var frames = 1
  var samplesPerPixel = 1
  var photometric = ""
  var bitsAllocated = 0
  var bitsStored = 0
  var highBit: Int?
  var isSigned = false
  var isPlanar = false
  /// Mosaic tiles, Siemens (0019,xx0A).
  var mosaicTiles: Int?
  var hasFunctionalGroups = false
  var hasModalityLUT = false
  var hasVOILUT = false
  var hasGridOffsets = false
  /// The file ends inside an element before its pixels.
  var isTruncated = false

  var type: SampleType { layout?.type ?? .uint8 }

  /// The pixels' layout; nil where the header does not describe one that is read.
  var layout: PixelLayout? {
    guard let pixels, rows > 0, columns > 0 else { return nil }
    return PixelLayout(self, pixels.tag)
  }

  /// Words of (0008,0008) that say that an image is a scout, not a slice.
  var isLocalizer: Bool {
    imageType.contains { $0 == "LOCALIZER" || $0 == "SCOUT" || $0.hasSuffix("SURVIEW") }
  }

  var isMosaic: Bool { imageType.contains("MOSAIC") }
}

/// The cosines of a plane's two axes.
struct PlaneOrientation: Sendable, Hashable {
  var row: SIMD3<Double>
  var column: SIMD3<Double>

  var normal: SIMD3<Double> { cross(row, column) }

  /// From six cosines; nil where they are no two directions at right angles (to 0.01) of length 1.
  init?(_ values: [Double]) {
    guard values.count >= 6 else { return nil }
    var row = SIMD3(values[0], values[1], values[2])
    var column = SIMD3(values[3], values[4], values[5])
    let lengths = (length(row), length(column))
    guard lengths.0 > 0.5, lengths.1 > 0.5, lengths.0 < 2, lengths.1 < 2 else { return nil }
    guard abs(dot(row, column)) < 0.01 * lengths.0 * lengths.1 else { return nil }
    // Writers round cosines; directions are what is meant.
    if abs(lengths.0 - 1) > 1e-4 { row /= lengths.0 }
    if abs(lengths.1 - 1) > 1e-4 { column /= lengths.1 }
    self.row = row
    self.column = column
  }

  /// Whether both axes agree within `tolerance` of each cosine.
  func isNear(_ other: PlaneOrientation, _ tolerance: Double = 1e-3) -> Bool {
    let a = row - other.row
    let b = column - other.column
    return max(abs(a.x), abs(a.y), abs(a.z), abs(b.x), abs(b.y), abs(b.z)) <= tolerance
  }
}

extension PixelLayout {
  init?(_ header: SliceHeader, _ pixels: DICOMTag) {
    let isFloat = pixels != .pixelData
    let bits =
      pixels == .floatPixelData ? 32 : pixels == .doublePixelData ? 64 : header.bitsAllocated
    guard [1, 8, 16, 32, 64].contains(bits), (1...4).contains(header.samplesPerPixel) else {
      return nil
    }
    rows = header.rows
    columns = header.columns
    frames = max(1, header.frames)
    samplesPerPixel = header.samplesPerPixel
    bitsAllocated = bits
    bitsStored = isFloat || header.bitsStored == 0 ? bits : min(header.bitsStored, bits)
    highBit = header.highBit ?? bitsStored - 1
    if highBit < bitsStored - 1 || highBit >= bits { highBit = bitsStored - 1 }
    isSigned = isFloat || header.isSigned
    photometric = header.photometric
    isPlanar = header.isPlanar && samplesPerPixel > 1
    isFloatingPoint = isFloat
    if isSubsampled, samplesPerPixel != 3 { return nil }
  }
}

extension SliceHeader {
  /// Opens the file for its pixels.
  ///
  /// Single frames go by what the scan found; fragments of several frames and deflated files need the
  /// whole data set.
  func reader(keepsColor: Bool) throws(VolumeError) -> PixelReader {
    guard let pixels, let layout, !isDeflated, frames <= 1 || pixels.length != nil else {
      return try open().pixelReader(keepsColor: keepsColor)
    }
    return try PixelReader(
      source(), layout, transferSyntax, isBigEndian: syntax.isBigEndian, pixels, DICOMDataSet(),
      keepsColor: keepsColor)
  }

  /// Opens the whole file.
  func open() throws(VolumeError) -> DICOMFile {
    try DICOMFile(source(), name: path.split(separator: "/").last.map(String.init) ?? path)
  }

  private func source() throws(VolumeError) -> DICOMFile.Source {
    if let memory { return .memory(memory) }
    return .file(try InputFile(path))
  }
}
