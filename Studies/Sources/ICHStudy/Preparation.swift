import Foundation
import Phantoms
import VolumeIO
import Windowing

/// Turns heads into what the arms see: pictures for language models, squares of three windows for
/// networks, Hounsfield units for the baseline.
struct Preparation: Sendable {
  var options: StudyOptions
  /// Patients whose slices are read by all arms.
  var readPatients: Set<String>

  /// The fewest pixels of a mask that make a slice positive: crumbs of a few pixels do not.
  static let leastArea = 12

  /// - Throws: `StudyError.Code.data` or `VolumeError`, which name the file.
  func prepare(_ head: DataSource.Head) throws -> PreparedHead {
    switch head.content {
    case .scan(let image, let mask):
      return try prepareScan(head.patient, image: image, mask: mask)
    case .slices(let slices):
      return try prepareSlices(head.patient, slices)
    }
  }

  /// What a patient bleeds from, as `EDH+SDH`, `blood` where kinds are not told, or `none`: from the
  /// mask or the labels alone.
  static func stratum(_ head: DataSource.Head) throws -> String {
    var kinds: Set<HaemorrhageSubtype> = []
    var bleeds = false
    switch head.content {
    case .slices(let slices):
      bleeds = slices.contains { $0.truth.haemorrhage }
      kinds = slices.reduce(into: []) { $0.formUnion($1.truth.subtypes ?? []) }
    case .scan(_, let mask):
      let present = Set(try labelValues(Volume(contentsOf: mask), head.patient)).subtracting([0])
      bleeds = !present.isEmpty
      kinds = Set(HaemorrhageSubtype.allCases.filter { present.contains(UInt8($0.rawValue)) })
    }
    guard bleeds else { return "none" }
    return kinds.isEmpty ? "blood" : kinds.sorted().map(\.abbreviation).joined(separator: "+")
  }

  private func prepareScan(
    _ patient: String, image: String, mask: String
  ) throws -> PreparedHead {
    let scan = try Volume(contentsOf: image).reoriented(to: .LPS)
    let labels = try Volume(contentsOf: mask).reoriented(to: .LPS)
    if let difference = scan.geometry.differences(from: labels.geometry, tolerance: 0.05).first {
      throw StudyError(
        .data, "\(patient): image and mask are not on one grid: \(difference)")
    }
    let maskLabels = try Self.labelValues(labels, patient)
    let kept = try scan.slices(.axial, [.withHead()])
    let size = scan.size
    let perSlice = size.x * size.y
    let spacing = scan.spacing
    let isRead = readPatients.contains(patient)
    var baseline: ThresholdReader.Result?
    var midlines: [Double] = []
    let volume = HeadVolume(
      columns: size.x, rows: size.y, slices: size.z, spacing: spacing,
      hounsfield: Self.hounsfield(scan))
    midlines = (0..<size.z).map(volume.midline(slice:))
    if isRead { baseline = try ThresholdReader().read(volume) }
    var slices: [PreparedSlice] = []
    for (place, k) in kept.enumerated() {
      let truth = SliceTruth(
        labels: maskLabels[(k * perSlice)..<((k + 1) * perSlice)], columns: size.x,
        midline: midlines[k], voxel: volume.voxel, leastArea: Self.leastArea)
      let request = SliceRequest(.axial, at: k, aspect: .voxels)
      let colours = try scan.composite(request, red: .brain, green: .subduralRSNA, blue: .boneRSNA)
      var slice = PreparedSlice(
        id: Self.id(patient, k), patient: patient, index: k, truth: truth,
        input: try planes(colours),
        extent: [Double(size.x) * spacing.x, Double(size.y) * spacing.y, spacing.z])
      if isRead, isShown(place, of: kept.count) {
        let picture = try scan.picture(request, through: Window.haemorrhage)
        slice.picture = try Self.enlarged(picture).png()
        let outline = try labels.labels(request)
        slice.overlay = try RGBImage(picture).overlaid(contour: outline).png()
      }
      slice.baseline = baseline?.slices[k]
      slices.append(slice)
    }
    var prepared = PreparedHead(patient: patient, slices: slices)
    prepared.millilitres =
      Double(maskLabels.lazy.filter { (1...5).contains($0) }.count) * volume.voxel / 1000
    prepared.baselineMillilitres = baseline?.millilitres
    prepared.abcMillilitres = try baseline.flatMap { try $0.largestABC2(volume) }
    return prepared
  }

