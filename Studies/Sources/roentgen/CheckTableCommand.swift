import ArgumentParser
import Evaluation
import Foundation
import ICHStudy

struct CheckTableCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-table",
    abstract: "Flag rows of a results table that cannot be true.",
    discussion: """
      Reads a CSV file with a header. Columns are found by name: n, accuracy, correct, precision,
      recall, F1, sensitivity, specificity, PPV, NPV, balanced accuracy, macro precision, macro
      recall, macro F1, Dice, IoU, positives, negatives. Values above 1 are percentages.

        roentgen check-table results.csv
        roentgen check-table results.csv --averages     P, R, F1 are means over classes

      The exit code is 65 when a row cannot be true.
      """)

  @Argument(help: "A CSV file.")
  var file: String

  @Flag(help: "Every class has the same number of cases.")
  var balanced = false

  @Flag(help: "Precision, recall and F1 are averages over classes, not of one class.")
  var averages = false

  /// No table of a paper is larger; a device without end must not be read to its end.
  private static let largest = 64 << 20

  private func contents() throws -> Data {
    guard FileManager.default.fileExists(atPath: file) else {
      throw Failure.exit(Failure.dataError, "\(file): there is no such file")
    }
    guard !isFolder(file) else {
      throw Failure.exit(Failure.dataError, "\(file) is a folder, expected a CSV file")
    }
    guard let handle = FileHandle(forReadingAtPath: file) else {
      throw Failure.exit(Failure.dataError, "\(file) cannot be opened for reading")
    }
    let data: Data
    do {
      data = try handle.read(upToCount: Self.largest + 1) ?? Data()
    } catch {
      throw Failure.exit(Failure.dataError, "\(file) cannot be read: \(error.localizedDescription)")
    }
    guard !data.isEmpty else {
      throw Failure.exit(
        Failure.dataError, "\(file) is empty, expected a header line and rows of results")
    }
    guard data.count <= Self.largest else {
      throw Failure.exit(
        Failure.dataError, "\(file) has more than \(Self.largest) bytes, expected a table")
    }
    return data
  }

  func run() throws {
    let data = try contents()
    let report: TableChecker.Report
    do {
      report = try TableChecker(isBalanced: balanced, isSingleClass: !averages)
        .check(csv: String(decoding: data, as: UTF8.self))
    } catch {
      throw Failure.exit(Failure.dataError, "\(file): \(error)")
    }
    for finding in report.findings { print(finding) }
    let rules = report.applied.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)×" }
    print(
      "\(report.findings.count) findings in \(report.rows) rows; applied: "
        + (rules.isEmpty ? "no rule (too few known columns)" : rules.joined(separator: ", ")))
    if !report.findings.isEmpty {
      throw Failure.exit(
        Failure.dataError, "\(file): \(report.findings.count) numbers cannot be true")
    }
  }
}
