// Palette colour: PS3.3 C.7.6.3.1.5 and C.7.9.2 (segmented tables).

/// Three look-up tables that make RGB of one stored value.
struct Palette: Sendable {
  private let firstMapped: Int
  private let red: [UInt8]
  private let green: [UInt8]
  private let blue: [UInt8]

  /// Nil where a table is missing or shorter than its descriptor says.
  init?(_ set: DICOMDataSet) {
    guard let first = Self.table(set, 0x1101, 0x1201, 0x1221),
      let second = Self.table(set, 0x1102, 0x1202, 0x1222),
      let third = Self.table(set, 0x1103, 0x1203, 0x1223)
    else { return nil }
    firstMapped = first.first
    (red, green, blue) = (first.values, second.values, third.values)
  }

  private static func table(
    _ set: DICOMDataSet, _ descriptor: UInt16, _ plain: UInt16, _ segmented: UInt16
  ) -> (first: Int, values: [UInt8])? {
    guard let element = set[DICOMTag(0x0028, descriptor)], element.bytes.count >= 6 else {
      return nil
    }
    let words = DICOMElement(element.tag, .US, element.value).integers ?? []
    guard words.count >= 3 else { return nil }
    let count = words[0] == 0 ? 65_536 : words[0]
    let first =
      set.int(.pixelRepresentation) == 1 && words[1] > 32_767 ? words[1] - 65_536 : words[1]
    var entries: [UInt16]?
    if let data = set[DICOMTag(0x0028, plain)] {
      entries = SeriesHints.entries(data.bytes, count)
    } else if let data = set[DICOMTag(0x0028, segmented)] {
      entries = expanded(data.bytes, count, isByte: words[2] <= 8 && data.bytes.count < 2 * count)
    }
    guard let entries, !entries.isEmpty else { return nil }
    // 16-bit entries that never leave the low byte are 8-bit ones in wide clothes.
    let isWide = words[2] > 8 && (entries.max() ?? 0) > 255
    return (first, entries.map { UInt8(truncatingIfNeeded: isWide ? $0 >> 8 : $0) })
  }

  /// Segments: 0 discrete, 1 linear, 2 indirect (PS3.3 C.7.9.2.2).
  private static func expanded(
    _ bytes: ArraySlice<UInt8>, _ count: Int, isByte: Bool
  ) -> [UInt16]? {
    let words: [Int] =
      isByte
      ? bytes.map { Int($0) }
      : DICOMElement(.lutData, .US, .bytes(bytes)).integers ?? []
    var result: [UInt16] = []
    var position = 0
    func segment(_ position: inout Int) -> Bool {
      guard position + 2 <= words.count else { return false }
      let (kind, length) = (words[position], words[position + 1])
      position += 2
      switch kind {
      case 0:
        guard position + length <= words.count else { return false }
        result += words[position..<position + length].map { UInt16($0) }
        position += length
      case 1:
        guard position < words.count, let start = result.last, length > 0 else { return false }
        let end = words[position]
        position += 1
        for step in 1...length {
          let value = Double(start) + Double(end - Int(start)) * Double(step) / Double(length)
          result.append(UInt16(max(0, min(65_535, value.rounded()))))
        }
      default: return false
      }
      return result.count <= count
    }
    while position < words.count, result.count < count {
      if words[position] == 2 {
        guard position + 4 <= words.count else { return nil }
        var back = (words[position + 3] << 16 | words[position + 2]) / (isByte ? 1 : 2)
        for _ in 0..<words[position + 1] {
          guard back < position, segment(&back) else { return nil }
        }
        position += 4
      } else if !segment(&position) {
        return nil
      }
    }
    return result.count == count ? result : nil
  }

  /// RGB of indices; those beyond the table take its ends.
  func expanded(_ samples: Samples) -> Samples {
    var result: [UInt8] = []
    result.reserveCapacity(3 * samples.count)
    func add(_ index: Int) {
      let place = index - firstMapped
      result.append(red[max(0, min(place, red.count - 1))])
      result.append(green[max(0, min(place, green.count - 1))])
      result.append(blue[max(0, min(place, blue.count - 1))])
    }
    switch samples {
    case .uint8(let s): for value in s { add(Int(value)) }
    case .int8(let s): for value in s { add(Int(value)) }
    case .uint16(let s): for value in s { add(Int(value)) }
    case .int16(let s): for value in s { add(Int(value)) }
    default: return samples
    }
    return .uint8(result)
  }
}
