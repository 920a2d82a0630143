// From a stream of elements to a data set: PS3.5, section 7.

/// Where the pixels of a file lie.
struct PixelLocation: Sendable, Hashable {
  var tag: DICOMTag
  var vr: DICOMVR?
  /// The first byte of the value (of the first item where it is encapsulated).
  var offset: Int
  /// Bytes of the value as the header claims; nil where it is encapsulated.
  var length: Int?
}

/// Reads all elements of a data set but its pixels.
struct DataSetParser {
  /// The deepest nesting of sequences that is read; no writer comes near it.
  static let deepest = 64
  /// The largest value that is taken into memory.
  static let largestValue = 1 << 30

  var window: ByteWindow
  /// The pixels, once the parser has passed them.
  var pixels: PixelLocation?
  /// Oddities that reading went past.
  var diagnostics: [DICOMDiagnostic] = []
  /// Whether a stream that ends inside an element keeps what came before it.
  var keepsTruncated = false

  init(_ window: ByteWindow) { self.window = window }

  /// Parses from `offset` to `end`, or to the item delimiter where `end` is nil.
  ///
  /// - Returns: The data set and the offset after it.
  mutating func parse(
    from offset: Int, to end: Int?, syntax: ElementSyntax, depth: Int = 0,
    around: DICOMCharacterSet = .ascii, isSigned: Bool = false
  ) throws(VolumeError) -> (set: DICOMDataSet, end: Int) {
    guard depth < Self.deepest else {
      throw VolumeError(.limit, "sequences nest deeper than \(Self.deepest)", offset: offset)
    }
    var elements: [DICOMElement] = []
    var position = offset
    var characters = around
    var isSigned = isSigned
    let limit = end ?? window.size
    while position < limit {
      if depth == 0, limit - position < 8 {
        // Trailing bytes too few for an element.
        diagnostics.append(
          .init(.trailingBytes, "\(limit - position) bytes after the last element"))
        position = limit
        break
      }
      let head: ElementHeader
      do throws(VolumeError) {
        head = try syntax.header(at: position, &window)
        if head.tag == .itemEnd, end == nil {
          return (DICOMDataSet(elements, characterSet: characters), head.value)
        }
        if depth == 0, isPixels(head) {
          position = try passPixels(head, syntax, limit)
          continue
        }
        guard let element = try element(head, syntax, depth, characters, isSigned, limit, &position)
        else { continue }
        elements.append(element)
        if element.tag == .specificCharacterSet {
          characters = DICOMCharacterSet(terms: element.bytes)
        } else if element.tag == .pixelRepresentation {
          isSigned = element.integers?.first == 1
        }
      } catch {
        guard depth == 0, keepsTruncated, error.code == .truncated else { throw error }
        diagnostics.append(.init(.truncated, "the data set ends inside an element"))
        break
      }
    }
    guard end != nil || depth == 0 else {
      throw VolumeError(.truncated, "an item has no end", offset: position)
    }
    return (DICOMDataSet(elements, characterSet: characters), position)
  }

  private func isPixels(_ head: ElementHeader) -> Bool {
    head.tag == .pixelData || head.tag == .floatPixelData || head.tag == .doublePixelData
  }

  /// Notes where the pixels lie and goes past them.
  private mutating func passPixels(
    _ head: ElementHeader, _ syntax: ElementSyntax, _ limit: Int
  ) throws(VolumeError) -> Int {
    if pixels == nil {
      pixels = PixelLocation(tag: head.tag, vr: head.vr, offset: head.value, length: head.length)
    }
    guard let length = head.length else {
      // Elements after encapsulated pixels (padding, signatures) are not looked for: finding the
      // end of the fragments means to walk through all of them.
      return limit
    }
    let (next, overflow) = head.value.addingReportingOverflow(length + length & 1)
    return overflow ? limit : min(next, limit)
  }

