import ArgumentParser
import Foundation
import VolumeIO

struct InspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Tell what a file, a series or a folder is.",
    discussion: """
      Prints format, size, spacing, orientation and the range of values; for a folder of DICOM one
      entry a series. Patients' identifiers are shown only with --identifiers.

        roentgen inspect scan.nii.gz
        roentgen inspect dicom-folder/ --json

      A file that cannot be read ends the command with exit code 65 and one line that says why.
      """)

  @Argument(help: "A file, a folder or an archive.")
  var path: String

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Show the patient's name and ID, and the UIDs.")
  var identifiers = false

  func run() async throws {
    do {
      let kind = try FileManager.default.attributesOfItem(
        atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)[.type]
      let entries =
        kind as? FileAttributeType == .typeDirectory ? try folder() : [try file(path)]
      if json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
          positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let isFolder = kind as? FileAttributeType == .typeDirectory
        let data = isFolder ? try encoder.encode(entries) : try encoder.encode(entries[0])
        print(String(decoding: data, as: UTF8.self))
      } else {
        for entry in entries { print(entry.text) }
      }
    } catch let error as VolumeError {
      throw Failure.exit(Failure.dataError, error.naming(path))
    } catch let error as CocoaError {
      throw Failure.exit(
        Failure.dataError,
        "\(URL(fileURLWithPath: path).lastPathComponent): "
          + (error.code == .fileReadNoSuchFile || error.code == .fileNoSuchFile
            ? "no such file or folder" : "cannot be read"))
    }
  }

  private func folder() throws -> [InspectedScan] {
    let found = try DICOMFolder(path)
    guard !found.series.isEmpty else {
      if let failure = found.failures.first { throw failure.error }
      return [InspectedScan(volume: try Volume(contentsOf: path), format: "stack")]
    }
    return try found.series.map { try series($0) }
  }

  private func series(_ series: DICOMSeries) throws -> InspectedScan {
    var options = DICOMReadOptions()
    options.irregularSpacing = .keep
    var entry = InspectedScan(
      volume: try Volume(series: series, options: options), format: "DICOM")
    entry.describe(series, identifiers: identifiers)
    return entry
  }

  private func file(_ path: String) throws -> InspectedScan {
    let found = DICOMFolder(files: [path])
    if let only = found.series.first, found.series.count == 1 {
      return try dicom(path, only)
    }
    return InspectedScan(
      volume: try Volume(contentsOf: path),
      format: try FileFormat.of(file: path)?.rawValue ?? "unknown")
  }

  /// One DICOM file: what it stores, in its own terms.
  private func dicom(_ path: String, _ series: DICOMSeries) throws -> InspectedScan {
    var entry = try self.series(series)
    let file = try DICOMFile(contentsOf: path)
    let summary = try DICOMSummary(file)
    entry.storedCRC32 = summary.storedCRC32 ?? entry.storedCRC32
    entry.frames = summary.frames
    entry.rows = summary.rows
    entry.columns = summary.columns
    entry.photometric = summary.photometric
    entry.bitsStored = summary.bitsStored
    entry.signed = summary.signed
    entry.min = summary.minimum ?? entry.min
    entry.max = summary.maximum ?? entry.max
    entry.mean = summary.mean ?? entry.mean
    entry.diagnostics = summary.diagnostics
    if identifiers {
      entry.patientName = DICOMTag(keyword: "PatientName").flatMap { file.dataSet.string($0) }
      entry.patientID = DICOMTag(keyword: "PatientID").flatMap { file.dataSet.string($0) }
    }
    return entry
  }
}
