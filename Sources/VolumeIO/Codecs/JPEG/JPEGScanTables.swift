// The tables of one scan, laid out for its inner loop.
// Source: ITU-T T.81 F.2.2; zigzag order: figure A.6.

/// The order of coefficients in a block's code.
enum JPEGZigzag {
  /// The place in rows of the k-th coefficient of a block.
  static let order: [Int] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
  ]
}

/// Look-up tables of a scan's components one after another, `JPEGHuffmanTable.lookSize` entries each.
struct JPEGScanTables {
  var dcTables: [JPEGHuffmanTable] = []
  var acTables: [JPEGHuffmanTable] = []
  /// The components' DC looks.
  var dc: [UInt16] = []
  /// The components' AC looks, as `packed(_:)` makes them.
  var ac: [Int32] = []
  /// The components' quantisation steps, 64 each, in zigzag order: `step << 6 | place`, the place being
  /// the coefficient's in rows.
  var steps: [Int32] = []

  init(
    _ tables: JPEGTables, frame: JPEGFrame, scan: JPEGScan, needsDC: Bool, needsAC: Bool,
    needsSteps: Bool
  ) throws(VolumeError) {
    for part in scan.parts {
      if needsDC {
        let table = try tables.dcTable(part.dc, offset: scan.offset)
        dcTables.append(table)
        dc += table.look
      }
      if needsAC {
        let table = try tables.acTable(part.ac, offset: scan.offset)
        acTables.append(table)
        ac += Self.packed(table)
      }
      if needsSteps {
        let all = try tables.steps(
          frame.components[part.component].quantization, offset: frame.offset)
        steps += zip(all, JPEGZigzag.order).map { $0 << 6 | Int32($1) }
      }
    }
  }

  /// The entry of a code: the bits it takes with those of its value (0...5), its own bits (6...10), the
  /// bits of its value (11...14), and the run before its coefficient (from 16 on).
  static func entry(run: Int32, size: Int32, length: Int32) -> Int32 {
    run << 16 | size << 11 | length << 6 | (length + size)
  }

  /// The run of an end-of-block code: past any end.
  static let endOfBlock: Int32 = 128

  /// What ten bits tell of an AC code; 0 where they do not tell.
  ///
  /// Sixteen zeros are fifteen and a coefficient of no bits, which is a zero too.
  private static func packed(_ table: JPEGHuffmanTable) -> [Int32] {
    table.look.map { look in
      let length = Int32(look >> 8)
      let run = Int32(look >> 4 & 15)
      let size = Int32(look & 15)
      guard length > 0 else { return 0 }
      if size > 0 || run == 15 { return entry(run: run, size: size, length: length) }
      return run == 0 ? entry(run: endOfBlock, size: 0, length: length) : 0
    }
  }
}

extension JPEGBitReader {
  /// - Throws: `.corrupt` where a code was invalid, `.truncated` where bits were invented.
  func check() throws(VolumeError) {
    if isExhausted {
      throw VolumeError(
        .truncated, "the entropy-coded data ends early", offset: position, field: "scan")
    }
    if isInvalid {
      throw VolumeError(
        .corrupt, "a code that its table does not have, or a run past the block's end",
        offset: position, field: "scan")
    }
  }

  /// Ends an interval at its restart marker and begins the next.
  ///
  /// - Throws: `.corrupt` where another marker follows.
  mutating func passRestart(_ number: Int, _ bytes: Span<UInt8>) throws(VolumeError) {
    try check()
    var at = position
    while at + 1 < bytes.count, bytes[at] != 0xFF || bytes[at + 1] == 0 || bytes[at + 1] == 0xFF {
      at += 1
    }
    let wanted = UInt8(0xD0 + number % 8)
    guard at + 1 < bytes.count, bytes[at + 1] == wanted else {
      throw VolumeError(
        at + 1 < bytes.count ? .corrupt : .truncated,
        "expected restart marker FF \(String(wanted, radix: 16, uppercase: true))",
        offset: min(at, bytes.count), field: "RST")
    }
    restart(at: at + 2)
  }
}
