import VolumeIO

/// What `roentgen inspect` prints of one file or series.
struct InspectedScan: Codable {
  var format: String
  /// Voxels along x, y and z; a fourth number where there are channels.
  var size: [Int]
  var sampleType: String
  var components: Int
  /// Millimetres.
  var spacing: [Double]
  var orientation: String
  /// 16 numbers, row-major: voxel index to RAS millimetres.
  var affineRAS: [Double]
  /// Of the rescaled samples.
  var min: Double
  var max: Double
  var mean: Double
  var rescaleSlope: Double
  var rescaleIntercept: Double
  /// CRC-32 of the stored samples as little-endian int32 or float64, first axis fastest.
  var storedCRC32: String
  var modality: String?
  var transferSyntax: String?
  var rows: Int?
  var columns: Int?
  var frames: Int?
  var bitsStored: Int?
  var signed: Bool?
  var photometric: String?
  var files: Int?
  var gantryTiltDegrees: Double?
  var diagnostics: [String]?
  var patientName: String?
  var patientID: String?
  var seriesInstanceUID: String?
  var studyInstanceUID: String?
  /// The volume's own one-line description.
  var text: String

  init(volume: Volume, format: String) {
    let range = volume.statistics()
    let size = volume.size
    self.format = format
    self.size = [size.x, size.y, size.z] + (volume.channels > 1 ? [volume.channels] : [])
    sampleType = volume.samples.type.rawValue
    components = volume.components
    spacing = [volume.spacing.x, volume.spacing.y, volume.spacing.z]
    orientation = volume.geometry.orientation.description
    affineRAS = volume.geometry.affine.ras
    min = range.min
    max = range.max
    mean = range.mean
    rescaleSlope = volume.rescale.slope
    rescaleIntercept = volume.rescale.intercept
    let hex = String(volume.storedCRC32, radix: 16)
    storedCRC32 = String(repeating: "0", count: Swift.max(0, 8 - hex.count)) + hex
    modality = volume.modality
    text = "\(format) · \(volume)"
  }

  /// Adds what a DICOM series tells beside its samples.
  mutating func describe(_ series: DICOMSeries, identifiers: Bool) {
    transferSyntax = series.transferSyntax.rawValue
    modality = series.modality.isEmpty ? nil : series.modality
    rows = series.size.y
    columns = series.size.x
    frames = series.size.z * series.channels
    bitsStored = series.bitsStored
    signed = series.isSigned
    photometric = series.photometric
    files = series.files.count
    gantryTiltDegrees = series.gantryTilt
    diagnostics = series.diagnostics.map(\.description)
    if identifiers {
      seriesInstanceUID = series.seriesInstanceUID
      studyInstanceUID = series.studyInstanceUID
    }
    text = "DICOM · \(series)" + (diagnostics ?? []).map { "\n  note: \($0)" }.joined()
  }
}
