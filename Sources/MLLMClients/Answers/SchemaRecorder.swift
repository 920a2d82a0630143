// A JSON schema from a type, by watching what the type asks of a decoder.

import Foundation

/// A type that says more about its schema than its properties do.
public protocol SchemaDescribed {
  /// Members to add to the schema of each property, by property name:
  /// `["confidence": ["minimum": 0, "maximum": 1, "description": "…"]]`.
  static var schemaDetails: [String: JSON] { get }
}

/// Why no schema can be derived from a type.
public struct SchemaError: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}

extension AnswerFormat {
  /// The form of a `Decodable` type.
  ///
  /// - Throws: `SchemaError` for what has no plain schema: enums with associated values, types that
  ///   contain themselves, dictionaries, decoders that look before they ask.
  public init<Value: Decodable>(
    of type: Value.Type, named name: String? = nil
  ) throws(SchemaError) {
    let title = name ?? String(describing: type)
    var recorder = SchemaRecorder()
    let schema = try recorder.schema(of: type)
    if schema["type"]?.string == "object" {
      self.init(name: title, schema: schema, labels: nil)
      return
    }
    // A bare choice, number or list rides in an object, because every vendor wants one.
    let labels = schema["enum"]?.array?.compactMap(\.string)
    self.init(
      name: title,
      schema: [
        "type": "object", "properties": ["answer": schema], "required": ["answer"],
        "additionalProperties": false,
      ], labels: labels)
  }
}

struct SchemaRecorder {
  private var path: [String] = []

  mutating func schema<Value: Decodable>(of type: Value.Type) throws(SchemaError) -> JSON {
    try example(of: type).schema
  }

  /// A value of the type, and its schema.
  mutating func example<Value: Decodable>(
    of type: Value.Type
  ) throws(SchemaError) -> (value: Value, schema: JSON) {
    if let known = Self.leaf(type) { return known }
    if let optional = type as? any AbsentValue.Type {
      let schema = Board.nullable(try optional.wrappedSchema(by: &self))
      if let absent = optional.absent as? Value { return (absent, schema) }
    }
    let name = String(reflecting: type)
    guard !path.contains(name) else { throw SchemaError("\(type) contains itself") }
    guard path.count < 16 else { throw SchemaError("\(type) lies deeper than 16 types") }
    path.append(name)
    defer { path.removeLast() }
    let board = Board(recorder: self)
    let value: Value
    do {
      value = try Value(from: RecordingDecoder(board: board))
    } catch let error as SchemaError {
      throw error
    } catch {
      let hint =
        type is any RawRepresentable.Type && !(type is any CaseIterable.Type)
        ? "conform it to CaseIterable, so that its choices are known" : "give a schema by hand"
      throw SchemaError("\(type) refuses example values; \(hint)")
    }
    if board.lookedForKeys { throw SchemaError("\(type) takes keys of any name") }
    guard var schema = board.schema else { throw SchemaError("\(type) asks for nothing") }
    if let described = type as? any SchemaDescribed.Type,
      case .object(var properties)? = schema["properties"]
    {
      for (property, details) in described.schemaDetails {
        guard let index = properties.firstIndex(where: { $0.key == property }) else {
          throw SchemaError("\(type) describes \(property), which it does not have")
        }
        for member in details.members ?? [] {
          properties[index].value.set(member.key, member.value)
        }
      }
      schema.set("properties", .object(properties))
    }
    return (value, schema)
  }

  private static func leaf<Value: Decodable>(_ type: Value.Type) -> (Value, JSON)? {
    func pair(_ value: any Sendable, _ name: String) -> (Value, JSON)? {
      (value as? Value).map { ($0, ["type": .string(name)]) }
    }
    switch type {
    case is String.Type: return pair("", "string")
    case is Bool.Type: return pair(false, "boolean")
    case is Int.Type: return pair(0, "integer")
    case is Int8.Type: return pair(Int8(0), "integer")
    case is Int16.Type: return pair(Int16(0), "integer")
    case is Int32.Type: return pair(Int32(0), "integer")
    case is Int64.Type: return pair(Int64(0), "integer")
    case is UInt.Type: return pair(UInt(0), "integer")
    case is UInt8.Type: return pair(UInt8(0), "integer")
    case is UInt16.Type: return pair(UInt16(0), "integer")
    case is UInt32.Type: return pair(UInt32(0), "integer")
    case is UInt64.Type: return pair(UInt64(0), "integer")
    case is Double.Type: return pair(Double(0), "number")
    case is Float.Type: return pair(Float(0), "number")
    case is Decimal.Type: return pair(Decimal(0), "number")
    case is Date.Type: return (Date() as? Value).map { ($0, formatted("date-time")) }
    case is UUID.Type: return (UUID() as? Value).map { ($0, formatted("uuid")) }
    case is URL.Type: return (URL(filePath: "/") as? Value).map { ($0, ["type": "string"]) }
    default: break
    }
    if let choices = type as? any CaseIterable.Type { return choice(of: choices, as: type) }
    return nil
  }

  private static func formatted(_ format: String) -> JSON {
    ["type": "string", "format": .string(format)]
  }

  private static func choice<Choices: CaseIterable, Value>(
    of choices: Choices.Type, as type: Value.Type
  ) -> (Value, JSON)? {
    let raw = choices.allCases.map { ($0 as? any RawRepresentable)?.rawValue }
    guard let first = choices.allCases.first as? Value else { return nil }
    let names = raw.compactMap { $0 as? String }
    if names.count == raw.count {
      return (first, ["type": "string", "enum": .array(names.map { .string($0) })])
    }
    let numbers = raw.compactMap { $0 as? Int }
    if numbers.count == raw.count {
      return (first, ["type": "integer", "enum": .array(numbers.map { .integer($0) })])
    }
    return nil
  }
}

