// Examples to choose shots from: a label, a picture or text, a feature vector, a group.

/// An example that can be shown to a model.
public struct ShotExample: Sendable, Hashable {
  /// Unique within a pool: a file's name, say.
  public let name: String
  public let label: String
  /// The patient, or whatever else must not stand on both sides.
  public let group: String?
  /// Features of any kind, of the same length throughout a pool; empty where none are needed.
  public let features: [Float]

  public init(name: String, label: String, group: String? = nil, features: [Float] = []) {
    self.name = name
    self.label = label
    self.group = group
    self.features = features
  }
}

/// How alike two feature vectors are.
public enum Similarity: String, Sendable, Hashable, Codable {
  /// The cosine of the angle between them; 0 when either is zero.
  case cosine
  /// The negative Euclidean distance.
  case euclidean

  /// The similarity: greater is more alike.
  ///
  /// - Precondition: Both have the same length.
  public func callAsFunction(_ one: [Float], _ two: [Float]) -> Double {
    precondition(one.count == two.count, "\(one.count) features against \(two.count)")
    switch self {
    case .cosine:
      var dot = 0.0
      var first = 0.0
      var second = 0.0
      for index in one.indices {
        let a = Double(one[index])
        let b = Double(two[index])
        dot += a * b
        first += a * a
        second += b * b
      }
      return first > 0 && second > 0 ? dot / (first.squareRoot() * second.squareRoot()) : 0
    case .euclidean:
      var sum = 0.0
      for index in one.indices {
        let difference = Double(one[index]) - Double(two[index])
        sum += difference * difference
      }
      return -sum.squareRoot()
    }
  }
}

/// How shots are chosen and shown.
///
/// The defaults are what a study should do: nearest neighbours for each label, the query itself and
/// its patient left out, labels taken in turn, the most similar shown last, next to the query.
public struct ShotPolicy: Sendable, Hashable, Codable {
  public enum Choice: Sendable, Hashable, Codable {
    /// For each label, the `count` examples most like the query.
    case nearestPerLabel(Similarity)
    /// The `count` examples most like the query, of whatever label.
    case nearest(Similarity)
    /// For each label, `count` examples drawn at random.
    case balanced(seed: UInt64)
    /// `count` examples drawn at random, of whatever label.
    case random(seed: UInt64)
  }

  public enum Order: String, Sendable, Hashable, Codable {
    case mostSimilarFirst, mostSimilarLast
  }

  public var choice: Choice
  /// For each label, or in all; see `Choice`.
  public var count: Int
  public var order: Order
  /// Whether labels take turns by rank; otherwise each label's examples stand together.
  public var interleaved: Bool
  /// Whether examples of the query's group are left out.
  public var excludesGroup: Bool

  public init(
    _ choice: Choice = .nearestPerLabel(.cosine), count: Int, order: Order = .mostSimilarLast,
    interleaved: Bool = true, excludesGroup: Bool = true
  ) {
    precondition(count >= 0, "\(count) shots")
    self.choice = choice
    self.count = count
    self.order = order
    self.interleaved = interleaved
    self.excludesGroup = excludesGroup
  }

  /// As Ferber et al. 2024 did it for CRC-100K and PatchCamelyon: most similar first, patients not
  /// told apart.
  public static func ferber(count: Int) -> ShotPolicy {
    ShotPolicy(
      .nearestPerLabel(.cosine), count: count, order: .mostSimilarFirst, excludesGroup: false)
  }
}
