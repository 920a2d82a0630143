import ArgumentParser
import Foundation
import ICHStudy
import VolumeIO

/// What a command line says of the scan it is pointed at.
struct ScanInput: ParsableArguments {
  /// What to do where the gaps between a series' slices differ.
  enum Gaps: String, ExpressibleByArgument, CaseIterable {
    case keep, resample, refuse
  }

  @Option(
    help: ArgumentHelp(
      "Which series of a folder, counted from 1 as `roentgen inspect` lists them.",
      valueName: "number"))
  var series: Int?

  @Option(
    help: """
      Uneven gaps between slices: keep, resample or refuse. By default slices are kept where each \
      becomes a picture of its own, and resampled to even steps where pictures cross them.
      """)
  var gaps: Gaps?

  /// Reads the scan and returns it with what a person should know of how it was read.
  ///
  /// - Parameters:
  ///   - path: A file, a folder or an archive.
  ///   - crossesSlices: Whether pictures will lie across the stored slices.
  func read(_ path: String, crossesSlices: Bool = false) throws -> (Volume, notes: [String]) {
    guard let found = try dicom(path) else {
      guard series == nil else {
        throw Failure.exit(
          Failure.usage, "--series is for folders of DICOM; \(name(path)) holds none")
      }
      return (try Volume(contentsOf: path), [])
    }
    let chosen = try choose(from: found, path)
    var options = DICOMReadOptions()
    var notes: [String] = []
    if !chosen.isRegular {
      switch gaps ?? (crossesSlices ? .resample : .keep) {
      case .keep:
        options.irregularSpacing = .keep
        notes.append("the gaps between slices differ; each slice is shown as it is")
      case .resample:
        options.irregularSpacing = .resample(step: nil)
        notes.append("the gaps between slices differ; resampled to even steps")
      case .refuse: break
      }
    }
    notes += chosen.diagnostics.map { "\($0)" }
    return (try Volume(series: chosen, options: options), notes)
  }

  /// What the path holds of DICOM; nil where another reader is to try.
  private func dicom(_ path: String) throws -> DICOMFolder? {
    guard FileManager.default.fileExists(atPath: path) else {
      throw VolumeError(.file, "no such file or folder", file: name(path))
    }
    if !isFolder(path) {
      let format = try FileFormat.of(file: path)
      guard format == .dicom || format == nil else { return nil }
    }
    let found = try DICOMFolder(path)
    return found.series.isEmpty ? nil : found
  }

  private func choose(from found: DICOMFolder, _ path: String) throws -> DICOMSeries {
    let all = found.series
    if let series {
      guard all.indices.contains(series - 1) else {
        throw Failure.exit(
          Failure.usage, "--series \(series): \(name(path)) holds 1 to \(all.count)")
      }
      return all[series - 1]
    }
    if let principal = found.principalSeries { return principal }
    let list = all.prefix(12).enumerated().map { "\($0 + 1): \($1)" }.joined(separator: "; ")
    throw Failure.exit(
      Failure.dataError,
      "\(name(path)) holds \(all.count) series; choose one with --series: \(list)")
  }

  private func name(_ path: String) -> String { URL(fileURLWithPath: path).lastPathComponent }
}
