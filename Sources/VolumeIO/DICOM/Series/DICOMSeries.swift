// A volume's worth of DICOM planes, found and sorted, its pixels unread.

/// The planes of one volume: one series, or the part of it that has one size and one orientation.
///
/// Planes are sorted by their position along the normal, never by instance number or file name.
public struct DICOMSeries: Sendable, CustomStringConvertible {
  let headers: [SliceHeader]
  let order: SliceOrder
  let spacing: SliceSpacing

  /// Oddities of the series that its user should know.
  public let diagnostics: [DICOMDiagnostic]

  init(_ headers: [SliceHeader], _ order: SliceOrder, isMerged: Bool) {
    // Keep the headers of this volume's files alone.
    var used: [Int: Int] = [:]
    var own: [SliceHeader] = []
    var order = order
    for index in order.slices.indices {
      let file = order.slices[index].file
      if let there = used[file] {
        order.slices[index].file = there
      } else {
        used[file] = own.count
        order.slices[index].file = own.count
        own.append(headers[file])
      }
    }
    self.headers = own
    self.order = order
    let first = own[0]
    let depth = order.slices.count / max(1, order.channels)
    let isLine = order.conflict == nil && first.modality != "SEG"
    let planes = order.slices.prefix(isLine ? depth : 1)
    spacing = SliceSpacing(Array(planes), first)
    var notes = order.diagnostics + spacing.diagnostics
    if first.isLocalizer { notes.append(.init(.localizer, "a scout image")) }
    if first.isMosaic {
      notes.append(
        .init(
          .mosaic,
          "each image is a grid of \(first.mosaicTiles.map { "\($0) " } ?? "")slices (Siemens); they are "
            + "not cut apart, and the affine is that of the whole grid"))
    }
    if isMerged { notes.append(.init(.perFileSeriesUIDs, "\(own.count) files were put together")) }
    let rescales = Set(order.slices.map(\.rescale))
    if rescales.count > 1 {
      notes.append(.init(.varyingRescale, "\(rescales.count) pairs of slope and intercept"))
    }
    diagnostics = notes
  }

  private var first: SliceHeader { headers[0] }

  /// The paths of the files, in the order of their slices, each once.
  public var files: [String] { headers.map(\.path) }
  /// An identifier: not for logs.
  public var seriesInstanceUID: String { first.seriesUID }
  /// An identifier: not for logs.
  public var studyInstanceUID: String { first.studyUID }
  /// An identifier: not for logs.
  public var frameOfReferenceUID: String { first.frameOfReferenceUID }
  public var sopClassUID: String { first.sopClassUID }
  /// Such as `CT`; empty where the files do not say.
  public var modality: String { first.modality }
  public var imageType: [String] { first.imageType }
  public var seriesNumber: Int? { first.seriesNumber }
  public var transferSyntax: TransferSyntax { first.transferSyntax }
  public var bitsStored: Int { first.layout?.bitsStored ?? first.bitsStored }
  public var isSigned: Bool { first.isSigned }
  public var photometric: String { first.photometric }
  public var samplesPerPixel: Int { first.samplesPerPixel }
  public var type: SampleType { first.type }
  public var isLocalizer: Bool { first.isLocalizer }
  /// Whether the planes hold the bits of segments (modality SEG).
  public var isSegmentation: Bool { first.modality == "SEG" }

  /// Columns, rows and slices.
  public var size: SIMD3<Int> {
    [first.columns, first.rows, order.slices.count / max(1, order.channels)]
  }
  /// The length of the fourth axis.
  public var channels: Int { order.channels }
  /// The element that the fourth axis runs over, such as `TemporalPositionIdentifier`.
  public var channelAxis: String? { order.channelAxis }
  /// Voxels and their place. Where the spacing is irregular, the step is the mean one.
  public var geometry: Geometry { Geometry(size: size, affine: spacing.affine) }
  /// The centre of the first pixel of each slice, LPS millimetres; none where files have no place.
  public var positions: [SIMD3<Double>] { spacing.positions }
  /// Whether one affine holds for all slices.
  public var isRegular: Bool { spacing.isRegular }
  /// Degrees between the slices' normal and the line of their positions.
  public var gantryTilt: Double { spacing.tilt }

  /// `CT 512×512×28 int16, 0.488×0.488×4.220 mm, 28 files`; no identifiers.
  public var description: String {
    let step = geometry.affine.spacing
    func text(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }
    let time = channels > 1 ? "×\(channels)" : ""
    return
      "\(modality.isEmpty ? "DICOM" : modality) \(size.x)×\(size.y)×\(size.z)\(time) \(type), "
      + "\(text(step.x))×\(text(step.y))×\(text(step.z)) mm, "
      + "\(headers.count) \(headers.count == 1 ? "file" : "files")"
  }
}
