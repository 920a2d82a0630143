// mteval-v13a and white space on bytes: the same tokens as `Tokeniser`'s, as numbers.

/// Cuts texts into numbered tokens. ``Tokeniser`` is the readable definition; this is the one
/// for corpora.
package struct ByteTokeniser {
  private var vocabulary = Vocabulary()
  private let tokeniser: Tokeniser
  private let lowercase: Bool
  private var front: [UInt8] = []
  private var back: [UInt8] = []

  package init(_ tokeniser: Tokeniser, lowercase: Bool = false) {
    self.tokeniser = tokeniser
    self.lowercase = lowercase
  }

  /// The numbers of a text's tokens; white space at its end is dropped first, as sacreBLEU does.
  package mutating func ids(_ text: String) -> [Int32] {
    var input = lowercase ? text.lowercased() : text
    while let last = input.unicodeScalars.last, Tokeniser.isSpace(last) {
      input.unicodeScalars.removeLast()
    }
    guard tokeniser == .mteval13a || tokeniser == .none else {
      return vocabulary.ids(tokeniser(input))
    }
    var ids: [Int32] = []
    let done =
      unsafe input.utf8.withContiguousStorageIfAvailable { bytes in
        ids.reserveCapacity(bytes.count / 5)
        return unsafe append(bytes, to: &ids)
      } ?? false
    return done ? ids : vocabulary.ids(tokeniser(input))
  }

  /// What a byte is to 13a.
  private enum Kind: UInt8 {
    case other
    case space
    /// Stands apart.
    case symbol
    /// A full stop, a comma or a hyphen: depends on its neighbours.
    case joint
    /// May begin a white space of several bytes.
    case wide
  }

  private let kinds: [UInt8] = (0..<256).map { byte in
    let kind: Kind =
      switch byte {
      case 0x09...0x0D, 0x1C...0x20: .space
      case 0x21...0x26, 0x28...0x2B, 0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: .symbol
      case 0x2C, 0x2D, 0x2E: .joint
      case 0xC2, 0xE1, 0xE2, 0xE3: .wide
      default: .other
      }
    return kind.rawValue
  }

  /// Appends the numbers of a text's tokens.
  ///
  /// - Returns: `false`, with `ids` unusable, for a text with markup that 13a replaces first.
  private mutating func append(
    _ text: UnsafeBufferPointer<UInt8>, to ids: inout [Int32]
  ) -> Bool {
    let isMteval = tokeniser == .mteval13a
    var start = 0
    var hasJoint = false
    var at = 0
    let n = text.count
    while at < n {
      let byte = unsafe text[at]
      var width = 1
      switch kinds[Int(byte)] {
      case Kind.space.rawValue: break
      case Kind.wide.rawValue:
        width = unsafe Self.space(text, at)
        if width == 0 {
          at += 1
          continue
        }
      case Kind.symbol.rawValue where isMteval:
        // Entities and "<skipped>" are for the readable definition.
        if byte == 0x26 || (byte == 0x3C && at + 1 < n && (unsafe text[at + 1]) == 0x73) {
          return false
        }
      case Kind.joint.rawValue where isMteval:
        // So is a word that is hyphenated at the end of a line.
        if byte == 0x2D, at + 1 < n, unsafe text[at + 1] == 0x0A { return false }
        hasJoint = true
        at += 1
        continue
      default:
        at += 1
        continue
      }
      if start < at {
        let chunk = unsafe UnsafeBufferPointer(rebasing: text[start..<at])
        unsafe append(chunk, hasJoint, to: &ids)
      }
      if isMteval, kinds[Int(byte)] == Kind.symbol.rawValue {
        unsafe ids.append(vocabulary.id(UnsafeBufferPointer(rebasing: text[at...at])))
      }
      at += width
      start = at
      hasJoint = false
    }
    if start < n {
      unsafe append(UnsafeBufferPointer(rebasing: text[start..<n]), hasJoint, to: &ids)
    }
    return true
  }

  /// Bytes of the white space at a place, 0 for none: U+0085, U+00A0, U+1680, U+2000…200A,
  /// U+2028, U+2029, U+202F, U+205F and U+3000.
  private static func space(_ text: UnsafeBufferPointer<UInt8>, _ at: Int) -> Int {
    let n = text.count
    guard at + 1 < n else { return 0 }
    let (a, b) = unsafe (text[at], text[at + 1])
    if a == 0xC2 { return b == 0x85 || b == 0xA0 ? 2 : 0 }
    guard at + 2 < n else { return 0 }
    let c = unsafe text[at + 2]
    switch (a, b, c) {
    case (0xE1, 0x9A, 0x80), (0xE2, 0x80, 0x80...0x8A), (0xE2, 0x80, 0xA8...0xA9),
      (0xE2, 0x80, 0xAF), (0xE2, 0x81, 0x9F), (0xE3, 0x80, 0x80):
      return 3
    default: return 0
    }
  }

  /// Appends a piece without white space and symbols, cut at its stops and hyphens.
  private mutating func append(
    _ chunk: UnsafeBufferPointer<UInt8>, _ hasJoint: Bool, to ids: inout [Int32]
  ) {
    guard hasJoint else {
      unsafe ids.append(vocabulary.id(chunk))
      return
    }
    // White space is left and right of the piece; rules reach no farther than that.
    front.removeAll(keepingCapacity: true)
    front.append(0x20)
    unsafe front.append(contentsOf: chunk)
    front.append(0x20)
    Self.isolate(front, &back) { a, b in !Self.isDigit(a) && Self.isStop(b) ? .after : .keep }
    Self.isolate(back, &front) { a, b in Self.isStop(a) && !Self.isDigit(b) ? .before : .keep }
    Self.isolate(front, &back) { a, b in Self.isDigit(a) && b == 0x2D ? .after : .keep }
    unsafe back.withUnsafeBufferPointer { piece in
      var start = 0
      for at in 0..<piece.count where unsafe piece[at] == 0x20 {
        if start < at {
          unsafe ids.append(vocabulary.id(UnsafeBufferPointer(rebasing: piece[start..<at])))
        }
        start = at + 1
      }
      if start < piece.count {
        unsafe ids.append(vocabulary.id(UnsafeBufferPointer(rebasing: piece[start...])))
      }
    }
  }

  private enum Rule {
    case keep
    /// "ab" becomes "a b ".
    case after
    /// "ab" becomes " a b".
    case before
  }

  /// One substitution from left to right, without overlap.
  @inline(__always)
  private static func isolate(
    _ s: [UInt8], _ out: inout [UInt8], _ rule: (UInt8, UInt8) -> Rule
  ) {
    out.removeAll(keepingCapacity: true)
    var i = 0
    while i < s.count {
      guard i + 1 < s.count else {
        out.append(s[i])
        break
      }
      switch rule(s[i], s[i + 1]) {
      case .keep:
        out.append(s[i])
        i += 1
        continue
      case .after:
        out.append(s[i])
        out.append(0x20)
        out.append(s[i + 1])
        out.append(0x20)
      case .before:
        out.append(0x20)
        out.append(s[i])
        out.append(0x20)
        out.append(s[i + 1])
      }
      i += 2
    }
  }

  private static func isDigit(_ b: UInt8) -> Bool { b >= 0x30 && b <= 0x39 }
  private static func isStop(_ b: UInt8) -> Bool { b == 0x2E || b == 0x2C }
}
