// One data element: tag, VR and value (PS3.5, section 7.1).

/// A data element.
///
/// Values in bytes are little endian, whatever the file's byte order was.
public struct DICOMElement: Sendable, Hashable {
  /// What an element holds.
  public enum Value: Sendable, Hashable {
    /// The value's bytes, with the padding that the file had.
    case bytes(ArraySlice<UInt8>)
    /// The items of a sequence.
    case items([DICOMDataSet])
  }

  public let tag: DICOMTag
  public var vr: DICOMVR
  public var value: Value

  public init(_ tag: DICOMTag, _ vr: DICOMVR, _ value: Value) {
    self.tag = tag
    self.vr = vr
    self.value = value
  }

  /// The value's bytes; none for a sequence.
  public var bytes: ArraySlice<UInt8> {
    if case .bytes(let bytes) = value { return bytes }
    return []
  }

  /// The items of a sequence; none for other elements.
  public var items: [DICOMDataSet] {
    if case .items(let items) = value { return items }
    return []
  }

  /// Whether the value has no bytes, or the sequence no items.
  public var isEmpty: Bool {
    switch value {
    case .bytes(let bytes): bytes.isEmpty
    case .items(let items): items.isEmpty
    }
  }

  /// The numbers of a binary or decimal-text value; nil where a part is no number.
  public var doubles: [Double]? {
    switch vr {
    case .DS, .IS:
      let parts = DecimalText.parts(of: bytes)
      var numbers: [Double] = []
      for part in parts {
        guard let number = DecimalText.number(bytes[part]) else { return nil }
        numbers.append(number)
      }
      return numbers
    case .FL, .OF:
      return words(4) { Double(Float(bitPattern: UInt32(truncatingIfNeeded: $0))) }
    case .FD, .OD: return words(8) { Double(bitPattern: $0) }
    case .UV, .OV: return words(8) { Double($0) }
    default: return integers?.map(Double.init)
    }
  }

  /// The whole numbers of a value; nil where a part is none.
  public var integers: [Int]? {
    switch vr {
    case .IS, .DS:
      guard let doubles else { return nil }
      var whole: [Int] = []
      for value in doubles {
        guard let number = Int(exactly: value) else { return nil }
        whole.append(number)
      }
      return whole
    case .US, .XS, .OW, .XO: return words(2) { Int($0) }
    case .SS: return words(2) { Int(Int16(truncatingIfNeeded: $0)) }
    case .UL, .OL: return words(4) { Int($0) }
    case .SL: return words(4) { Int(Int32(truncatingIfNeeded: $0)) }
    case .SV: return words(8) { Int(Int64(bitPattern: $0)) }
    case .UV, .OV:
      var whole: [Int] = []
      for value in words(8, { $0 }) ?? [] {
        guard let number = Int(exactly: value) else { return nil }
        whole.append(number)
      }
      return whole
    case .OB, .OX: return bytes.map { Int($0) }
    case .UN where bytes.count == 2: return words(2) { Int($0) }
    default: return nil
    }
  }

  /// The tags of an AT value.
  public var tags: [DICOMTag] {
    guard vr == .AT else { return [] }
    let halves = words(2) { UInt16(truncatingIfNeeded: $0) } ?? []
    return stride(from: 0, to: halves.count - 1, by: 2).map { DICOMTag(halves[$0], halves[$0 + 1]) }
  }

  private func words<T>(_ size: Int, _ convert: (UInt64) -> T) -> [T]? {
    guard case .bytes(let bytes) = value else { return nil }
    var result: [T] = []
    result.reserveCapacity(bytes.count / size)
    var position = bytes.startIndex
    while position + size <= bytes.endIndex {
      var word: UInt64 = 0
      for byte in 0..<size { word |= UInt64(bytes[position + byte]) << UInt64(8 * byte) }
      result.append(convert(word))
      position += size
    }
    return result
  }
}
