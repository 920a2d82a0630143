public import Foundation

/// The folder of one run: what is in it is whole, and a second start goes on where the first stopped.
public struct RunFolder: Sendable {
  public let url: URL

  /// Opens the folder of a run, or begins one.
  ///
  /// - Throws: `StudyError.Code.output` where the folder holds another run or other things.
  public init(_ path: String, options: StudyOptions) throws {
    url = URL(fileURLWithPath: path, isDirectory: true)
    let settings = url.appendingPathComponent("settings.json")
    let wanted = try Self.encoded(options)
    if FileManager.default.fileExists(atPath: url.path) {
      let inside = try FileManager.default.contentsOfDirectory(atPath: url.path)
        .filter { !$0.hasPrefix(".") }
      if let found = try? Data(contentsOf: settings) {
        guard found == wanted else {
          throw StudyError(
            .output,
            "\(url.lastPathComponent) holds a run with other settings; name another folder with "
              + "--output, or start anew with --force")
        }
        return
      }
      guard inside.isEmpty else {
        throw StudyError(
          .output,
          "\(url.lastPathComponent) is not empty and holds no run; name another folder with "
            + "--output")
      }
    }
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    try Self.write(wanted, to: settings)
  }

  /// A file or folder of the run.
  public subscript(name: String) -> URL { url.appendingPathComponent(name) }

  /// JSON with sorted keys, so that equal values are equal bytes.
  public static func encoded<T: Encodable>(_ value: T) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try encoder.encode(value) + Data("\n".utf8)
  }

  /// Reads what `write` wrote; nil where the step has not ended yet.
  public func stored<T: Decodable>(_ type: T.Type, _ name: String) -> T? {
    guard let data = try? Data(contentsOf: self[name]) else { return nil }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try? decoder.decode(type, from: data)
  }

  /// Writes a whole file or none.
  public func store<T: Encodable>(_ value: T, _ name: String) throws {
    try Self.write(Self.encoded(value), to: self[name])
  }

  /// Writes to a neighbour first and renames it, so that a kill leaves the old file or the new one.
  public static func write(_ data: Data, to url: URL) throws {
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: url, options: .atomic)
  }
}

extension RunFolder {
  /// Deletes an earlier run's folder, and nothing else.
  ///
  /// - Throws: `StudyError.Code.output` where the folder holds no run.
  public static func removeRun(_ path: String) throws {
    let url = URL(fileURLWithPath: path, isDirectory: true)
    let files = FileManager.default
    guard files.fileExists(atPath: url.path) else { return }
    guard files.fileExists(atPath: url.appendingPathComponent("settings.json").path) else {
      throw StudyError(
        .output, "\(url.lastPathComponent) holds no run, so --force leaves it alone")
    }
    try files.removeItem(at: url)
  }
}
