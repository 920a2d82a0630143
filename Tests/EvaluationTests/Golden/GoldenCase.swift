// The file format of reference cases: see the README beside them.
import Evaluation
import Foundation
import Testing

/// A JSON value; "nan", "inf" and "-inf" stand for the numbers JSON lacks.
indirect enum Value: Decodable, Sendable, Equatable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([Value])
  case object([String: Value])

  init(from decoder: any Decoder) throws {
    let c = try decoder.singleValueContainer()
    if c.decodeNil() {
      self = .null
    } else if let v = try? c.decode(Bool.self) {
      self = .bool(v)
    } else if let v = try? c.decode(Double.self) {
      self = .number(v)
    } else if let v = try? c.decode(String.self) {
      self = .string(v)
    } else if let v = try? c.decode([Value].self) {
      self = .array(v)
    } else {
      self = .object(try c.decode([String: Value].self))
    }
  }

  var double: Double? {
    switch self {
    case .number(let v): v
    case .bool(let b): b ? 1 : 0
    case .string("nan"): .nan
    case .string("inf"): .infinity
    case .string("-inf"): -.infinity
    default: nil
    }
  }

  var text: String {
    switch self {
    case .null: "null"
    case .bool(let b): b ? "1" : "0"
    case .number(let x): x == x.rounded() && abs(x) < 1e15 ? String(Int(x)) : "\(x)"
    case .string(let s): s
    case .array(let a): "[" + a.map(\.text).joined(separator: ", ") + "]"
    case .object(let o):
      "{"
        + o.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.text)" }
        .joined(separator: ", ") + "}"
    }
  }

  var list: [Value]? { if case .array(let a) = self { a } else { nil } }
  var fields: [String: Value]? { if case .object(let o) = self { o } else { nil } }
}

extension Value {
  static func of(_ v: MetricValue) -> Value { .number(v.orNaN) }
  static func of(_ s: Score) -> Value { .number(s.value.orNaN) }
  static func of(_ x: Double) -> Value { .number(x) }
  static func of(_ x: Int) -> Value { .number(Double(x)) }
  static func of(_ xs: [Double]) -> Value { .array(xs.map { .number($0) }) }
  static func of(_ xs: [Int]) -> Value { .array(xs.map { .number(Double($0)) }) }
  static func of(_ xs: [MetricValue]) -> Value { .array(xs.map { .of($0) }) }
  static func of(_ xs: [[Int]]) -> Value { .array(xs.map { .of($0) }) }
  static func of(_ xs: [[Double]]) -> Value { .array(xs.map { .of($0) }) }
  static func of(_ i: Interval?) -> Value {
    guard let i else { return .of([Double.nan, Double.nan]) }
    return .of([i.bounds.lower, i.bounds.upper])
  }
}

struct GoldenError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// One reference case.
struct GoldenCase: Decodable, Sendable, CustomTestStringConvertible {
  struct Tolerance: Decodable, Sendable {
    let abs: Double
    let rel: Double
  }
  let id: String
  let metric: String
  let input: [String: Value]
  let params: [String: Value]?
  let expected: [String: Value]
  let tolerance: Tolerance
  var file = ""

  private enum CodingKeys: String, CodingKey {
    case id, metric, input, params, expected, tolerance
  }

  var testDescription: String { "\(file) \(id) (\(metric))" }

  func value(_ key: String) throws -> Value {
    guard let v = input[key] else { throw GoldenError("\(id): no input \(key)") }
    return v
  }

  func number(_ key: String) throws -> Double {
    guard let x = try value(key).double else { throw GoldenError("\(id): \(key) is no number") }
    return x
  }

  func string(_ key: String) throws -> String {
    guard case .string(let s) = try value(key) else {
      throw GoldenError("\(id): \(key) is no string")
    }
    return s
  }

  func numbers(_ key: String) throws -> [Double] { try Self.numbers(try value(key)) }

  static func numbers(_ v: Value) throws -> [Double] {
    guard let list = v.list else { throw GoldenError("no array") }
    return try list.map {
      guard let x = $0.double else { throw GoldenError("\($0.text) is no number") }
      return x
    }
  }

