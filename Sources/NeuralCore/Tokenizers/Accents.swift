// Letters without their accents, from what the standard library knows of canonical equivalence.

/// Canonical decomposition as far as accents need it.
///
/// The standard library keeps its tables of decompositions to itself, but two strings are equal
/// there when they are canonically equivalent. So the letters that are equal to a base letter and
/// a mark are found once, by asking.
enum Accents {
  /// The text without combining marks; letters that contain one become their base letter.
  static func stripped(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if (0xAC00...0xD7A3).contains(scalar.value) {
        result.append(contentsOf: jamo(scalar.value - 0xAC00))
        continue
      }
      var base = scalar
      while let next = bases[base] { base = next }
      if base.properties.generalCategory != .nonspacingMark { result.append(base) }
    }
    return String(result)
  }

  /// A Hangul syllable as its letters (Unicode Standard, section 3.12).
  private static func jamo(_ index: UInt32) -> [Unicode.Scalar] {
    let parts = [0x1100 + index / 588, 0x1161 + index % 588 / 28, 0x11A7 + index % 28]
    return (index % 28 == 0 ? parts.dropLast() : parts[...]).compactMap(Unicode.Scalar.init)
  }

  /// The text with marks joined to their letters where a letter with the mark exists (NFC, as far
  /// as accents need it).
  static func composed(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
    var result: [Unicode.Scalar] = []
    var marks: [Unicode.Scalar] = []
    func finish() {
      // Marks on different sides of a letter stand in the order of their classes.
      let ordered = marks.enumerated().sorted {
        let (a, b) = (
          $0.element.properties.canonicalCombiningClass,
          $1.element.properties.canonicalCombiningClass
        )
        return a != b ? a < b : $0.offset < $1.offset
      }
      for (_, mark) in ordered {
        if let last = result.last, let whole = wholes[[last, mark]] {
          result[result.count - 1] = whole
        } else {
          result.append(mark)
        }
      }
      marks = []
    }
    for scalar in text.unicodeScalars {
      if scalar.properties.canonicalCombiningClass == .notReordered {
        finish()
        result.append(scalar)
      } else {
        marks.append(scalar)
      }
    }
    finish()
    var view = String.UnicodeScalarView()
    view.append(contentsOf: result)
    return String(view)
  }

  /// From a letter and a mark to the letter that contains both.
  private static let wholes: [[Unicode.Scalar]: Unicode.Scalar] = pairs

  /// From a letter that contains a mark to the letter without it.
  private static let bases: [Unicode.Scalar: Unicode.Scalar] = {
    var result: [Unicode.Scalar: Unicode.Scalar] = [:]
    for (pair, whole) in pairs { result[whole] = pair[0] }
    return result
  }()

  private static let pairs: [[Unicode.Scalar]: Unicode.Scalar] = {
    let blocks: [ClosedRange<UInt32>] = [
      0xC0...0x24F, 0x370...0x556, 0x620...0x6FF, 0x900...0x9FF, 0xA00...0xB7F, 0x1E00...0x1FFF,
      0x3040...0x30FF,
    ]
    let marks: [ClosedRange<UInt32>] = [
      0x300...0x345, 0x653...0x655, 0x93C...0x93C, 0x9BC...0x9BC, 0xA3C...0xA3C, 0xB3C...0xB3C,
      0x3099...0x309A,
    ]
    let letters = ([0x41...0x5A, 0x61...0x7A] + blocks).flatMap { $0 }
      .compactMap(Unicode.Scalar.init).filter(\.properties.isAlphabetic)
    var composed: [String: Unicode.Scalar] = [:]
    for letter in letters {
      // One scalar that is equivalent to more than one has a decomposition.
      composed[String(Character(letter))] = letter
    }
    var result: [[Unicode.Scalar]: Unicode.Scalar] = [:]
    for mark in marks.flatMap({ $0 }).compactMap(Unicode.Scalar.init) {
      for letter in letters {
        var pair = String.UnicodeScalarView([letter])
        pair.append(mark)
        if let whole = composed[String(pair)], whole != letter { result[[letter, mark]] = whole }
      }
    }
    return result
  }()
}
