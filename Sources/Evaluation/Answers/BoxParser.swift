// Boxes and polygons from free text.

/// Reads boxes and polygons that a model wrote as numbers.
public struct BoxParser: Hashable, Sendable {
  public var convention: BoundingBox.Convention
  public var imageWidth: Double
  public var imageHeight: Double

  public init(_ convention: BoundingBox.Convention, imageWidth: Double, imageHeight: Double) {
    self.convention = convention
    self.imageWidth = imageWidth
    self.imageHeight = imageHeight
  }

  /// Bracketed groups of plain numbers, with their places: `[1, 2, 3, 4]`, `(1,2),(3,4)`,
  /// `<box>…</box>`.
  static func groups(_ reply: String) -> [(values: [Double], span: Range<Int>)] {
    let bytes = Array(reply.utf8)
    var out: [(values: [Double], span: Range<Int>)] = []
    var i = 0
    while i < bytes.count {
      guard bytes[i] == 91 || bytes[i] == 40 || bytes[i] == 123 else {
        i += 1
        continue
      }
      // Up to the first bracket of any kind; nested groups start again there.
      var end = i + 1
      while end < bytes.count, ![91, 40, 123, 93, 41, 125].contains(bytes[end]) { end += 1 }
      let inner = String(decoding: bytes[(i + 1)..<min(end, bytes.count)], as: UTF8.self)
      if end < bytes.count, [93, 41, 125].contains(bytes[end]) {
        let values = numbers(inner)
        if values.count >= 2 { out.append((values, i..<(end + 1))) }
        i = end + 1
      } else {
        i = max(end, i + 1)
      }
    }
    return out
  }

  private static func numbers(_ text: String) -> [Double] {
    var out: [Double] = []
    for part in text.split(whereSeparator: { ",;: \n\t\"'=".contains($0) }) {
      if let x = Double(part), x.isFinite {
        out.append(x)
      } else if !part.allSatisfy({ $0.isLetter || $0 == "_" || $0 == "%" }) {
        return []
      }
    }
    return out
  }

  /// All boxes of a reply in order of place. Rules: groups of four numbers; pairs of corner
  /// points `(x, y), (x, y)`. No box: a reply that negates ("no lesion", `[]`) answers with an
  /// empty list, otherwise refused or unparsed.
  public func parse(_ reply: String) -> ParsedAnswer<[BoundingBox]> {
    let groups = Self.groups(reply)
    var boxes: [BoundingBox] = []
    var rule = "four numbers"
    var span: Range<Int>?
    func add(_ v: [Double], _ s: Range<Int>) {
      guard
        let box = try? BoundingBox(
          v, convention, imageWidth: imageWidth, imageHeight: imageHeight)
      else { return }
      boxes.append(box)
      span = span ?? s
    }
    for group in groups where group.values.count == 4 { add(group.values, group.span) }
    if boxes.isEmpty {
      rule = "two corners"
      var i = 0
      while i + 1 < groups.count {
        if groups[i].values.count == 2, groups[i + 1].values.count == 2 {
          add(
            groups[i].values + groups[i + 1].values,
            groups[i].span.lowerBound..<groups[i + 1].span.upperBound)
          i += 2
        } else {
          i += 1
        }
      }
    }
    if !boxes.isEmpty { return ParsedAnswer(.answered(boxes), rule: rule, span: span) }
    if reply.filter({ !$0.isWhitespace }).contains("[]") {
      return ParsedAnswer(.answered([]), rule: "empty list")
    }
    if let refusal = Refusal.find(in: reply) {
      return ParsedAnswer(.refused, rule: "refusal phrase", span: refusal)
    }
    return .unparsed()
  }

  /// The points of a polygon: a list of pairs, or one flat list of an even number of numbers.
  ///
  /// Coordinates are taken as x, y (thousandths and fractions by the convention; y first for
  /// `thousandthsYXYX`).
  public func parsePolygon(_ reply: String) -> ParsedAnswer<[SIMD2<Double>]> {
    let groups = Self.groups(reply)
    var flat: [Double] = []
    var rule = "list of points"
    let pairs = groups.filter { $0.values.count == 2 }
    if pairs.count >= 3 {
      flat = pairs.flatMap(\.values)
    } else if let only = groups.first(where: { $0.values.count >= 6 && $0.values.count % 2 == 0 }) {
      flat = only.values
      rule = "flat list"
    } else {
      return Refusal.find(in: reply).map {
        ParsedAnswer(.refused, rule: "refusal phrase", span: $0)
      } ?? .unparsed()
    }
    let scale: SIMD2<Double> =
      switch convention {
      case .normalisedXYXY, .normalisedCentred: [imageWidth, imageHeight]
      case .thousandthsXYXY, .thousandthsYXYX: [imageWidth / 1000, imageHeight / 1000]
      default: [1, 1]
      }
    let points = stride(from: 0, to: flat.count, by: 2).map { i -> SIMD2<Double> in
      convention == .thousandthsYXYX
        ? [flat[i + 1], flat[i]] * scale : [flat[i], flat[i + 1]] * scale
    }
    return ParsedAnswer(.answered(points), rule: rule, span: groups.first?.span)
  }
}