  /// The element of a head, nil for stray delimiters; moves `position` past it.
  private mutating func element(
    _ head: ElementHeader, _ syntax: ElementSyntax, _ depth: Int, _ characters: DICOMCharacterSet,
    _ isSigned: Bool, _ limit: Int, _ position: inout Int
  ) throws(VolumeError) -> DICOMElement? {
    if head.tag.group == 0xFFFE {
      diagnostics.append(.init(.strayDelimiter, "\(head.tag) outside a sequence"))
      position = head.value + (head.tag == .item ? 0 : head.length ?? 0)
      return nil
    }
    let vr = representation(head, syntax, isSigned)
    guard let length = head.length else {
      let inner = head.vr == .UN ? ElementSyntax.implicitLittle : syntax
      let sequence = try items(
        from: head.value, to: nil, syntax: inner, depth: depth, around: characters,
        isSigned: isSigned)
      position = sequence.end
      return DICOMElement(head.tag, .SQ, .items(sequence.items))
    }
    guard length <= limit - head.value else {
      throw VolumeError(
        .truncated, "\(length) bytes claimed, \(max(0, limit - head.value)) left",
        offset: head.value, field: head.tag.description)
    }
    let end = head.value + length
    position = end
    if vr == .SQ, head.vr != .UN {
      let sequence = try items(
        from: head.value, to: end, syntax: syntax, depth: depth, around: characters,
        isSigned: isSigned)
      return DICOMElement(head.tag, .SQ, .items(sequence.items))
    }
    guard length <= Self.largestValue else {
      throw VolumeError(
        .limit, "a value of \(length) bytes where \(Self.largestValue) are allowed",
        offset: head.value, field: head.tag.description)
    }
    if vr == .UN || vr == .SQ, length >= 8,
      let found = hidden(head, end, depth, characters, isSigned)
    {
      return DICOMElement(head.tag, .SQ, .items(found))
    }
    var bytes = try window.slice(head.value..<end)
    if syntax.isBigEndian, vr.unit > 1 { bytes = Self.swapped(bytes, vr == .AT ? 2 : vr.unit) }
    return DICOMElement(head.tag, vr == .SQ ? .UN : vr, .bytes(bytes))
  }

  /// A sequence under VR UN with a length: implicit little endian (PS3.5, 6.2.2, note 2).
  private mutating func hidden(
    _ head: ElementHeader, _ end: Int, _ depth: Int, _ characters: DICOMCharacterSet,
    _ isSigned: Bool
  ) -> [DICOMDataSet]? {
    let before = (window, diagnostics)
    let syntax = ElementSyntax.implicitLittle
    do throws(VolumeError) {
      guard try syntax.header(at: head.value, &window).tag == .item else { return nil }
      return try items(
        from: head.value, to: end, syntax: syntax, depth: depth, around: characters,
        isSigned: isSigned
      ).items
    } catch {
      (window, diagnostics) = before
      return nil
    }
  }

  private func representation(
    _ head: ElementHeader, _ syntax: ElementSyntax, _ isSigned: Bool
  ) -> DICOMVR {
    if let vr = head.vr, vr != .UN { return vr.isKnown ? vr : .UN }
    if head.tag.isPrivate {
      // Private creators are LO wherever they stand (PS3.5, 7.8.1).
      return (0x10...0xFF).contains(head.tag.element) ? .LO : .UN
    }
    switch DICOMDictionary.representation(of: head.tag) {
    case .some(.XS): return isSigned ? .SS : .US
    case .some(.XO), .some(.OX): return .OW
    case .some(let vr): return vr
    case nil: return .UN
    }
  }

  /// The items of a sequence.
  private mutating func items(
    from offset: Int, to end: Int?, syntax: ElementSyntax, depth: Int, around: DICOMCharacterSet,
    isSigned: Bool
  ) throws(VolumeError) -> (items: [DICOMDataSet], end: Int) {
    var items: [DICOMDataSet] = []
    var position = offset
    while position < end ?? window.size {
      let head = try syntax.header(at: position, &window)
      if head.tag == .sequenceEnd { return (items, head.value) }
      guard head.tag == .item else {
        throw VolumeError(
          .malformed, "\(head.tag) where an item belongs", offset: position)
      }
      var itemEnd: Int?
      if let length = head.length {
        let limit = end ?? window.size
        guard length <= limit - head.value else {
          throw VolumeError(
            .truncated, "an item claims \(length) bytes, \(max(0, limit - head.value)) left",
            offset: head.value)
        }
        itemEnd = head.value + length
      }
      let (set, next) = try parse(
        from: head.value, to: itemEnd, syntax: syntax, depth: depth + 1, around: around,
        isSigned: isSigned)
      items.append(set)
      position = next
    }
    guard end != nil else {
      throw VolumeError(.truncated, "a sequence has no end", offset: position)
    }
    return (items, position)
  }

  private static func swapped(_ bytes: ArraySlice<UInt8>, _ unit: Int) -> ArraySlice<UInt8> {
    var result = Array(bytes)
    var position = 0
    while position + unit <= result.count {
      result[position..<position + unit].reverse()
      position += unit
    }
    return result[...]
  }
}
