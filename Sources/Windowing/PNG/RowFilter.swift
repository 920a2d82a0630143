// PNG's row filters: each byte becomes its difference from a guess.
// Source: ISO/IEC 15948 (PNG), clause 9.

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A filter of one row, by its number in the file.
enum RowFilter: UInt8, CaseIterable, Sendable {
  case none, sub, up, average, paeth
}

/// Rows in front of which lies a row of zeros, to be filtered.
struct FilterableRows {
  let bytes: [UInt8]
  let rowBytes: Int
  let distance: Int
  /// `distance` zeros and one row of zeros: what lies left of and above the picture.
  private let zeros: [UInt8]

  /// - Precondition: `bytes` holds whole rows.
  init(_ bytes: [UInt8], layout: PNGLayout) {
    precondition(
      bytes.count == layout.rowBytes * layout.height,
      "\(bytes.count) bytes for \(layout.height) rows of \(layout.rowBytes)")
    self.bytes = bytes
    rowBytes = layout.rowBytes
    distance = layout.filterDistance
    zeros = [UInt8](repeating: 0, count: layout.rowBytes)
  }

  /// Whether a row is the one above it; above the first one lie zeros.
  func repeats(_ y: Int) -> Bool {
    precondition(y >= 0 && (y + 1) * rowBytes <= bytes.count, "row \(y)")
    guard y > 0 else { return isZero(0) }
    return unsafe bytes.withUnsafeBytes {
      guard let base = $0.baseAddress else { return true }
      let row = unsafe base + y * rowBytes
      return unsafe memcmp(row, row - rowBytes, rowBytes) == 0
    }
  }

  func isZero(_ y: Int) -> Bool {
    precondition(y >= 0 && (y + 1) * rowBytes <= bytes.count, "row \(y)")
    return unsafe bytes.withUnsafeBytes { all in
      unsafe zeros.withUnsafeBytes { zeros in
        guard let base = all.baseAddress, let zero = zeros.baseAddress else { return true }
        return unsafe memcmp(base + y * rowBytes, zero, rowBytes) == 0
      }
    }
  }

  /// Writes a filtered row at the start of `target`, without the filter's byte.
  ///
  /// - Precondition: `target` has at least `rowBytes` bytes, and the row exists.
  func write(_ y: Int, by filter: RowFilter, to target: UnsafeMutableBufferPointer<UInt8>) {
    precondition(
      target.count >= rowBytes && y >= 0 && (y + 1) * rowBytes <= bytes.count,
      "row \(y) of \(rowBytes) bytes into \(target.count)")
    unsafe bytes.withUnsafeBufferPointer { all in
      unsafe zeros.withUnsafeBufferPointer { zeros in
        let row = unsafe UnsafeBufferPointer(rebasing: all[(y * rowBytes)..<((y + 1) * rowBytes)])
        let above =
          y == 0
          ? unsafe zeros
          : unsafe UnsafeBufferPointer(rebasing: all[((y - 1) * rowBytes)..<(y * rowBytes)])
        guard let x = row.baseAddress, let b = above.baseAddress,
          let out = target.baseAddress
        else { return }
        unsafe filterRow(filter, x, b, out, count: rowBytes, distance: min(distance, rowBytes))
      }
    }
  }
}

/// - Precondition: All pointers reach `count` bytes; `distance` is at most `count`.
private func filterRow(
  _ filter: RowFilter, _ row: UnsafePointer<UInt8>, _ above: UnsafePointer<UInt8>,
  _ out: UnsafeMutablePointer<UInt8>, count: Int, distance: Int
) {
  switch filter {
  case .none:
    unsafe out.update(from: row, count: count)
  case .sub:
    for i in 0..<distance { unsafe out[i] = row[i] }
    let left = unsafe row - distance
    for i in distance..<count { unsafe out[i] = row[i] &- left[i] }
  case .up:
    for i in 0..<count { unsafe out[i] = row[i] &- above[i] }
  case .average:
    for i in 0..<distance { unsafe out[i] = row[i] &- (above[i] >> 1) }
    let left = unsafe row - distance
    for i in distance..<count {
      let mean = unsafe (UInt16(left[i]) &+ UInt16(above[i])) >> 1
      unsafe out[i] = row[i] &- UInt8(truncatingIfNeeded: mean)
    }
  case .paeth:
    for i in 0..<distance { unsafe out[i] = row[i] &- above[i] }
    let left = unsafe row - distance
    let corner = unsafe above - distance
    for i in distance..<count {
      let a = unsafe Int16(left[i])
      let b = unsafe Int16(above[i])
      let c = unsafe Int16(corner[i])
      let da = b &- c
      let db = a &- c
      let pa = da < 0 ? 0 &- da : da
      let pb = db < 0 ? 0 &- db : db
      let dc = da &+ db
      let pc = dc < 0 ? 0 &- dc : dc
      let bc = pb <= pc ? b : c
      let guess = (pa <= pb && pa <= pc) ? a : bc
      unsafe out[i] = row[i] &- UInt8(truncatingIfNeeded: guess)
    }
  }
}
