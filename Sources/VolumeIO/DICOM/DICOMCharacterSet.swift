// The characters of text values: (0008,0005), PS3.3 C.12.1.1.2 and PS3.5, section 6.1.

/// The character repertoires that a data set names.
public struct DICOMCharacterSet: Sendable, Hashable {
  /// The defined terms, such as `ISO_IR 100` or `ISO 2022 IR 87`; an empty one is ASCII.
  public let terms: [String]

  public init(terms: [String]) { self.terms = terms }

  init(terms bytes: ArraySlice<UInt8>) {
    terms = DecimalText.parts(of: bytes).map { part in
      String(decoding: Self.trimmed(bytes[part]), as: UTF8.self)
    }
  }

  /// No (0008,0005): ASCII alone.
  public static let ascii = DICOMCharacterSet(terms: [String]())
  public static let utf8 = DICOMCharacterSet(terms: ["ISO_IR 192"])

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var low = bytes.startIndex
    var high = bytes.endIndex
    while high > low, bytes[high - 1] <= 0x20 { high -= 1 }
    while low < high, bytes[low] <= 0x20 { low += 1 }
    return bytes[low..<high]
  }

  /// The values of a text element: split at backslashes where the VR has several, without padding.
  func strings(_ bytes: ArraySlice<UInt8>, _ vr: DICOMVR) -> [String] {
    guard vr.usesCharacterSet else {
      guard vr.isMultivalued else { return [String(decoding: Self.trimmed(bytes), as: UTF8.self)] }
      return DecimalText.parts(of: bytes).map {
        String(decoding: Self.trimmed(bytes[$0]), as: UTF8.self)
      }
    }
    let text = CharacterDecoder.text(bytes, terms, isSplit: vr.isMultivalued)
    guard vr.isMultivalued else { return [Self.unpadded(text)] }
    return text.split(separator: "\\", omittingEmptySubsequences: false).map {
      Self.unpadded(String($0))
    }
  }

  private static func unpadded(_ text: String) -> String {
    var scalars = text.unicodeScalars
    while let last = scalars.last, last.value <= 0x20 { scalars.removeLast() }
    return String(scalars)
  }

  /// The bytes of text, in UTF-8; what this set has no room for is written as `?`.
  func encode(_ text: String) -> [UInt8] {
    if terms.contains("ISO_IR 192") { return Array(text.utf8) }
    return text.unicodeScalars.map { $0.isASCII ? UInt8(truncatingIfNeeded: $0.value) : 0x3F }
  }
}
