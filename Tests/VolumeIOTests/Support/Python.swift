import Foundation
import VolumeIO

/// A Python with reference readers, named by `ROENTGEN_PYTHON`.
enum Python {
  static let path: String? = {
    guard let path = ProcessInfo.processInfo.environment["ROENTGEN_PYTHON"] else {
      print("SKIPPED: ROENTGEN_PYTHON is unset; round trips through reference readers do not run")
      return nil
    }
    return path
  }()

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// What a script prints, parsed as JSON lines; nil where there is no Python, or where a module that
  /// the script imports is missing.
  static func run(_ script: String, _ arguments: [String] = []) throws -> [JSONValue]? {
    guard let path else { return nil }
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = ["-c", script] + arguments
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let problems = String(
      decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    if problems.contains("ModuleNotFoundError") {
      print("SKIPPED: \(problems.split(separator: "\n").last ?? "")")
      return nil
    }
    guard process.terminationStatus == 0 else { throw Failure(description: problems) }
    return try JSONLines.parse(Array(text))
  }
}

extension JSONValue {
  func numbers(_ name: String) -> [Double]? { self[name]?.array?.compactMap(\.number) }
}
