// Filtered and compressed rows: the zlib stream of a PNG's IDAT (RFC 1950).

/// The zlib stream of a PNG's rows.
///
/// - Parameter rows: The rows as PNG stores them, without filter bytes.
/// - Precondition: `rows` has `rowBytes · height` bytes.
func compressedRows(
  _ rows: [UInt8], layout: PNGLayout, effort: PNGOptions.Effort
) -> [UInt8] {
  let source = FilterableRows(rows, layout: layout)
  if effort == .small { return smallestStream(source, layout) }
  let plan = CompressionPlan.chosen(for: source, layout, effort)
  let rows = filtered(source, layout, by: plan)
  return zlibStreamAndCosts(
    rows, settings: plan.settings, flags: effort == .fast ? 0x01 : 0x9C
  ).stream
}

/// The smallest of all plans tried in full, then by shortest paths, with other blocks and with
/// filters chosen anew by what was learnt.
private func smallestStream(_ source: FilterableRows, _ layout: PNGLayout) -> [UInt8] {
  var best: (stream: [UInt8], rows: FilteredRows, plan: CompressionPlan, costs: [UInt16])?
  // The best of each filtering is the beginning of a second round.
  var tried: [(size: Int, rows: FilteredRows, plan: CompressionPlan)] = []
  func consider(_ rows: FilteredRows, _ plan: CompressionPlan, blockBytes: Int? = nil) {
    let (stream, costs) = zlibStreamAndCosts(
      rows, settings: plan.settings, blockBytes: blockBytes, flags: 0xDA)
    tried.append((stream.count, rows, plan))
    if let best, best.stream.count <= stream.count { return }
    best = (stream, rows, plan, costs)
  }
  for plan in CompressionPlan.candidates(layout, .small) {
    consider(filtered(source, layout, by: plan), plan)
    // libpng's own measure, the sum of absolute differences, wins now and then.
    if plan.isAdaptive {
      let distances = (0..<256).map { UInt16(min($0, 256 - $0)) }
      consider(filtered(source, layout, by: plan, literalCosts: distances), plan)
    }
  }
  // Shortest paths take time and memory: of large pictures the best rows alone are tried, of those
  // above 8 MB none.
  guard source.bytes.count <= 1 << 23 else { return best?.stream ?? [] }
  let isLarge = source.bytes.count > 1 << 17
  var seen: [[UInt8]] = []
  for (_, rows, plan) in tried.sorted(by: { $0.size < $1.size })
  where seen.count < (isLarge ? 1 : 3) && !seen.contains(rows.bytes) {
    seen.append(rows.bytes)
    for blockBytes in [16_384, 65_536] where rows.bytes.count > 16_384 || blockBytes > 16_384 {
      consider(rows, plan, blockBytes: blockBytes)
    }
  }
  for _ in 0..<(isLarge ? 1 : 3) {
    guard let last = best, last.plan.isAdaptive else { break }
    consider(
      filtered(source, layout, by: last.plan, literalCosts: last.costs), last.plan,
      blockBytes: 65_536)
    if best?.stream.count == last.stream.count { break }
  }
  return best?.stream ?? []
}

private func filtered(
  _ source: FilterableRows, _ layout: PNGLayout, by plan: CompressionPlan,
  literalCosts: [UInt16]? = nil
) -> FilteredRows {
  filtered(
    source, 0..<layout.height, among: plan.filters, sampleStep: plan.sampleStep,
    isAdaptive: plan.isAdaptive, slack: plan.slack, literalCosts: literalCosts)
}

/// A zlib stream, by shortest paths where a size of blocks is told, and what its literals cost.
private func zlibStreamAndCosts(
  _ rows: FilteredRows, settings: DeflateSettings, blockBytes: Int? = nil, flags: UInt64
) -> (stream: [UInt8], literalCosts: [UInt16]) {
  var writer = BitWriter(reserving: rows.bytes.count / 4 + 64)
  writer.put(0x78, 8)
  writer.put(flags, 8)
  let costs =
    if let blockBytes {
      deflateOptimally(
        rows.bytes, histogram: rows.histogram, blockBytes: blockBytes,
        passes: rows.bytes.count > 1 << 17 ? 3 : 5, to: &writer)
    } else {
      deflate(rows.bytes, histogram: rows.histogram, settings: settings, to: &writer)
    }
  writer.align()
  let sum = adler32(rows.bytes)
  writer.put(UInt64(sum.byteSwapped & 0xFFFF), 16)
  writer.put(UInt64(sum.byteSwapped >> 16), 16)
  writer.align()
  return (writer.bytes, costs)
}

/// The checksum of zlib streams.
package func adler32(_ bytes: [UInt8]) -> UInt32 {
  var a: UInt64 = 1
  var b: UInt64 = 0
  let lanes: UInt64 = 0x00FF_00FF_00FF_00FF
  unsafe bytes.withUnsafeBytes { bytes in
    var place = 0
    while place < bytes.count {
      // Neither sum can overflow 64 bits within so many.
      let end = min(place + 1 << 16, bytes.count)
      while place &+ 8 <= end {
        let word = unsafe bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self).littleEndian
        let even = word & lanes
        let odd = (word &>> 8) & lanes
        // A product's highest 16 bits are the sum of its lanes' products: bytes by weights 8…1.
        let weighted =
          (even &* 0x0008_0006_0004_0002) &>> 48 &+ (odd &* 0x0007_0005_0003_0001) &>> 48
        b &+= a &* 8 &+ weighted
        a &+= ((even &+ odd) &* 0x0001_0001_0001_0001) &>> 48
        place &+= 8
      }
      while place < end {
        a &+= unsafe UInt64(bytes[place])
        b &+= a
        place &+= 1
      }
      a %= 65_521
      b %= 65_521
    }
  }
  return UInt32(truncatingIfNeeded: b << 16 | a)
}
