// The start of a file: preamble, meta information and transfer syntax (PS3.10, section 7).

/// Where a file's data set begins and how it is laid down.
struct FileStart {
  /// The meta elements (group 0002); empty where there are none.
  var meta = DICOMDataSet()
  /// The transfer syntax that the meta elements name, or that the bytes show where there is none.
  var transferSyntax = TransferSyntax.implicitLittle
  /// How the elements are really laid down.
  var syntax = ElementSyntax.implicitLittle
  var offset = 0
  var diagnostics: [DICOMDiagnostic] = []

  /// Reads the start of a stream.
  ///
  /// - Throws: `unknownFormat` where the bytes are no DICOM.
  init(_ window: inout ByteWindow) throws(VolumeError) {
    if window.size >= 132 {
      let p = try window.load(0, 132)
      let b = window.bytes
      if b[p + 128] == 0x44, b[p + 129] == 0x49, b[p + 130] == 0x43, b[p + 131] == 0x4D {
        offset = 132
      }
    }
    let hasPreamble = offset > 0
    if !hasPreamble {
      guard Self.guess(0, &window) != nil else {
        throw VolumeError(
          .unknownFormat, "no DICM at byte 128, and no data set at the start", offset: 0)
      }
      diagnostics.append(.init(.noPart10Header, "read as a bare data set"))
    }
    try readMeta(&window)
    let guess = Self.guess(offset, &window)
    if let named = meta.string(.transferSyntaxUID), !named.isEmpty {
      transferSyntax = TransferSyntax(rawValue: named)
      syntax = ElementSyntax(
        isImplicit: transferSyntax.isImplicit, isBigEndian: transferSyntax.isBigEndian)
      if transferSyntax != .deflated, let guess, guess != syntax {
        diagnostics.append(
          .init(
            .wrongTransferSyntax,
            "\(transferSyntax) is named, elements are \(guess.isImplicit ? "implicit" : "explicit")"
              + " \(guess.isBigEndian ? "big" : "little") endian"))
        syntax = guess
        if !transferSyntax.isEncapsulated { transferSyntax = Self.native(guess) }
      }
    } else {
      guard let guess else {
        throw VolumeError(
          hasPreamble ? .malformed : .unknownFormat,
          "no transfer syntax and no data set to tell it",
          offset: offset, field: DICOMTag.transferSyntaxUID.description)
      }
      syntax = guess
      transferSyntax = Self.native(guess)
      if hasPreamble {
        diagnostics.append(.init(.wrongTransferSyntax, "none is named; told from the bytes"))
      }
    }
  }

  private static func native(_ syntax: ElementSyntax) -> TransferSyntax {
    if syntax.isBigEndian { return .explicitBig }
    return syntax.isImplicit ? .implicitLittle : .explicitLittle
  }

  /// Reads group 0002, always little endian and explicit (but implicit ones exist).
  private mutating func readMeta(_ window: inout ByteWindow) throws(VolumeError) {
    var elements: [DICOMElement] = []
    while window.size - offset >= 8 {
      let head = try ElementSyntax.explicitLittle.header(at: offset, &window)
      guard head.tag.group == 2 else { break }
      guard let length = head.length, length <= 1 << 20 else {
        throw VolumeError(
          .malformed, "a meta element without sensible length", offset: offset,
          field: head.tag.description)
      }
      let vr = head.vr ?? DICOMDictionary.representation(of: head.tag) ?? .UN
      let bytes = try window.slice(head.value..<head.value + length)
      elements.append(DICOMElement(head.tag, vr, .bytes(bytes)))
      offset = head.value + length
    }
    meta = DICOMDataSet(elements)
  }

  private static func letters(_ offset: Int, _ window: inout ByteWindow) -> ElementSyntax? {
    guard let p = try? window.load(offset, 8) else { return nil }
    let isExplicit = DICOMVR(window.bytes[p + 4], window.bytes[p + 5]).isKnown
    return isExplicit ? .explicitLittle : .implicitLittle
  }

  /// How the element at `offset` is laid down, if it looks like one that begins a data set.
  static func guess(_ offset: Int, _ window: inout ByteWindow) -> ElementSyntax? {
    guard window.size - offset >= 8, let p = try? window.load(offset, 8) else { return nil }
    let b = window.bytes
    let little = UInt16(b[p + 1]) << 8 | UInt16(b[p])
    let big = UInt16(b[p]) << 8 | UInt16(b[p + 1])
    let isExplicit = DICOMVR(b[p + 4], b[p + 5]).isKnown
    // Data sets begin in groups 0002 (meta), 0008, or rarely in a higher standard group.
    let isLittleLikely = little >= 0x0002 && little <= 0x0050
    let isBigLikely = big >= 0x0002 && big <= 0x0050
    if isExplicit {
      if isLittleLikely { return ElementSyntax(isImplicit: false, isBigEndian: false) }
      if isBigLikely { return ElementSyntax(isImplicit: false, isBigEndian: true) }
      return nil
    }
    guard isLittleLikely, let length = try? window.u32(offset + 4, false) else { return nil }
    let element = UInt16(b[p + 3]) << 8 | UInt16(b[p + 2])
    let isKnown =
      DICOMDictionary.representation(of: DICOMTag(little, element)) != nil || little & 1 == 1
    guard isKnown, length == .max || Int(length) <= window.size - offset - 8 else { return nil }
    return .implicitLittle
  }
}
