public import Phantoms

/// Which halves of the head hold blood.
public enum Side: String, Sendable, Hashable, Codable, CaseIterable {
  case left, right, both
}

/// What the reference standard says of one slice; nil where the data set does not tell.
public struct SliceTruth: Sendable, Hashable, Codable {
  /// Whether any blood is on the slice.
  public var haemorrhage: Bool
  /// The kinds of bleed on the slice.
  public var subtypes: Set<HaemorrhageSubtype>?
  /// The side of the blood; nil for a slice without blood too.
  public var side: Side?
  /// Millilitres of blood in the slice: area times the distance between slices.
  public var millilitres: Double?
  /// Millilitres of each kind in the slice.
  public var millilitresBySubtype: [Int: Double]?
  /// The blood's bounding box in pixels: column and row of the first and one past the last.
  public var box: [Int]?

  public init(
    haemorrhage: Bool, subtypes: Set<HaemorrhageSubtype>? = nil, side: Side? = nil,
    millilitres: Double? = nil, millilitresBySubtype: [Int: Double]? = nil, box: [Int]? = nil
  ) {
    self.haemorrhage = haemorrhage
    self.subtypes = subtypes
    self.side = side
    self.millilitres = millilitres
    self.millilitresBySubtype = millilitresBySubtype
    self.box = box
  }

  /// The truth of a slice with a mask of BHSD's labels.
  ///
  /// - Parameters:
  ///   - labels: rows of columns, x growing to the patient's left.
  ///   - midline: the column of the middle of the head.
  ///   - voxel: cubic millimetres of a voxel.
  ///   - leastArea: pixels that count as a bleed; fewer are the mask's crumbs.
  public init(
    labels: ArraySlice<UInt8>, columns: Int, midline: Double, voxel: Double, leastArea: Int
  ) {
    precondition(columns > 0 && labels.count % columns == 0, "\(labels.count) pixels, \(columns)")
    var counts = [Int](repeating: 0, count: 6)
    var left = 0
    var box = [Int.max, Int.max, Int.min, Int.min]
    for (i, label) in labels.enumerated() where label > 0 && label < 6 {
      counts[Int(label)] += 1
      let column = i % columns
      let row = i / columns
      if Double(column) > midline { left += 1 }
      box = [min(box[0], column), min(box[1], row), max(box[2], column + 1), max(box[3], row + 1)]
    }
    let all = counts.reduce(0, +)
    let present = HaemorrhageSubtype.allCases.filter { counts[$0.rawValue] >= leastArea }
    haemorrhage = !present.isEmpty
    subtypes = Set(present)
    millilitres = Double(all) * voxel / 1000
    millilitresBySubtype = Dictionary(
      uniqueKeysWithValues: present.map {
        ($0.rawValue, Double(counts[$0.rawValue]) * voxel / 1000)
      }
    )
    if haemorrhage {
      let share = Double(left) / Double(all)
      side = share > 0.8 ? .left : share < 0.2 ? .right : .both
      self.box = box
    } else {
      side = nil
      self.box = nil
    }
  }
}

/// What one arm says of one slice.
public struct SliceReading: Sendable, Hashable, Codable {
  /// How the asking ended; only `answered` has an answer.
  public enum Outcome: String, Sendable, Hashable, Codable {
    case answered, refused, blocked, truncated, malformed, failed, notRun
  }

  public var outcome: Outcome
  /// Whether the arm sees blood.
  public var haemorrhage: Bool?
  /// The arm's confidence in blood, 0 to 1, where it has one.
  public var score: Double?
  public var subtypes: Set<HaemorrhageSubtype>?
  /// The confidence in each of the five kinds, in the order of their numbers.
  public var subtypeScores: [Double]?
  public var side: Side?
  public var millilitres: Double?

  public init(
    outcome: Outcome = .answered, haemorrhage: Bool? = nil, score: Double? = nil,
    subtypes: Set<HaemorrhageSubtype>? = nil, subtypeScores: [Double]? = nil, side: Side? = nil,
    millilitres: Double? = nil
  ) {
    self.outcome = outcome
    self.haemorrhage = haemorrhage
    self.score = score
    self.subtypes = subtypes
    self.subtypeScores = subtypeScores
    self.side = side
    self.millilitres = millilitres
  }
}
