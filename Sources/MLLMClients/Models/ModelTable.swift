// What is known of the vendors' models on a given day: data that a user can replace.

public import Foundation
import Synchronization

/// A vendor of models.
public struct Vendor: RawRepresentable, Sendable, Hashable, Codable {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }

  public static let openAI = Vendor(rawValue: "openai")
  public static let anthropic = Vendor(rawValue: "anthropic")
  public static let gemini = Vendor(rawValue: "gemini")
}

/// What is known of models: limits, prices, habits. Dated, and replaceable as a whole or by row.
public struct ModelTable: Sendable, Hashable, Codable {
  /// A model by its name, which also stands for the name with a date after it
  /// (`gpt-5.4` for `gpt-5.4-2026-03-05`), or a family by a pattern whose `*` stands for any text.
  public struct Row: Sendable, Hashable, Codable {
    public var vendor: Vendor
    public var pattern: String
    public var profile: ModelProfile

    public init(vendor: Vendor, pattern: String, profile: ModelProfile) {
      self.vendor = vendor
      self.pattern = pattern
      self.profile = profile
    }
  }

  /// The day of the facts, as `2026-11-22`.
  public var date: String
  /// Where the facts are from.
  public var source: String
  /// A row of the very name counts, else the first that matches.
  public var rows: [Row]

  public init(date: String, source: String, rows: [Row]) {
    self.date = date
    self.source = source
    self.rows = rows
  }

  private static let table = Mutex<ModelTable?>(nil)

  /// The table that clients made by name consult. Set it once, at the start, to bring newer facts.
  public static var current: ModelTable {
    get { table.withLock { $0 } ?? .builtIn }
    set { table.withLock { $0 = newValue } }
  }

  /// Reads a table from JSON, as `JSONEncoder` writes one.
  public init(contentsOf url: URL) throws {
    self = try JSONDecoder().decode(ModelTable.self, from: Data(contentsOf: url))
  }

  /// What is known of a model. A name that no row matches gets its vendor's general limits and no
  /// price: its cost is unknown, not zero.
  public func profile(_ name: String, vendor: Vendor) -> ModelProfile {
    var profile =
      (rows.first { $0.vendor == vendor && $0.pattern == name }
      ?? rows.first { $0.vendor == vendor && Self.matches(name, $0.pattern) })?.profile
      ?? ModelProfile(name: name)
    profile.name = name
    return profile
  }

  /// `-2026-03-05` or `-20260305`.
  private static func isDate(_ text: Substring) -> Bool {
    let digits = text.filter(\.isNumber)
    let dashes = text.count - digits.count
    return text.first == "-" && digits.count == 8 && text.allSatisfy { $0.isNumber || $0 == "-" }
      && (dashes == 1 || dashes == 3)
  }

  static func matches(_ name: String, _ pattern: String) -> Bool {
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false).map(String.init)
    guard parts.count > 1 else {
      return name == pattern || (name.hasPrefix(pattern) && isDate(name.dropFirst(pattern.count)))
    }
    var rest = Substring(name)
    for (index, part) in parts.enumerated() {
      if index == 0 {
        guard rest.hasPrefix(part) else { return false }
        rest = rest.dropFirst(part.count)
      } else if index == parts.count - 1 {
        return part.isEmpty || rest.hasSuffix(part)
      } else if let hit = rest.firstRange(of: part) {
        rest = rest[hit.upperBound...]
      } else {
        return false
      }
    }
    return true
  }
}
