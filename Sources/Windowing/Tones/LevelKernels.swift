// The two inner loops of windowing, over pointers whose bounds their callers have checked.
//
// A block of 16 samples that are all black (or all white) is a comparison and a store; CT is mostly
// air and clipped bone, so that this passes the plain look-up by two times. The rest is one load
// from a table that lies in the first-level cache.

/// Writes the level of each sample.
///
/// - Precondition: `levels` has an entry for every bit pattern; `target` has `source.count` bytes.
func writeLevels<Sample: TableSample>(
  of source: UnsafeBufferPointer<Sample>, table: LevelTable<Sample>,
  to target: UnsafeMutableBufferPointer<UInt8>
) {
  precondition(target.count == source.count, "\(target.count) levels for \(source.count) samples")
  guard let input = source.baseAddress, let output = target.baseAddress else { return }
  let count = source.count
  let samples = unsafe UnsafeRawPointer(input)
  let bytes = UnsafeMutableRawPointer(output)
  let size = MemoryLayout<Sample>.size
  let low = SIMD16<Sample>(repeating: table.low)
  let high = SIMD16<Sample>(repeating: table.high)
  unsafe table.levels.withUnsafeBufferPointer { levels in
    let black = UInt64(unsafe levels[Sample.min.tableIndex]) &* 0x0101_0101_0101_0101
    let white = UInt64(unsafe levels[Sample.max.tableIndex]) &* 0x0101_0101_0101_0101
    var index = 0
    while index &+ 16 <= count {
      let block = unsafe samples.loadUnaligned(
        fromByteOffset: index &* size, as: SIMD16<Sample>.self)
      if all(block .<= low) {
        unsafe bytes.storeBytes(of: black, toByteOffset: index, as: UInt64.self)
        unsafe bytes.storeBytes(of: black, toByteOffset: index &+ 8, as: UInt64.self)
      } else if all(block .>= high) {
        unsafe bytes.storeBytes(of: white, toByteOffset: index, as: UInt64.self)
        unsafe bytes.storeBytes(of: white, toByteOffset: index &+ 8, as: UInt64.self)
      } else {
        var lane = index
        while lane < index &+ 16 {
          unsafe output[lane] = levels[input[lane].tableIndex]
          unsafe output[lane &+ 1] = levels[input[lane &+ 1].tableIndex]
          unsafe output[lane &+ 2] = levels[input[lane &+ 2].tableIndex]
          unsafe output[lane &+ 3] = levels[input[lane &+ 3].tableIndex]
          lane &+= 4
        }
      }
      index &+= 16
    }
    while index < count {
      unsafe output[index] = levels[input[index].tableIndex]
      index &+= 1
    }
  }
}

/// Three tables as one: red in the low byte, then green and blue.
struct ColorTable<Sample: TableSample>: Sendable {
  private(set) var colors: [UInt32]
  private(set) var low: Sample
  private(set) var high: Sample

  init(red: LevelTable<Sample>, green: LevelTable<Sample>, blue: LevelTable<Sample>) {
    colors = red.levels.indices.map {
      UInt32(red.levels[$0]) | UInt32(green.levels[$0]) << 8 | UInt32(blue.levels[$0]) << 16
    }
    low = min(red.low, green.low, blue.low)
    high = max(red.high, green.high, blue.high)
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
  let count = source.count
  let samples = unsafe UnsafeRawPointer(input)
  let bytes = UnsafeMutableRawPointer(output)
  let size = MemoryLayout<Sample>.size
  let low = SIMD16<Sample>(repeating: table.low)
  unsafe table.colors.withUnsafeBufferPointer { colors in
    let black = unsafe colors[Sample.min.tableIndex]
    let isGrayBlack = black == (black & 0xFF) &* 0x01_0101
    let fill = UInt64(black & 0xFF) &* 0x0101_0101_0101_0101
    var index = 0
    var place = 0
    while index &+ 16 <= count {
      let block = unsafe samples.loadUnaligned(
        fromByteOffset: index &* size, as: SIMD16<Sample>.self)
      if isGrayBlack && all(block .<= low) {
        var lane = 0
        while lane < 48 {
          unsafe bytes.storeBytes(of: fill, toByteOffset: place &+ lane, as: UInt64.self)
          lane &+= 8
        }
      } else {
        var lane = 0
        while lane < 16 {
          let a = unsafe colors[input[index &+ lane].tableIndex]
          let b = unsafe colors[input[index &+ lane &+ 1].tableIndex]
          let c = unsafe colors[input[index &+ lane &+ 2].tableIndex]
          let d = unsafe colors[input[index &+ lane &+ 3].tableIndex]
          let offset = place &+ 3 &* lane
          let first = UInt64(a) | UInt64(b) << 24 | UInt64(c) << 48
          unsafe bytes.storeBytes(of: first.littleEndian, toByteOffset: offset, as: UInt64.self)
          let rest = (c >> 16) | d << 8
          unsafe bytes.storeBytes(
            of: rest.littleEndian, toByteOffset: offset &+ 8, as: UInt32.self)
          lane &+= 4
        }
      }
      index &+= 16
      place &+= 48
    }
    while index < count {
      let color = unsafe colors[input[index].tableIndex]
      unsafe output[place] = UInt8(truncatingIfNeeded: color)
      unsafe output[place &+ 1] = UInt8(truncatingIfNeeded: color >> 8)
      unsafe output[place &+ 2] = UInt8(truncatingIfNeeded: color >> 16)
      index &+= 1
      place &+= 3
    }
  }
}
