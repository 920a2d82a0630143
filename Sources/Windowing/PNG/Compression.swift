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
  return zlibStream(rows, settings: plan.settings, passes: 1, flags: effort == .fast ? 0x01 : 0x9C)
}

/// The smallest of all plans tried in full, then with other blocks, in passes that learn, and with
/// filters chosen anew by what was learnt.
private func smallestStream(_ source: FilterableRows, _ layout: PNGLayout) -> [UInt8] {
  var best: (stream: [UInt8], rows: FilteredRows, plan: CompressionPlan, costs: [UInt16])?
  func consider(_ rows: FilteredRows, _ plan: CompressionPlan, passes: Int) {
    let (stream, costs) = zlibStreamAndCosts(
      rows, settings: plan.settings, passes: passes, flags: 0xDA)
    if let best, best.stream.count <= stream.count { return }
    best = (stream, rows, plan, costs)
  }
  for plan in CompressionPlan.candidates(layout, .small) {
    consider(filtered(source, layout, by: plan), plan, passes: 1)
    // libpng's own measure, the sum of absolute differences, wins now and then.
    if plan.isAdaptive {
      let distances = (0..<256).map { UInt16(min($0, 256 - $0)) }
      consider(
        filtered(source, layout, by: plan, literalCosts: distances), plan, passes: 1)
    }
  }
  guard let first = best else { return [] }
  for blockTokens in [first.plan.settings.blockTokens, 4096, 32_768, 65_536] {
    var plan = first.plan
    plan.settings.blockTokens = blockTokens
    consider(first.rows, plan, passes: 3)
  }
  for _ in 0..<3 {
    guard let last = best, last.plan.isAdaptive else { break }
    consider(
      filtered(source, layout, by: last.plan, literalCosts: last.costs), last.plan, passes: 3)
  }
  return best?.stream ?? first.stream
}

private func filtered(
  _ source: FilterableRows, _ layout: PNGLayout, by plan: CompressionPlan,
  literalCosts: [UInt16]? = nil
) -> FilteredRows {
  filtered(
    source, 0..<layout.height, among: plan.filters, sampleStep: plan.sampleStep,
    isAdaptive: plan.isAdaptive, literalCosts: literalCosts)
}

private func zlibStream(
  _ rows: FilteredRows, settings: DeflateSettings, passes: Int, flags: UInt64
) -> [UInt8] {
  zlibStreamAndCosts(rows, settings: settings, passes: passes, flags: flags).stream
}

private func zlibStreamAndCosts(
  _ rows: FilteredRows, settings: DeflateSettings, passes: Int, flags: UInt64
) -> (stream: [UInt8], literalCosts: [UInt16]) {
  var writer = BitWriter(reserving: rows.bytes.count / 4 + 64)
  writer.put(0x78, 8)
  writer.put(flags, 8)
  let costs = deflate(
    rows.bytes, histogram: rows.histogram, settings: settings, passes: passes, to: &writer)
  writer.align()
  let sum = adler32(rows.bytes)
  writer.put(UInt64(sum.byteSwapped & 0xFFFF), 16)
  writer.put(UInt64(sum.byteSwapped >> 16), 16)
  writer.align()
  return (writer.bytes, costs)
}

/// The checksum of zlib streams.
package func adler32(_ bytes: [UInt8]) -> UInt32 {
  var a: UInt32 = 1
  var b: UInt32 = 0
  unsafe bytes.withUnsafeBufferPointer { bytes in
    var place = 0
    while place < bytes.count {
      // The largest run for which neither sum can overflow 32 bits.
      let end = min(place + 5552, bytes.count)
      while place &+ 16 <= end {
        var sum: UInt32 = 0
        var weighted: UInt32 = 0
        for k in 0..<16 {
          let byte = unsafe UInt32(bytes[place &+ k])
          sum &+= byte
          weighted &+= byte &* UInt32(truncatingIfNeeded: 16 &- k)
        }
        b &+= a &* 16 &+ weighted
        a &+= sum
        place &+= 16
      }
      while place < end {
        a &+= unsafe UInt32(bytes[place])
        b &+= a
        place &+= 1
      }
      a %= 65_521
      b %= 65_521
    }
  }
  return b << 16 | a
}