  private func prepareSlices(
    _ patient: String, _ files: [DataSource.Slice]
  ) throws -> PreparedHead {
    var slices: [PreparedSlice] = []
    for (k, file) in files.enumerated() {
      let volume = try Volume(contentsOf: file.path)
      let request = SliceRequest(.axial, at: 0, convention: .stored, aspect: .voxels)
      let colours: RGBImage
      let picture: GrayImage
      if volume.modality == "CT" {
        colours = try volume.composite(request, red: .brain, green: .subduralRSNA, blue: .boneRSNA)
        picture = try volume.picture(request, through: Window.haemorrhage)
      } else {
        // A picture is windowed already; its grey is all there is.
        colours = try Self.colour(volume, request)
        picture = try GrayImage(
          width: colours.width, height: colours.height,
          pixels: (0..<(colours.width * colours.height)).map { colours.pixels[3 * $0 + 1] })
      }
      let isShown = readPatients.contains(patient) && isShown(k, of: files.count)
      let square = try Self.squared(picture)
      slices.append(
        PreparedSlice(
          id: Self.id(patient, k), patient: patient, index: k, truth: file.truth,
          input: try planes(colours), extent: nil, baseline: nil,
          picture: isShown ? try Self.enlarged(square).png() : nil, overlay: nil))
    }
    return PreparedHead(patient: patient, slices: slices)
  }

  /// Whether the slice at a place among the kept ones is among those that every arm reads: as many
  /// as asked for, at the middles of equal parts.
  private func isShown(_ place: Int, of count: Int) -> Bool {
    let wanted = options.slicesPerHead
    guard wanted > 0, wanted < count else { return true }
    return (0..<wanted).contains { (2 * $0 + 1) * count / (2 * wanted) == place }
  }

  /// Three planes of `side` × `side`, channel by channel; reduced by averaging.
  private func planes(_ image: RGBImage) throws -> [UInt8] {
    let side = options.networkSide
    let small = try image.letterboxed(width: side, height: side, by: .bilinear)
    let count = side * side
    var planes = [UInt8](repeating: 0, count: 3 * count)
    for i in 0..<count {
      for channel in 0..<3 { planes[channel * count + i] = small.pixels[3 * i + channel] }
    }
    return planes
  }

  private static func colour(_ volume: Volume, _ request: SliceRequest) throws -> RGBImage {
    volume.components == 1
      ? RGBImage(try volume.picture(request, through: .fullRange)) : try volume.colors(request)
  }

  private static func squared(_ image: GrayImage) throws -> GrayImage {
    try image.paddedToSquare()
  }

  /// At least 512 pixels a side: some vendors read small pictures badly (`edges below 200 px`).
  private static func enlarged(_ image: GrayImage) throws -> GrayImage {
    max(image.width, image.height) < 512
      ? try image.fitted(within: 512, enlarging: true, by: .bicubic) : image
  }

  private static func id(_ patient: String, _ index: Int) -> String {
    let digits = String(index)
    return patient + "/" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
  }

  private static func hounsfield(_ scan: Volume) -> [Int16] {
    scan.floatSamples().map { Int16(min(max($0.rounded(), -32768), 32767)) }
  }

  private static func labelValues(_ volume: Volume, _ patient: String) throws -> [UInt8] {
    try volume.floatSamples().map { value in
      guard let label = UInt8(exactly: value), label <= 5 else {
        throw StudyError(.data, "\(patient): the mask holds \(value); expected labels 0…5")
      }
      return label
    }
  }
}
