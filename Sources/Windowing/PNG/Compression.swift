// Filtered and compressed rows: the zlib stream of a PNG's IDAT.

/// The zlib stream of a PNG's rows.
///
/// - Parameter rows: The rows as PNG stores them, without filter bytes.
/// - Precondition: `rows` has `rowBytes · height` bytes.
func compressedRows(
  _ rows: [UInt8], layout: PNGLayout, effort: PNGOptions.Effort
) -> [UInt8] {
  precondition(
    rows.count == layout.rowBytes * layout.height,
    "\(rows.count) bytes for \(layout.height) rows of \(layout.rowBytes)")
  var filtered: [UInt8] = []
  filtered.reserveCapacity(rows.count + layout.height)
  for y in 0..<layout.height {
    filtered.append(0)
    filtered += rows[(y * layout.rowBytes)..<((y + 1) * layout.rowBytes)]
  }
  var stream: [UInt8] = [0x78, 0x01]
  var place = 0
  repeat {
    let count = min(65_535, filtered.count - place)
    stream.append(place + count == filtered.count ? 1 : 0)
    for byte in [count & 255, count >> 8, ~count & 255, (~count >> 8) & 255] {
      stream.append(UInt8(byte))
    }
    stream += filtered[place..<(place + count)]
    place += count
  } while place < filtered.count
  let sum = adler32(filtered)
  for shift in [24, 16, 8, 0] { stream.append(UInt8(truncatingIfNeeded: sum >> UInt32(shift))) }
  return stream
}

/// The checksum of zlib streams (RFC 1950).
func adler32(_ bytes: [UInt8]) -> UInt32 {
  var a: UInt32 = 1
  var b: UInt32 = 0
  var place = 0
  while place < bytes.count {
    // The largest run for which neither sum can overflow 32 bits.
    let end = min(place + 5552, bytes.count)
    while place < end {
      a &+= UInt32(bytes[place])
      b &+= a
      place += 1
    }
    a %= 65_521
    b %= 65_521
  }
  return b << 16 | a
}
