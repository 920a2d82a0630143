import ICHStudy
import VolumeIO

/// The members of a JSON object, read once each, so that a misspelt one is an error and not a
/// default.
struct Fields {
  private let place: String
  private let members: [JSONValue.Member]
  private var known: [String] = []

  init(_ value: JSONValue, _ place: String) throws {
    guard let members = value.members else {
      throw StudyError(.usage, "\(place): an object is expected")
    }
    self.place = place
    self.members = members
  }

  private mutating func take(_ name: String) -> JSONValue? {
    known.append(name)
    guard let found = members.first(where: { $0.name == name })?.value else { return nil }
    return found == .null ? nil : found
  }

  private func wrong(_ name: String, _ found: JSONValue, _ expected: String) -> StudyError {
    StudyError(.usage, "\(place).\(name): \(found), \(expected) is expected")
  }

  mutating func text(_ name: String) throws -> String? {
    guard let value = take(name) else { return nil }
    guard let text = value.string else { throw wrong(name, value, "a text") }
    return text
  }

  mutating func text(_ name: String, of choices: [String], otherwise: String) throws -> String {
    guard let found = try text(name) else { return otherwise }
    guard choices.contains(found) else {
      throw StudyError(
        .usage, "\(place).\(name): \(found), one of \(choices.joined(separator: ", ")) is expected")
    }
    return found
  }

  mutating func number(_ name: String, _ range: ClosedRange<Double>) throws -> Double? {
    guard let value = take(name) else { return nil }
    guard let number = value.number, range.contains(number) else {
      throw wrong(name, value, "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  mutating func integer(_ name: String, _ range: ClosedRange<Int>) throws -> Int? {
    guard let value = take(name) else { return nil }
    guard let number = value.number, let whole = Int(exactly: number), range.contains(whole) else {
      throw wrong(name, value, "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return whole
  }

  mutating func flag(_ name: String) throws -> Bool? {
    guard let value = take(name) else { return nil }
    guard case .bool(let flag) = value else { throw wrong(name, value, "true or false") }
    return flag
  }

  mutating func texts(_ name: String) throws -> [String]? {
    guard let value = take(name) else { return nil }
    let texts = value.array?.compactMap(\.string)
    guard let texts, texts.count == value.array?.count else {
      throw wrong(name, value, "a list of texts")
    }
    return texts
  }

  mutating func numbers(_ name: String) throws -> [Double]? {
    guard let value = take(name) else { return nil }
    let numbers = value.array?.compactMap(\.number)
    guard let numbers, numbers.count == value.array?.count else {
      throw wrong(name, value, "a list of numbers")
    }
    return numbers
  }

  mutating func object(_ name: String) throws -> Fields? {
    guard let value = take(name) else { return nil }
    return try Fields(value, "\(place).\(name)")
  }

  /// - Throws: Where a member was never asked for.
  func finish() throws {
    let strange = members.map(\.name).filter { !known.contains($0) }
    guard strange.isEmpty else {
      throw StudyError(
        .usage,
        "\(place): unknown \(strange.joined(separator: ", ")); known are "
          + known.joined(separator: ", "))
    }
  }
}
