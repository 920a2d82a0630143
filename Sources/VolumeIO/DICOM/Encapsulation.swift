// Frames in fragments: encapsulated pixel data, PS3.5 A.4, and its offset tables, PS3.3 C.7.6.3.1.8.

/// Which fragments make which frame.
struct Encapsulation: Sendable {
  /// Bytes of each fragment, in the file's order.
  private(set) var fragments: [Range<Int>] = []
  /// The fragments of each frame.
  private(set) var frames: [Range<Int>] = []
  private(set) var diagnostics: [DICOMDiagnostic] = []
  private var basicOffsets: [Int] = []
  /// Where offsets are counted from: the first item after the basic offset table.
  private var origin = 0

  /// Walks the fragments (eight bytes of each are read) and deals them to `count` frames.
  init(
    _ source: DICOMFile.Source, at offset: Int, frames count: Int, isBigEndian: Bool,
    set: DICOMDataSet, isRLE: Bool
  ) throws(VolumeError) {
    var window: ByteWindow
    switch source {
    case .file(let file): window = ByteWindow(file, chunk: 4096, isGrowing: false)
    case .memory(let bytes): window = ByteWindow(bytes)
    }
    try walk(&window, offset, isBigEndian)
    guard !fragments.isEmpty else {
      throw VolumeError(
        .truncated, "no fragment of compressed pixels", offset: offset,
        field: DICOMTag.pixelData.description)
    }
    frames = try deal(count, set, &window, isRLE)
  }

  private mutating func walk(
    _ window: inout ByteWindow, _ offset: Int, _ isBigEndian: Bool
  ) throws(VolumeError) {
    var position = offset
    var isFirst = true
    while window.size - position >= 8 {
      let tag = DICOMTag(
        try window.u16(position, isBigEndian), try window.u16(position + 2, isBigEndian))
      if tag == .sequenceEnd { return }
      let length = Int(try window.u32(position + 4, isBigEndian))
      guard tag == .item else {
        // What follows is no fragment: the delimiter was lost.
        diagnostics.append(.init(.strayDelimiter, "\(tag) among the fragments of the pixels"))
        return
      }
      let start = position + 8
      guard length <= window.size - start else {
        diagnostics.append(
          .init(.truncated, "a fragment of \(length) bytes with \(window.size - start) left"))
        if !isFirst, start < window.size { fragments.append(start..<window.size) }
        return
      }
      if isFirst {
        isFirst = false
        for entry in stride(from: 0, to: length - length % 4, by: 4) {
          basicOffsets.append(Int(try window.u32(start + entry, isBigEndian)))
        }
        origin = start + length
      } else {
        fragments.append(start..<start + length)
      }
      position = start + length
    }
    diagnostics.append(.init(.truncated, "no end of the fragments"))
  }

  private mutating func deal(
    _ count: Int, _ set: DICOMDataSet, _ window: inout ByteWindow, _ isRLE: Bool
  ) throws(VolumeError) -> [Range<Int>] {
    if count == 1 { return [0..<fragments.count] }
    if let element = set[DICOMTag(0x7FE0, 0x0001)], element.bytes.count == 8 * count {
      let offsets = DICOMElement(element.tag, .OV, element.value).integers ?? []
      if let dealt = dealt(offsets, count) { return dealt }
      diagnostics.append(.init(.codestream, "the extended offset table fits no fragments"))
    }
    if !basicOffsets.isEmpty {
      if let dealt = dealt(basicOffsets, count) { return dealt }
      diagnostics.append(.init(.codestream, "the basic offset table fits no fragments"))
    }
    if fragments.count == count { return fragments.indices.map { $0..<$0 + 1 } }
    guard fragments.count > count else {
      throw VolumeError(
        .truncated, "\(fragments.count) fragments for \(count) frames",
        field: DICOMTag.pixelData.description)
    }
    if !isRLE {
      var starts: [Int] = []
      for (index, fragment) in fragments.enumerated() where fragment.count >= 4 {
        let p = try window.load(fragment.lowerBound, 4)
        if Self.beginsCodestream(window.bytes[p..<p + 4]) { starts.append(index) }
      }
      if starts.count == count, starts.first == 0 { return Self.ranges(starts, fragments.count) }
    }
    throw VolumeError(
      .malformed, "\(fragments.count) fragments for \(count) frames, and no offset table",
      field: DICOMTag.pixelData.description)
  }

  /// JPEG and JPEG-LS begin with SOI and a marker, JPEG 2000 with SOC and SIZ or as a JP2 box.
  private static func beginsCodestream(_ b: ArraySlice<UInt8>) -> Bool {
    let p = b.startIndex
    switch (b[p], b[p + 1], b[p + 2], b[p + 3]) {
    case (0xFF, 0xD8, 0xFF, _), (0xFF, 0x4F, 0xFF, 0x51), (0, 0, 0, 0x0C): return true
    default: return false
    }
  }

  private func dealt(_ offsets: [Int], _ count: Int) -> [Range<Int>]? {
    guard offsets.count == count, offsets.first == 0 else { return nil }
    var starts: [Int] = []
    var fragment = 0
    for offset in offsets {
      while fragment < fragments.count, fragments[fragment].lowerBound - 8 - origin < offset {
        fragment += 1
      }
      guard fragment < fragments.count, fragments[fragment].lowerBound - 8 - origin == offset,
        starts.last != fragment
      else { return nil }
      starts.append(fragment)
    }
    return Self.ranges(starts, fragments.count)
  }

  private static func ranges(_ starts: [Int], _ end: Int) -> [Range<Int>] {
    starts.indices.map { $0 + 1 < starts.count ? starts[$0]..<starts[$0 + 1] : starts[$0]..<end }
  }

  /// The joined bytes of a frame.
  func bytes(ofFrame frame: Int, _ source: DICOMFile.Source) throws(VolumeError) -> [UInt8] {
    var joined: [UInt8] = []
    for fragment in fragments[frames[frame]] {
      let piece = try source.read(fragment)
      if joined.isEmpty { joined = piece } else { joined.append(contentsOf: piece) }
    }
    return joined
  }
}