/// A type one of whose values is nothing.
private protocol AbsentValue {
  static var absent: Self { get }
  static func wrappedSchema(by recorder: inout SchemaRecorder) throws(SchemaError) -> JSON
}

extension Optional: AbsentValue where Wrapped: Decodable {
  static var absent: Wrapped? { nil }

  static func wrappedSchema(by recorder: inout SchemaRecorder) throws(SchemaError) -> JSON {
    try recorder.schema(of: Wrapped.self)
  }
}

/// What one decoder has been asked for so far.
private final class Board {
  var recorder: SchemaRecorder
  var schema: JSON?
  var properties: [JSON.Member] = []
  /// Whether the type asked which keys there are, as dictionaries do.
  var lookedForKeys = false

  init(recorder: SchemaRecorder) { self.recorder = recorder }

  func record(_ key: String, _ schema: JSON) {
    if !properties.contains(where: { $0.key == key }) { properties.append(.init(key, schema)) }
    self.schema = [
      "type": "object", "properties": .object(properties),
      "required": .array(properties.map { .string($0.key) }), "additionalProperties": false,
    ]
  }

  static func nullable(_ schema: JSON) -> JSON {
    var schema = schema
    if let type = schema["type"]?.string {
      schema.set("type", [.string(type), "null"])
      if let choices = schema["enum"]?.array { schema.set("enum", .array(choices + [.null])) }
      return schema
    }
    return ["anyOf": [schema, ["type": "null"]]]
  }
}

private struct RecordingDecoder: Decoder {
  let board: Board
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
    if board.schema == nil {
      board.schema = [
        "type": "object", "properties": [:], "required": [], "additionalProperties": false,
      ]
    }
    return KeyedDecodingContainer(Keyed<Key>(board: board))
  }

  func unkeyedContainer() -> any UnkeyedDecodingContainer { Unkeyed(board: board) }
  func singleValueContainer() -> any SingleValueDecodingContainer { Single(board: board) }
}

private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let board: Board
  var codingPath: [any CodingKey] { [] }
  var allKeys: [Key] {
    board.lookedForKeys = true
    return []
  }

  func contains(_ key: Key) -> Bool { true }
  func decodeNil(forKey key: Key) -> Bool { false }

  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    let (value, schema) = try board.recorder.example(of: type)
    board.record(key.stringValue, schema)
    return value
  }

  func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
    let (_, schema) = try board.recorder.example(of: type)
    board.record(key.stringValue, Board.nullable(schema))
    return nil
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    throw SchemaError("\(key.stringValue): nested containers have no schema of their own")
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    throw SchemaError("\(key.stringValue): nested containers have no schema of their own")
  }

  func superDecoder() throws -> any Decoder { throw SchemaError("inheritance has no schema") }
  func superDecoder(forKey key: Key) throws -> any Decoder { try superDecoder() }

  // The standard library asks for each plain type by a function of its own.
  func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try plain(type, key) }
  func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
    try plain(type, key)
  }
  func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
    try plain(type, key)
  }
  func decodeIfPresent(_ type: Float.Type, forKey key: Key) throws -> Float? {
    try plain(type, key)
  }
  func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try plain(type, key) }
  func decodeIfPresent(_ type: Int8.Type, forKey key: Key) throws -> Int8? { try plain(type, key) }
  func decodeIfPresent(_ type: Int16.Type, forKey key: Key) throws -> Int16? {
    try plain(type, key)
  }
  func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? {
    try plain(type, key)
  }
  func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? {
    try plain(type, key)
  }
  func decodeIfPresent(_ type: UInt.Type, forKey key: Key) throws -> UInt? { try plain(type, key) }
  func decodeIfPresent(_ type: UInt8.Type, forKey key: Key) throws -> UInt8? {
    try plain(type, key)
  }
  func decodeIfPresent(_ type: UInt16.Type, forKey key: Key) throws -> UInt16? {
    try plain(type, key)
  }
  func decodeIfPresent(_ type: UInt32.Type, forKey key: Key) throws -> UInt32? {
    try plain(type, key)
  }
  func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? {
    try plain(type, key)
  }

  private func plain<T: Decodable>(_ type: T.Type, _ key: Key) throws -> T? {
    let (_, schema) = try board.recorder.example(of: type)
    board.record(key.stringValue, Board.nullable(schema))
    return nil
  }
}

/// A list: one example element tells what all are.
private struct Unkeyed: UnkeyedDecodingContainer {
  let board: Board
  var codingPath: [any CodingKey] { [] }
  var count: Int? { 1 }
  private(set) var currentIndex = 0
  var isAtEnd: Bool { currentIndex > 0 }

  init(board: Board) {
    self.board = board
    board.schema = ["type": "array"]
  }

  mutating func decodeNil() throws -> Bool { false }

  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
    guard currentIndex == 0 else { throw SchemaError("lists of mixed types have no schema") }
    let (value, schema) = try board.recorder.example(of: type)
    currentIndex += 1
    board.schema = ["type": "array", "items": schema]
    return value
  }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> {
    throw SchemaError("nested containers have no schema of their own")
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    throw SchemaError("nested containers have no schema of their own")
  }

  mutating func superDecoder() throws -> any Decoder {
    throw SchemaError("inheritance has no schema")
  }
}

private struct Single: SingleValueDecodingContainer {
  let board: Board
  var codingPath: [any CodingKey] { [] }

  func decodeNil() -> Bool { false }

  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    let (value, schema) = try board.recorder.example(of: type)
    board.schema = schema
    return value
  }
}
