// Tables from the names of a file to the names of a network.

/// A table that says which of a network's tensors each tensor of a file is.
///
/// A row's left side is a pattern over the file's names: `{i}` stands for one part between dots,
/// a `*` at the end for everything that follows. The right side uses the same captures. A `#1/3`
/// at the end says that the tensor is the second of three that are joined along axis 0, and `^T`
/// that it is transposed.
///
/// ```swift
/// let map: NameMap = [
///   "vit.encoder.layer.{i}.layernorm_before.*": "blocks.{i}.norm1.*",
///   "vit.encoder.layer.{i}.attention.attention.query.*": "blocks.{i}.attn.qkv.*#0/3",
/// ]
/// ```
/// Rows are tried in order; a name that no row matches is kept. A right side of `""` leaves the
/// tensor out.
public struct NameMap: Sendable, ExpressibleByDictionaryLiteral {
  let rows: [(pattern: String, target: String)]

  public init(dictionaryLiteral elements: (String, String)...) {
    rows = elements.map { (pattern: $0.0, target: $0.1) }
  }

  public init(_ rows: [(String, String)]) {
    self.rows = rows.map { (pattern: $0.0, target: $0.1) }
  }

  /// Every name as it is.
  public static let identity = NameMap([])

  /// The same table with rows that are tried first.
  public func preceded(by rows: [(String, String)]) -> NameMap {
    NameMap(rows + self.rows.map { ($0.pattern, $0.target) })
  }

  /// Where a tensor belongs.
  package struct Place: Hashable {
    package var name: String
    var part = 0
    var parts = 1
    var isTransposed = false
  }

  /// The place of a file's tensor; nil to leave it out.
  package func place(of name: String) -> Place? {
    for row in rows {
      guard let captures = NameMap.match(row.pattern, name) else { continue }
      if row.target.isEmpty { return nil }
      var target = row.target
      var place = Place(name: "")
      if target.hasSuffix("^T") {
        place.isTransposed = true
        target.removeLast(2)
      }
      if let hash = target.lastIndex(of: "#") {
        let numbers = target[target.index(after: hash)...].split(separator: "/").compactMap {
          Int($0)
        }
        if numbers.count == 2 { (place.part, place.parts) = (numbers[0], numbers[1]) }
        target = String(target[..<hash])
      }
      for (key, value) in captures {
        target.replace(key, with: value)
      }
      place.name = target
      return place
    }
    return Place(name: name)
  }

  /// What a pattern's captures stand for, or nil where it does not match.
  static func match(_ pattern: String, _ name: String) -> [(String, String)]? {
    let wanted = pattern.split(separator: ".", omittingEmptySubsequences: false)
    let given = name.split(separator: ".", omittingEmptySubsequences: false)
    var captures: [(String, String)] = []
    for (index, part) in wanted.enumerated() {
      if part == "*", index == wanted.count - 1 {
        guard given.count > index else { return nil }
        return captures + [("*", given[index...].joined(separator: "."))]
      }
      guard index < given.count else { return nil }
      if part.hasPrefix("{"), part.hasSuffix("}") {
        captures.append((String(part), String(given[index])))
      } else if part != given[index] {
        return nil
      }
    }
    return wanted.count == given.count ? captures : nil
  }
}
