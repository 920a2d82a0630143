import Foundation
import Testing
import VolumeIO

/// Real files that are not part of the repository.
enum TestData {
  /// The folder named by `ROENTGEN_DATA`, or `../shared/data` beside the package; nil where it is not
  /// there.
  static let folder: String? = {
    let named = ProcessInfo.processInfo.environment["ROENTGEN_DATA"]
    let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let path = named ?? package.appending(path: "../shared/data").standardizedFileURL.path
    guard FileManager.default.fileExists(atPath: path) else {
      print("SKIPPED: no test data at \(path); set ROENTGEN_DATA (187 files of the oracle unread)")
      return nil
    }
    return path
  }()

  /// The rows of `oracle.jsonl`; none where the data is missing.
  static let oracle: [OracleRow] = {
    guard let folder, let bytes = FileManager.default.contents(atPath: folder + "/oracle.jsonl")
    else { return [] }
    return bytes.split(separator: 0x0A).compactMap { line in
      guard let json = try? JSONValue(parsing: Array(line)), let file = json["file"]?.string else {
        return nil
      }
      return OracleRow(file: file, path: folder + "/" + file, json: json)
    }
  }()
}

/// What a reference reader says of one file.
struct OracleRow: Sendable, CustomTestStringConvertible {
  var file: String
  var path: String
  var json: JSONValue

  var testDescription: String { file }

  func number(_ name: String) -> Double? { json[name]?.number }

  func numbers(_ name: String) -> [Double]? { json[name]?.array?.compactMap(\.number) }
}

/// A folder that is removed with its content when it goes out of scope.
final class TemporaryFolder {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "roentgen-\(UUID())")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    let full = path + "/" + name
    let parent = URL(filePath: full).deletingLastPathComponent()
    try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(filePath: full))
    return full
  }
}

func bytes(of path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }
