// The inner loops of windowing, over pointers whose bounds their callers have checked.
//
// Where black and white lie less than 4096 stored values apart and the machine looks up bytes in
// vectors, `CWindowKernels` does it. Elsewhere:
//
// A block of 16 samples that are all black (or all white) is a comparison and a store; CT is mostly
// air and clipped bone, so that this passes the plain look-up by half. The rest is one load from a
// table that lies in the first-level cache. The loops are written for 16-bit bit patterns alone:
// comparing vectors of a generic type compiles to one comparison a lane, twenty times slower.

internal import CWindowKernels

/// Whether a comparison held in all lanes.
@inline(__always)
private func all(_ mask: SIMDMask<SIMD16<Int16>>) -> Bool {
  let bits = unsafe unsafeBitCast(mask, to: SIMD4<UInt64>.self)
  let half = bits.lowHalf & bits.highHalf
  return half.x & half.y == .max
}

/// Bit patterns of 16-bit samples, and what brings them into the order of `Int16`.
@unsafe private struct Patterns {
  let base: UnsafeRawPointer
  /// Zero for signed samples, the top bit for unsigned ones.
  let flip: UInt16

  /// 16 samples from an index, in the order of `Int16`.
  @inline(__always)
  func ordered(at index: Int) -> SIMD16<Int16> {
    let block = unsafe base.loadUnaligned(
      fromByteOffset: 2 &* index, as: SIMD16<UInt16>.self)
    return unsafe unsafeBitCast(
      block ^ SIMD16(repeating: flip), to: SIMD16<Int16>.self)
  }

  /// Four samples, the first in the low bits.
  @inline(__always)
  func four(at index: Int) -> UInt64 {
    unsafe base.loadUnaligned(fromByteOffset: 2 &* index, as: UInt64.self).littleEndian
  }

  @inline(__always)
  func one(at index: Int) -> Int {
    Int(unsafe base.loadUnaligned(fromByteOffset: 2 &* index, as: UInt16.self))
  }
}

extension TableSample {
  /// What xor makes bit patterns ordered as `Int16`; for 16-bit types.
  fileprivate static var flip: UInt16 { isSigned ? 0 : 0x8000 }
  fileprivate var orderedAsInt16: Int16 {
    Int16(bitPattern: UInt16(truncatingIfNeeded: tableIndex) ^ Self.flip)
  }
}

extension LevelTable {
  /// What `CWindowKernels` looks up in; only where `narrow` is filled.
  fileprivate func withVectorTable(_ body: (cwk_table) -> Void) {
    unsafe narrow.withUnsafeBufferPointer { narrow in
      unsafe body(
        cwk_table(
          levels: narrow.baseAddress, entries: Int32(narrow.count), low: low.orderedAsInt16,
          flip: Sample.flip))
    }
  }
}

/// Writes the level of each sample.
///
/// - Precondition: `levels` has an entry for every bit pattern; `target` has `source.count` bytes.
func writeLevels<Sample: TableSample>(
  of source: UnsafeBufferPointer<Sample>, table: LevelTable<Sample>,
  to target: UnsafeMutableBufferPointer<UInt8>
) {
  precondition(target.count == source.count, "\(target.count) levels for \(source.count) samples")
  guard let input = source.baseAddress, let output = target.baseAddress else { return }
  if !table.narrow.isEmpty {
    unsafe table.withVectorTable { table in
      unsafe UnsafeRawPointer(input).withMemoryRebound(to: UInt16.self, capacity: source.count) {
        var table = unsafe table
        unsafe cwk_write_levels($0, source.count, &table, output)
      }
    }
    return
  }
  unsafe table.levels.withUnsafeBufferPointer { levels in
    guard MemoryLayout<Sample>.size == 2, let base = levels.baseAddress else {
      for index in 0..<source.count {
        unsafe output[index] = levels[input[index].tableIndex]
      }
      return
    }
    unsafe write16(
      Patterns(base: UnsafeRawPointer(input), flip: Sample.flip), count: source.count,
      table: base, low: table.low.orderedAsInt16, high: table.high.orderedAsInt16, to: output)
  }
}

private func write16(
  _ samples: Patterns, count: Int, table: UnsafePointer<UInt8>, low: Int16, high: Int16,
  to output: UnsafeMutablePointer<UInt8>
) {
  let bytes = UnsafeMutableRawPointer(output)
  let (lows, highs) = (SIMD16(repeating: low), SIMD16(repeating: high))
  let black = unsafe UInt64(table[Int(0x8000 ^ samples.flip)]) &* 0x0101_0101_0101_0101
  let white = unsafe UInt64(table[Int(0x7FFF ^ samples.flip)]) &* 0x0101_0101_0101_0101
  var index = 0
  while index &+ 16 <= count {
    let block = unsafe samples.ordered(at: index)
    if all(block .<= lows) {
      unsafe bytes.storeBytes(of: black, toByteOffset: index, as: UInt64.self)
      unsafe bytes.storeBytes(of: black, toByteOffset: index &+ 8, as: UInt64.self)
    } else if all(block .>= highs) {
      unsafe bytes.storeBytes(of: white, toByteOffset: index, as: UInt64.self)
      unsafe bytes.storeBytes(of: white, toByteOffset: index &+ 8, as: UInt64.self)
    } else {
      var lane = index
      while lane < index &+ 16 {
        let four = unsafe samples.four(at: lane)
        unsafe output[lane] = table[Int(truncatingIfNeeded: four & 0xFFFF)]
        unsafe output[lane &+ 1] = table[Int(truncatingIfNeeded: (four >> 16) & 0xFFFF)]
        unsafe output[lane &+ 2] = table[Int(truncatingIfNeeded: (four >> 32) & 0xFFFF)]
        unsafe output[lane &+ 3] = table[Int(truncatingIfNeeded: four >> 48)]
        lane &+= 4
      }
    }
    index &+= 16
  }
  while index < count {
    unsafe output[index] = table[samples.one(at: index)]
    index &+= 1
  }
}

