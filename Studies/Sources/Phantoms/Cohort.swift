public import Foundation
import VolumeIO

/// A folder of head phantoms in BHSD's layout: DICOM series, masks as NIfTI, and `dataset.json`.
///
/// ```text
/// dataset.json            labels 0…5, training: [{image, label}]
/// imagesTr/HEAD_0001/     a DICOM series, one file a slice
/// labelsTr/HEAD_0001.nii.gz
/// truth/HEAD_0001.json    kinds, sides, boxes and millilitres
/// ```
public enum Cohort {
  /// What is known of one head.
  public struct Truth: Sendable, Codable {
    public var name: String
    public var acquisition: HeadPhantom.Acquisition
    public var bleeds: [Haemorrhage]
    /// By abbreviation.
    public var millilitres: [String: Double]
    /// By abbreviation: `left`, `right` or `both`, by the masks' voxels.
    public var sides: [String: String]
    /// By abbreviation: first column, row and slice, and one past the last.
    public var boxes: [String: [Int]]
  }

  /// Writes the heads that are not there yet, then `dataset.json`.
  ///
  /// A head is written beside its place and renamed, so that a kill leaves whole heads only.
  /// - Parameter progress: Told the count of heads that are done.
  public static func write(
    heads: Int, seed: UInt64, to folder: URL, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws {
    let files = FileManager.default
    for part in ["imagesTr", "labelsTr", "truth"] {
      try files.createDirectory(
        at: folder.appendingPathComponent(part), withIntermediateDirectories: true)
    }
    let width = max(1, ProcessInfo.processInfo.activeProcessorCount)
    try await withThrowingTaskGroup(of: Void.self) { group in
      var next = 0
      var done = 0
      func start() {
        guard next < heads else { return }
        let index = next
        next += 1
        group.addTask { try write(HeadPhantom(seed: seed, index: index), to: folder) }
      }
      for _ in 0..<width { start() }
      while try await group.next() != nil {
        done += 1
        progress(done)
        start()
      }
    }
    try manifest(heads: heads, seed: seed, to: folder)
  }

  private static func write(_ head: HeadPhantom, to folder: URL) throws {
    let files = FileManager.default
    let truth = folder.appendingPathComponent("truth/\(head.name).json")
    guard !files.fileExists(atPath: truth.path) else { return }
    let a = head.acquisition
    var hounsfield: [Int16] = []
    var labels: [UInt8] = []
    hounsfield.reserveCapacity(a.matrix * a.matrix * a.slices)
    labels.reserveCapacity(a.matrix * a.matrix * a.slices)
    for k in 0..<a.slices {
      let slice = head.slice(k)
      hounsfield += slice.hounsfield
      labels += slice.labels
    }
    let geometry = Geometry(size: [a.matrix, a.matrix, a.slices], affine: head.affine)
    let scan = try Volume(
      .int16(hounsfield.map { $0 + 1024 }), geometry: geometry,
      rescale: Rescale(slope: 1, intercept: -1024), modality: "CT")
    let images = folder.appendingPathComponent("imagesTr/\(head.name)")
    let partial = folder.appendingPathComponent("imagesTr/.\(head.name).partial")
    try? files.removeItem(at: partial)
    try? files.removeItem(at: images)
    var attributes = DICOMWriter.Attributes()
    attributes.patientName = head.name
    attributes.patientID = head.name
    attributes.studyDescription = "Generated head phantom"
    attributes.seriesDescription = "Axial head, no contrast"
    attributes.sliceThickness = a.sliceThickness
    attributes.peakKilovoltage = 120
    try DICOMWriter(seed: "\(head.seed)/\(head.name)", attributes: attributes)
      .write(scan, to: partial.path)
    try files.moveItem(at: partial, to: images)
    let mask = try Volume(.uint8(labels), geometry: geometry)
    try mask.writeNIfTI(to: folder.appendingPathComponent("labelsTr/\(head.name).nii.gz").path)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try encoder.encode(truthOf(head, labels)).write(to: truth, options: .atomic)
  }

  private static func truthOf(_ head: HeadPhantom, _ labels: [UInt8]) -> Truth {
    let a = head.acquisition
    let n = a.matrix
    var truth = Truth(
      name: head.name, acquisition: a, bleeds: head.bleeds, millilitres: [:], sides: [:],
      boxes: [:])
    let voxel = a.pixelSpacing * a.pixelSpacing * a.sliceThickness / 1000
    for kind in HaemorrhageSubtype.allCases {
      var count = 0
      var left = 0
      var low = [Int.max, Int.max, Int.max]
      var high = [0, 0, 0]
      for (i, label) in labels.enumerated() where label == kind.rawValue {
        let place = [i % n, i / n % n, i / (n * n)]
        count += 1
        if 2 * place[0] >= n { left += 1 }
        for axis in 0..<3 {
          low[axis] = min(low[axis], place[axis])
          high[axis] = max(high[axis], place[axis] + 1)
        }
      }
      guard count > 0 else { continue }
      let share = Double(left) / Double(count)
      truth.millilitres[kind.abbreviation] = Double(count) * voxel
      truth.sides[kind.abbreviation] = share > 0.8 ? "left" : share < 0.2 ? "right" : "both"
      truth.boxes[kind.abbreviation] = low + high
    }
    return truth
  }

  private struct Manifest: Codable {
    struct Case: Codable {
      var image: String
      var label: String
    }
    var name: String
    var description: String
    var modality: [String: String]
    var labels: [String: String]
    var numTraining: Int
    var training: [Case]
    var test: [String]
  }

  private static func manifest(heads: Int, seed: UInt64, to folder: URL) throws {
    var labels = ["0": "background"]
    for kind in HaemorrhageSubtype.allCases { labels[String(kind.rawValue)] = kind.name }
    let manifest = Manifest(
      name: "Head phantoms",
      description: "Generated, seed \(seed); no patient", modality: ["0": "CT"], labels: labels,
      numTraining: heads,
      training: (0..<heads).map { index in
        let name = HeadPhantom.name(index)
        return Manifest.Case(
          image: "./imagesTr/\(name)", label: "./labelsTr/\(name).nii.gz")
      }, test: [])
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try encoder.encode(manifest).write(
      to: folder.appendingPathComponent("dataset.json"), options: .atomic)
  }
}

extension HeadPhantom {
  /// The place of its voxels in the scanner, tilt included.
  var affine: Affine {
    let origin = position(column: 0, row: 0, slice: 0)
    return Affine(
      x: position(column: 1, row: 0, slice: 0) - origin,
      y: position(column: 0, row: 1, slice: 0) - origin,
      z: position(column: 0, row: 0, slice: 1) - origin, origin: origin)
  }
}
