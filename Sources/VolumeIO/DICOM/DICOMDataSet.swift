// A data set: elements in ascending order of their tags (PS3.5, section 7).

/// The elements of a file or of one item of a sequence, without the pixels.
public struct DICOMDataSet: Sendable, Hashable {
  /// The elements, ascending by tag, one a tag.
  public private(set) var elements: [DICOMElement] = []
  /// The characters of the text in this data set; an item takes over those around it.
  public var characterSet: DICOMCharacterSet = .ascii

  public init() {}

  public init(_ elements: [DICOMElement], characterSet: DICOMCharacterSet = .ascii) {
    self.characterSet = characterSet
    var isAscending = true
    for position in elements.indices.dropFirst()
    where elements[position].tag <= elements[position - 1].tag {
      isAscending = false
      break
    }
    if isAscending {
      self.elements = elements
    } else {
      // The first of repeated elements stays.
      let order = elements.indices.sorted {
        (elements[$0].tag, $0) < (elements[$1].tag, $1)
      }
      for position in order where self.elements.last?.tag != elements[position].tag {
        self.elements.append(elements[position])
      }
    }
    if let element = self[.specificCharacterSet] {
      self.characterSet = DICOMCharacterSet(terms: element.bytes)
    }
  }

  private func position(of tag: DICOMTag) -> (index: Int, isThere: Bool) {
    var low = 0
    var high = elements.count
    while low < high {
      let middle = (low + high) / 2
      if elements[middle].tag < tag { low = middle + 1 } else { high = middle }
    }
    return (low, low < elements.count && elements[low].tag == tag)
  }

  /// The element of a tag; setting nil removes it.
  ///
  /// - Complexity: O(log *count*) to read, O(*count*) to write.
  /// - Precondition: An element that is set has `tag` for its own.
  public subscript(tag: DICOMTag) -> DICOMElement? {
    get {
      let place = position(of: tag)
      return place.isThere ? elements[place.index] : nil
    }
    set {
      let place = position(of: tag)
      if let newValue {
        precondition(newValue.tag == tag, "element \(newValue.tag) cannot stand at \(tag)")
        if place.isThere {
          elements[place.index] = newValue
        } else {
          elements.insert(newValue, at: place.index)
        }
      } else if place.isThere {
        elements.remove(at: place.index)
      }
      if tag == .specificCharacterSet {
        characterSet = newValue.map { DICOMCharacterSet(terms: $0.bytes) } ?? .ascii
      }
    }
  }

  /// The values of a text element, decoded, without padding; none where it is absent or empty.
  public func strings(_ tag: DICOMTag) -> [String] {
    guard let element = self[tag], element.vr.isText || element.vr == .UN, !element.isEmpty else {
      return []
    }
    return characterSet.strings(element.bytes, element.vr)
  }

  /// The first value of a text element.
  public func string(_ tag: DICOMTag) -> String? { strings(tag).first }

  /// The first number of an element; nil where there is none.
  public func double(_ tag: DICOMTag) -> Double? { self[tag]?.doubles?.first }

  /// All numbers of an element; none where it is absent or holds a part that is no number.
  public func doubles(_ tag: DICOMTag) -> [Double] { self[tag]?.doubles ?? [] }

  /// The first whole number of an element.
  public func int(_ tag: DICOMTag) -> Int? { self[tag]?.integers?.first }

  /// The items of a sequence; none where it is absent.
  public func items(_ tag: DICOMTag) -> [DICOMDataSet] { self[tag]?.items ?? [] }

  /// The first item of a sequence.
  public func item(_ tag: DICOMTag) -> DICOMDataSet? { items(tag).first }

  /// Elements of a private block: those of odd `group` whose block `creator` has reserved.
  ///
  /// - Returns: The element with the low byte `element` of that creator's block (PS3.5, 7.8.1).
  public func privateElement(
    group: UInt16, creator: String, element: UInt8
  ) -> DICOMElement? {
    for block in UInt16(0x10)...0xFF {
      let owner = DICOMTag(group, block)
      guard let name = string(owner), name == creator else { continue }
      if let found = self[DICOMTag(group, block << 8 | UInt16(element))] { return found }
    }
    return nil
  }

  /// Sets a text element.
  ///
  /// - Precondition: Text outside ASCII needs a data set whose character set is UTF-8.
  public mutating func set(_ tag: DICOMTag, _ vr: DICOMVR, _ text: String) {
    var bytes = characterSet.encode(text)
    if bytes.count % 2 == 1 { bytes.append(vr == .UI ? 0 : 0x20) }
    self[tag] = DICOMElement(tag, vr, .bytes(bytes[...]))
  }

  /// Sets a decimal-string element.
  public mutating func set(_ tag: DICOMTag, _ values: [Double]) {
    set(tag, .DS, values.map(DecimalText.text).joined(separator: "\\"))
  }

  /// Sets an unsigned 16-bit element.
  public mutating func set(_ tag: DICOMTag, _ values: [UInt16]) {
    var bytes: [UInt8] = []
    for value in values {
      bytes.append(UInt8(truncatingIfNeeded: value))
      bytes.append(UInt8(value >> 8))
    }
    self[tag] = DICOMElement(tag, .US, .bytes(bytes[...]))
  }

  /// Sets a sequence.
  public mutating func set(_ tag: DICOMTag, _ items: [DICOMDataSet]) {
    self[tag] = DICOMElement(tag, .SQ, .items(items))
  }
}
