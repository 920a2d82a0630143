// The fast pass over a header: only the wanted elements are looked at, in place.

/// Reads a `SliceHeader` without building a data set.
struct HeaderScan {
  private var window: ByteWindow
  private var header = SliceHeader()

  /// Scans a file.
  ///
  /// - Throws: `unknownFormat` for what is no DICOM; `truncated` and `malformed` for headers that
  ///   cannot be walked through.
  static func header(of path: String) throws(VolumeError) -> SliceHeader {
    let file = try InputFile(path)
    do throws(VolumeError) {
      var scan = HeaderScan(window: ByteWindow(file, chunk: 8192))
      let start = try FileStart(&scan.window)
      return try scan.run(start, path) { () throws(VolumeError) in
        try DICOMFile.inflate(file.read(start.offset..<file.size), at: start.offset)
      }
    } catch {
      throw error.naming(file.name)
    }
  }

  /// Scans bytes in memory.
  static func header(of bytes: [UInt8], path: String) throws(VolumeError) -> SliceHeader {
    var scan = HeaderScan(window: ByteWindow(bytes))
    let start = try FileStart(&scan.window)
    return try scan.run(start, path) { () throws(VolumeError) in
      try DICOMFile.inflate(Array(bytes[start.offset...]), at: start.offset)
    }
  }

  private init(window: ByteWindow) { self.window = window }

  private mutating func run(
    _ start: FileStart, _ path: String, _ inflated: () throws(VolumeError) -> [UInt8]
  ) throws(VolumeError) -> SliceHeader {
    header.path = path
    header.fileSize = window.size
    header.transferSyntax = start.transferSyntax
    header.syntax = start.syntax
    var offset = start.offset
    if start.transferSyntax == .deflated {
      window = ByteWindow(try inflated())
      offset = 0
    }
    try walk(from: offset, start.syntax)
    return header
  }

  private mutating func walk(from offset: Int, _ syntax: ElementSyntax) throws(VolumeError) {
    var position = offset
    while window.size - position >= 8 {
      let head = try syntax.header(at: position, &window)
      let tag = head.tag.rawValue
      if tag >= 0x7FE0_0008 {
        if tag == 0x7FE0_0010 || tag == 0x7FE0_0008 || tag == 0x7FE0_0009 {
          header.pixels = PixelLocation(
            tag: head.tag, vr: head.vr, offset: head.value, length: head.length)
          return
        }
        if tag < 0xFFFC_0000 {
          guard let length = head.length else { return }
          position = head.value + length
          continue
        }
      }
      guard let length = head.length else {
        if tag >> 16 == 0xFFFE {
          position = head.value
          continue
        }
        note(tag)
        let inner = head.vr == .UN ? ElementSyntax.implicitLittle : syntax
        position = try inner.end(ofSequenceAt: head.value, &window)
        continue
      }
      position = head.value + length
      guard position <= window.size else {
        throw VolumeError(
          .truncated, "\(length) bytes claimed, \(window.size - head.value) left",
          offset: head.value, field: head.tag.description)
      }
      if length > 0, length <= 4096 { try take(tag, head.value, length, syntax.isBigEndian) }
      if head.vr == .SQ || length > 4096 { note(tag) }
    }
  }

  private mutating func note(_ tag: UInt32) {
    switch tag {
    case 0x5200_9229, 0x5200_9230: header.hasFunctionalGroups = true
    case 0x0028_3000: header.hasModalityLUT = true
    case 0x0028_3010: header.hasVOILUT = true
    default: break
    }
  }