/// Three tables as one: red in the low byte, then green and blue.
struct ColorTable<Sample: TableSample>: Sendable {
  /// Empty where vectors look up each channel by itself.
  private(set) var colors: [UInt32] = []
  private(set) var low: Sample
  fileprivate let channels: [LevelTable<Sample>]

  init(red: LevelTable<Sample>, green: LevelTable<Sample>, blue: LevelTable<Sample>) {
    channels = [red, green, blue]
    low = min(red.low, green.low, blue.low)
    if channels.allSatisfy({ !$0.narrow.isEmpty }) { return }
    colors = red.levels.indices.map {
      UInt32(red.levels[$0]) | UInt32(green.levels[$0]) << 8 | UInt32(blue.levels[$0]) << 16
    }
  }
}

/// Writes red, green and blue of each sample, interleaved, in one pass over the samples.
///
/// - Precondition: `target` has three bytes for each sample.
func writeColors<Sample: TableSample>(
  of source: UnsafeBufferPointer<Sample>, table: ColorTable<Sample>,
  to target: UnsafeMutableBufferPointer<UInt8>
) {
  precondition(
    target.count == 3 * source.count, "\(target.count) bytes for \(source.count) RGB pixels")
  guard let input = source.baseAddress, let output = target.baseAddress else { return }
  if table.colors.isEmpty {
    unsafe writeByVectors(UnsafeRawPointer(input), count: source.count, table: table, to: output)
    return
  }
  unsafe table.colors.withUnsafeBufferPointer { colors in
    guard MemoryLayout<Sample>.size == 2, let base = colors.baseAddress else {
      for index in 0..<source.count {
        unsafe write(colors[input[index].tableIndex], to: output + 3 * index)
      }
      return
    }
    unsafe write16(
      Patterns(base: UnsafeRawPointer(input), flip: Sample.flip), count: source.count,
      colors: base, low: table.low.orderedAsInt16, to: output)
  }
}

private func writeByVectors<Sample: TableSample>(
  _ samples: UnsafeRawPointer, count: Int, table: ColorTable<Sample>,
  to output: UnsafeMutablePointer<UInt8>
) {
  let (red, green, blue) = (table.channels[0], table.channels[1], table.channels[2])
  unsafe red.withVectorTable { red in
    unsafe green.withVectorTable { green in
      unsafe blue.withVectorTable { blue in
        let tables = unsafe [red, green, blue]
        unsafe samples.withMemoryRebound(to: UInt16.self, capacity: count) {
          unsafe cwk_write_colors($0, count, tables, output)
        }
      }
    }
  }
}

@inline(__always)
private func write(_ color: UInt32, to place: UnsafeMutablePointer<UInt8>) {
  unsafe place[0] = UInt8(truncatingIfNeeded: color)
  unsafe place[1] = UInt8(truncatingIfNeeded: color >> 8)
  unsafe place[2] = UInt8(truncatingIfNeeded: color >> 16)
}

private func write16(
  _ samples: Patterns, count: Int, colors: UnsafePointer<UInt32>, low: Int16,
  to output: UnsafeMutablePointer<UInt8>
) {
  let bytes = UnsafeMutableRawPointer(output)
  let lows = SIMD16(repeating: low)
  let black = unsafe colors[Int(0x8000 ^ samples.flip)]
  let isGrayBlack = black == (black & 0xFF) &* 0x01_0101
  let fill = UInt64(black & 0xFF) &* 0x0101_0101_0101_0101
  var index = 0
  var place = 0
  while index &+ 16 <= count {
    if isGrayBlack, all(unsafe samples.ordered(at: index) .<= lows) {
      var lane = 0
      while lane < 48 {
        unsafe bytes.storeBytes(of: fill, toByteOffset: place &+ lane, as: UInt64.self)
        lane &+= 8
      }
    } else {
      var lane = 0
      while lane < 16 {
        let four = unsafe samples.four(at: index &+ lane)
        let a = unsafe UInt64(colors[Int(truncatingIfNeeded: four & 0xFFFF)])
        let b = unsafe UInt64(colors[Int(truncatingIfNeeded: (four >> 16) & 0xFFFF)])
        let c = unsafe UInt64(colors[Int(truncatingIfNeeded: (four >> 32) & 0xFFFF)])
        let d = unsafe UInt64(colors[Int(truncatingIfNeeded: four >> 48)])
        let offset = place &+ 3 &* lane
        let first = (a | b << 24 | c << 48).littleEndian
        unsafe bytes.storeBytes(of: first, toByteOffset: offset, as: UInt64.self)
        let rest = UInt32(truncatingIfNeeded: c >> 16 | d << 8).littleEndian
        unsafe bytes.storeBytes(of: rest, toByteOffset: offset &+ 8, as: UInt32.self)
        lane &+= 4
      }
    }
    index &+= 16
    place &+= 48
  }
  while index < count {
    unsafe write(colors[samples.one(at: index)], to: output + place)
    index &+= 1
    place &+= 3
  }
}