  func integers(_ key: String) throws -> [Int] { try numbers(key).map { Int($0) } }
  func bools(_ key: String) throws -> [Bool] { try numbers(key).map { $0 > 0 } }

  func rows(_ key: String) throws -> [[Double]] {
    guard let list = try value(key).list else { throw GoldenError("\(id): \(key) is no array") }
    return try list.map { try Self.numbers($0) }
  }

  func boolRows(_ key: String) throws -> [[Bool]] { try rows(key).map { $0.map { $0 > 0 } } }
  func integerRows(_ key: String) throws -> [[Int]] { try rows(key).map { $0.map { Int($0) } } }

  func labels(_ key: String) throws -> [String] {
    guard let list = try value(key).list else { throw GoldenError("\(id): \(key) is no array") }
    return list.map(\.text)
  }

  func strings(_ key: String) throws -> [String] { try labels(key) }

  static func strings(_ v: Value) -> [String] { v.list?.map(\.text) ?? [v.text] }

  func stringRows(_ key: String) throws -> [[String]] {
    guard let list = try value(key).list else { throw GoldenError("\(id): \(key) is no array") }
    return list.map { Self.strings($0) }
  }

  func parameter(_ key: String) -> Value? { params?[key] }
  var confidence: Double { parameter("confidence")?.double ?? 0.95 }

  func mask(_ v: Value, spacing: [Double]?) throws -> Mask {
    guard let fields = v.fields, let shape = fields["shape"] else {
      throw GoldenError("\(id): no mask")
    }
    let extents = try Self.numbers(shape).map { Int($0) }
    if let runs = fields["runs"] {
      return try Mask(
        runs: try Self.numbers(runs).map { Int($0) }, shape: extents, spacing: spacing)
    }
    let map = try labelMap(v)
    return try Mask(map.labels.map { $0 != 0 }, shape: extents, spacing: spacing)
  }

  func mask(_ key: String) throws -> Mask {
    let spacing = try input["spacing"].map { try Self.numbers($0) }
    return try mask(try value(key), spacing: spacing)
  }

  func labelMap(_ v: Value) throws -> (labels: [Int], shape: [Int]) {
    guard let fields = v.fields, let shape = fields["shape"] else {
      throw GoldenError("\(id): no label map")
    }
    let extents = try Self.numbers(shape).map { Int($0) }
    var labels: [Int] = []
    if let runs = fields["label_runs"]?.list {
      for run in runs {
        let pair = try Self.numbers(run)
        labels += Array(repeating: Int(pair[0]), count: Int(pair[1]))
      }
    } else if let runs = fields["runs"] {
      var value = 0
      for run in try Self.numbers(runs) {
        labels += Array(repeating: value, count: Int(run))
        value = 1 - value
      }
    }
    return (labels, extents)
  }
}

/// All cases of all files of the folder.
enum GoldenFiles {
  static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["ROENTGEN_GOLDEN"] {
      return URL(fileURLWithPath: path, isDirectory: true)
    }
    // ../shared/golden beside the package, wherever the tests are run from.
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let beside = package.deletingLastPathComponent().appendingPathComponent("shared/golden")
    if FileManager.default.fileExists(atPath: beside.path) { return beside }
    return URL(fileURLWithPath: "../shared/golden", isDirectory: true)
  }()

  static let loaded: (cases: [GoldenCase], problems: [String]) = {
    struct File: Decodable {
      let group: String?
      let cases: [GoldenCase]
    }
    var cases: [GoldenCase] = []
    var problems: [String] = []
    let urls =
      (try? FileManager.default.contentsOfDirectory(
        at: folder, includingPropertiesForKeys: nil)) ?? []
    for url in urls.sorted(by: { $0.path < $1.path }) where url.pathExtension == "json" {
      do {
        let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: url))
        for var one in file.cases {
          one.file = url.lastPathComponent
          cases.append(one)
        }
      } catch {
        problems.append("\(url.lastPathComponent): \(error)")
      }
    }
    if cases.isEmpty {
      print("SKIPPED: 0 golden cases at \(folder.lastPathComponent) (set ROENTGEN_GOLDEN)")
    }
    return (cases, problems)
  }()

  static var cases: [GoldenCase] { loaded.cases }
}
