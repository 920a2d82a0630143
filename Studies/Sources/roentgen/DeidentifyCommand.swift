import ArgumentParser
import Foundation
import VolumeIO

struct DeidentifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deidentify",
    abstract: "Remove what identifies patients from DICOM files.",
    discussion: """
      Follows the basic profile of PS3.15, annex E. Files are written as OUT/00001/IM00001.dcm and so
      on, one folder a series: names of files often hold names of patients. Pixels are copied as they
      are; pictures that likely show names are warned of.

      EXAMPLE
        roentgen deidentify scans/ clean/ --key-file key.txt --dates shift
      """)

  enum Dates: String, ExpressibleByArgument, CaseIterable {
    case remove, shift, keep
  }

  @Argument(help: "A DICOM file, a folder tree of them, or a DICOMDIR.")
  var input: String

  @Argument(help: "The folder to write to; it must not be there yet.")
  var output: String

  @Option(
    help: """
      A file with a secret: the same secret gives the same new identifiers in every run. Without it \
      one is made and forgotten.
      """)
  var keyFile: String?

  @Option(help: "What becomes of dates: remove, shift (the same for all of a patient), keep.")
  var dates = Dates.remove

  @Flag(help: "Keep UIDs.")
  var keepUids = false

  @Flag(help: "Keep descriptions, without words that may identify.")
  var cleanDescriptors = false

  @Flag(help: "Keep sex, age, size and weight.")
  var keepPatientCharacteristics = false

  @Flag(help: "Keep the machine's identity.")
  var keepDevice = false

  @Flag(help: "Keep the hospital's identity.")
  var keepInstitution = false

  @Flag(help: "List every change.")
  var verbose = false

  func run() throws {
    guard !FileManager.default.fileExists(atPath: output) else {
      throw Failure.exit(Failure.cannotCreate, "the output folder is there already")
    }
    var options = DICOMDeidentifier.Options()
    options.dates =
      switch dates {
      case .remove: .remove
      case .shift: .shift
      case .keep: .keep
      }
    options.keepsUIDs = keepUids
    options.cleansDescriptors = cleanDescriptors
    options.keepsPatientCharacteristics = keepPatientCharacteristics
    options.keepsDeviceIdentity = keepDevice
    options.keepsInstitutionIdentity = keepInstitution
    let maker = DICOMDeidentifier(key: try key(), options: options)
    do {
      let folder = try DICOMFolder(input)
      var groups = folder.series.map(\.files)
      if !folder.others.isEmpty { groups.append(folder.others) }
      var done: Set<String> = []
      var warnings = 0
      for (group, files) in groups.enumerated() {
        let target = "\(output)/\(padded(group + 1))"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        for file in files where done.insert(file).inserted {
          let name = "IM\(padded(done.count)).dcm"
          let report = try maker.deidentify(file, to: "\(target)/\(name)")
          warnings += report.warnings.count
          if verbose || !report.warnings.isEmpty {
            print("\(padded(group + 1))/\(name): \(report)")
          }
          if verbose { for change in report.changes { print("  \(change)") } }
        }
      }
      print("\(done.count) files written, \(warnings) with pictures to look at")
      for failure in folder.failures {
        FileHandle.standardError.write(Data("roentgen: left out: \(failure.error.code)\n".utf8))
      }
      if done.isEmpty { throw Failure.exit(Failure.dataError, "no DICOM file was found") }
    } catch let error as VolumeError {
      throw Failure.exit(Failure.dataError, error)
    }
  }

  private func key() throws -> String {
    guard let keyFile else {
      var random = SystemRandomNumberGenerator()
      return (0..<4).map { _ in String(random.next(), radix: 16) }.joined()
    }
    guard let data = FileManager.default.contents(atPath: keyFile), !data.isEmpty else {
      throw Failure.exit(Failure.dataError, "the key file cannot be read or is empty")
    }
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private func padded(_ number: Int) -> String {
    let text = "\(number)"
    return String(repeating: "0", count: max(0, 5 - text.count)) + text
  }
}