  private mutating func take(
    _ tag: UInt32, _ offset: Int, _ length: Int, _ isBig: Bool
  ) throws(VolumeError) {
    switch tag {
    case 0x0008_0008:
      header.imageType = try text(offset, length).split(separator: "\\").map {
        String($0.drop { $0 == " " })
      }
    case 0x0008_0016: header.sopClassUID = try text(offset, length)
    case 0x0008_0018: header.instanceUID = try text(offset, length)
    case 0x0008_0032: header.acquisitionTime = try number(offset, length)
    case 0x0008_0033: header.contentTime = try number(offset, length)
    case 0x0008_0060: header.modality = try text(offset, length)
    case 0x0018_0050: header.sliceThickness = try number(offset, length)
    case 0x0018_0081: header.echoTime = try number(offset, length)
    case 0x0018_0086: header.echoNumber = try whole(offset, length)
    case 0x0018_0088: header.spacingBetweenSlices = try number(offset, length)
    case 0x0018_1060: header.triggerTime = try number(offset, length)
    case 0x0018_1120: header.gantryTilt = try number(offset, length)
    case 0x0018_1164 where header.pixelSpacing == nil:
      header.pixelSpacing = try pair(offset, length)
    case 0x0018_9087 where length == 8: header.bValue = try double(offset, isBig)
    case 0x0020_000D: header.studyUID = try text(offset, length)
    case 0x0020_000E: header.seriesUID = try text(offset, length)
    case 0x0020_0011: header.seriesNumber = try whole(offset, length)
    case 0x0020_0012: header.acquisitionNumber = try whole(offset, length)
    case 0x0020_0013: header.instanceNumber = try whole(offset, length)
    case 0x0020_0032:
      let values = try numbers(offset, length)
      if values.count == 3 { header.position = SIMD3(values[0], values[1], values[2]) }
    case 0x0020_0037: header.orientation = PlaneOrientation(try numbers(offset, length))
    case 0x0020_0052: header.frameOfReferenceUID = try text(offset, length)
    case 0x0020_0100: header.temporalPosition = try whole(offset, length)
    case 0x0028_0002: header.samplesPerPixel = try short(offset, length, isBig)
    case 0x0028_0004: header.photometric = try text(offset, length)
    case 0x0028_0006: header.isPlanar = try short(offset, length, isBig) == 1
    case 0x0028_0008: header.frames = try whole(offset, length) ?? 1
    case 0x0028_0010: header.rows = try short(offset, length, isBig)
    case 0x0028_0011: header.columns = try short(offset, length, isBig)
    case 0x0028_0030: header.pixelSpacing = try pair(offset, length)
    case 0x0028_0100: header.bitsAllocated = try short(offset, length, isBig)
    case 0x0028_0101: header.bitsStored = try short(offset, length, isBig)
    case 0x0028_0102: header.highBit = try short(offset, length, isBig)
    case 0x0028_0103: header.isSigned = try short(offset, length, isBig) == 1
    case 0x0028_1052: header.intercept = try number(offset, length)
    case 0x0028_1053: header.slope = try number(offset, length)
    case 0x3004_000C: header.hasGridOffsets = true
    case 0x0028_3000, 0x0028_3010, 0x5200_9229, 0x5200_9230: note(tag)
    default:
      if tag & 0xFFFF_00FF == 0x0019_000A, tag & 0xFF00 != 0, length == 2 {
        header.mosaicTiles = try short(offset, length, isBig)
      }
    }
  }

  private mutating func text(_ offset: Int, _ length: Int) throws(VolumeError) -> String {
    var low = try window.load(offset, length)
    var high = low + length
    let bytes = window.bytes
    while high > low, bytes[high - 1] <= 0x20 { high -= 1 }
    while low < high, bytes[low] <= 0x20 { low += 1 }
    return String(decoding: bytes[low..<high], as: UTF8.self)
  }

  private mutating func numbers(_ offset: Int, _ length: Int) throws(VolumeError) -> [Double] {
    let slice = try window.slice(offset..<offset + length)
    var result: [Double] = []
    for part in DecimalText.parts(of: slice) {
      guard let value = DecimalText.number(slice[part]) else { return [] }
      result.append(value)
    }
    return result
  }

  private mutating func pair(_ offset: Int, _ length: Int) throws(VolumeError) -> SIMD2<Double>? {
    let values = try numbers(offset, length)
    guard values.count >= 2, values[0] > 0, values[1] > 0 else { return nil }
    return SIMD2(values[0], values[1])
  }

  private mutating func number(_ offset: Int, _ length: Int) throws(VolumeError) -> Double? {
    let slice = try window.slice(offset..<offset + length)
    let end = slice.firstIndex(of: 0x5C) ?? slice.endIndex
    return DecimalText.number(slice[..<end])
  }

  private mutating func whole(_ offset: Int, _ length: Int) throws(VolumeError) -> Int? {
    try number(offset, length).flatMap { Int(exactly: $0) }
  }

  private mutating func short(
    _ offset: Int, _ length: Int, _ isBig: Bool
  ) throws(VolumeError) -> Int {
    length >= 2 ? Int(try window.u16(offset, isBig)) : 0
  }

  private mutating func double(_ offset: Int, _ isBig: Bool) throws(VolumeError) -> Double {
    let high = try window.u32(isBig ? offset : offset + 4, isBig)
    let low = try window.u32(isBig ? offset + 4 : offset, isBig)
    return Double(bitPattern: UInt64(high) << 32 | UInt64(low))
  }
}
