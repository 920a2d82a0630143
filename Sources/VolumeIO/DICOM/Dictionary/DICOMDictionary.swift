// The data dictionary of PS3.6: tag → value representation and keyword.
// Kept as text in the program's constants; parsed once, when the first lookup needs it (well under a
// millisecond in release builds).

/// Looks up standard data elements; private ones are unknown to it.
package enum DICOMDictionary {
  private struct Index: Sendable {
    var tags: [UInt32] = []
    var representations: [DICOMVR] = []
    var keywords: [Range<Int>] = []
    var text: [UInt8] = []
    var byKeyword: [String: UInt32] = [:]
  }

  private static let index = build()
  private static let keywordIndex: [String: UInt32] = {
    var map: [String: UInt32] = [:]
    map.reserveCapacity(index.tags.count)
    for (position, tag) in index.tags.enumerated() {
      map[String(decoding: index.text[index.keywords[position]], as: UTF8.self)] = tag
    }
    return map
  }()

  private static func build() -> Index {
    var result = Index()
    result.tags.reserveCapacity(5200)
    result.representations.reserveCapacity(5200)
    result.keywords.reserveCapacity(5200)
    for part in [part1, part2, part3, part4, part5, part6] {
      part.withUTF8Buffer { unsafe result.text.append(contentsOf: $0) }
      result.text.append(0x20)
    }
    var group: UInt32 = 0
    var start = 0
    for position in result.text.indices {
      let byte = result.text[position]
      guard byte == 0x20 || byte == 0x0A else { continue }
      let length = position - start
      if length >= 4, let number = hexadecimal(result.text, start) {
        if length == 4 {
          group = number << 16
        } else if length > 6 {
          result.tags.append(group | number)
          result.representations.append(
            DICOMVR(result.text[start + 4], result.text[start + 5]))
          result.keywords.append(start + 6..<position)
        }
      }
      start = position + 1
    }
    return result
  }

  private static func hexadecimal(_ text: [UInt8], _ start: Int) -> UInt32? {
    var value: UInt32 = 0
    for position in start..<start + 4 {
      switch text[position] {
      case 0x30...0x39: value = value << 4 | UInt32(text[position] - 0x30)
      case 0x41...0x46: value = value << 4 | UInt32(text[position] - 0x37)
      default: return nil
      }
    }
    return value
  }

  private static func position(of tag: DICOMTag) -> Int? {
    var wanted = tag.rawValue
    // Repeating groups 50xx and 60xx are listed once.
    let high = wanted >> 24
    if high == 0x50 || high == 0x60 { wanted &= 0xFF00_FFFF }
    let tags = index.tags
    var low = 0
    var end = tags.count
    while low < end {
      let middle = (low + end) / 2
      if tags[middle] < wanted { low = middle + 1 } else { end = middle }
    }
    return low < tags.count && tags[low] == wanted ? low : nil
  }

  /// The VR of a standard element, with `XS`, `OX` and `XO` where the standard leaves a choice.
  package static func representation(of tag: DICOMTag) -> DICOMVR? {
    if tag.element == 0 { return .UL }
    return position(of: tag).map { index.representations[$0] }
  }

  /// The keyword of a standard element, such as `PatientName`.
  package static func keyword(of tag: DICOMTag) -> String? {
    position(of: tag).map { String(decoding: index.text[index.keywords[$0]], as: UTF8.self) }
  }

  /// The tag of a keyword.
  package static func tag(of keyword: String) -> DICOMTag? {
    keywordIndex[keyword].map { DICOMTag(rawValue: $0) }
  }
}
