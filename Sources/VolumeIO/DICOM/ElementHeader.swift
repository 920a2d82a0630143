// The head of a data element: tag, VR, length (PS3.5, sections 7.1 and 7.5).

/// Tag, VR and length of an element, and where its value begins.
struct ElementHeader {
  var tag: DICOMTag
  /// Nil where the syntax is implicit, and for items.
  var vr: DICOMVR?
  /// Bytes of the value; nil where it ends with a delimiter.
  var length: Int?
  /// Where the value begins in the stream.
  var value: Int
}

/// How elements are laid down.
struct ElementSyntax: Sendable, Hashable {
  var isImplicit: Bool
  var isBigEndian: Bool

  static let explicitLittle = ElementSyntax(isImplicit: false, isBigEndian: false)
  static let implicitLittle = ElementSyntax(isImplicit: true, isBigEndian: false)

  /// Reads the head at `offset`.
  ///
  /// In an explicit stream an element without two letters for a VR is read as an implicit one:
  /// writers that mix both exist.
  @inline(__always)
  func header(
    at offset: Int, _ window: inout ByteWindow
  ) throws(VolumeError) -> ElementHeader {
    let p = try window.load(offset, 8)
    let b = window.bytes
    let tag: DICOMTag
    if isBigEndian {
      tag = DICOMTag(
        rawValue: UInt32(b[p]) << 24 | UInt32(b[p + 1]) << 16 | UInt32(b[p + 2]) << 8
          | UInt32(b[p + 3]))
    } else {
      tag = DICOMTag(
        rawValue: UInt32(b[p + 1]) << 24 | UInt32(b[p]) << 16 | UInt32(b[p + 3]) << 8
          | UInt32(b[p + 2]))
    }
    let letters = DICOMVR(b[p + 4], b[p + 5])
    let isLettered =
      b[p + 4] >= 0x41 && b[p + 4] <= 0x5A && b[p + 5] >= 0x41 && b[p + 5] <= 0x5A
    if isImplicit || tag.group == 0xFFFE || !isLettered {
      let length = try window.u32(offset + 4, isBigEndian)
      return ElementHeader(
        tag: tag, vr: nil, length: length == .max ? nil : Int(length), value: offset + 8)
    }
    if letters.hasLongLength || !letters.isKnown {
      // Letters that the standard does not know yet have the long form (PS3.5, 6.2, note).
      let length = try window.u32(offset + 8, isBigEndian)
      return ElementHeader(
        tag: tag, vr: letters, length: length == .max ? nil : Int(length), value: offset + 12)
    }
    let length =
      isBigEndian
      ? Int(b[p + 6]) << 8 | Int(b[p + 7]) : Int(b[p + 7]) << 8 | Int(b[p + 6])
    return ElementHeader(tag: tag, vr: letters, length: length, value: offset + 8)
  }

  /// The end of a value of undefined length: past its sequence delimiter.
  func end(
    ofSequenceAt offset: Int, _ window: inout ByteWindow, depth: Int = 0
  ) throws(VolumeError) -> Int {
    guard depth < DataSetParser.deepest else {
      throw VolumeError(
        .limit, "sequences nest deeper than \(DataSetParser.deepest)", offset: offset)
    }
    var position = offset
    while true {
      let head = try header(at: position, &window)
      if head.tag == .sequenceEnd { return head.value }
      guard head.tag == .item else {
        throw VolumeError(
          .malformed, "\(head.tag) where an item or the end of a sequence belongs",
          offset: position)
      }
      position = try end(ofItem: head, &window, depth: depth + 1)
    }
  }

  /// The end of an item: past its length or past its delimiter.
  func end(
    ofItem head: ElementHeader, _ window: inout ByteWindow, depth: Int
  ) throws(VolumeError) -> Int {
    if let length = head.length { return head.value + length }
    var position = head.value
    while true {
      let inner = try header(at: position, &window)
      if inner.tag == .itemEnd { return inner.value }
      if let length = inner.length {
        position = inner.value + length
      } else {
        // An undefined length under VR UN is an implicit sequence (PS3.5, 6.2.2).
        let syntax = inner.vr == .UN ? ElementSyntax.implicitLittle : self
        position = try syntax.end(ofSequenceAt: inner.value, &window, depth: depth)
      }
    }
  }
}
