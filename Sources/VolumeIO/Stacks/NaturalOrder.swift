/// Whether name `a` comes before `b` when runs of digits count by their value: `slice9` before
/// `slice10`.
///
/// Names that are equal so are ordered by their bytes, so that the order is the same everywhere.
package func naturallyPrecedes(_ a: String, _ b: String) -> Bool {
  let (x, y) = (Array(a.utf8), Array(b.utf8))
  var (i, j) = (0, 0)
  func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
  /// The digits from `start` on, without zeros in front, and where they end.
  func run(_ bytes: [UInt8], _ start: Int) -> (digits: ArraySlice<UInt8>, end: Int) {
    var end = start
    while end < bytes.count, isDigit(bytes[end]) { end += 1 }
    return (bytes[start..<end].drop { $0 == 0x30 }, end)
  }
  while i < x.count, j < y.count {
    if isDigit(x[i]), isDigit(y[j]) {
      let (p, q) = (run(x, i), run(y, j))
      if p.digits.count != q.digits.count { return p.digits.count < q.digits.count }
      if !p.digits.elementsEqual(q.digits) { return p.digits.lexicographicallyPrecedes(q.digits) }
      (i, j) = (p.end, q.end)
    } else {
      if x[i] != y[j] { return x[i] < y[j] }
      i += 1
      j += 1
    }
  }
  if x.count - i != y.count - j { return x.count - i < y.count - j }
  return x.lexicographicallyPrecedes(y)
}
