// Which filter each row takes: the one whose bytes the prefix codes will make shortest.

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Filtered rows, each behind its filter's number, and how often each byte occurs in a sample.
struct FilteredRows {
  var bytes: [UInt8]
  var histogram: [UInt32]
}

/// Filters some of the rows.
///
/// - Parameters:
///   - sampleStep: Every so many rows are tried with each filter to choose the filter of all.
///   - isAdaptive: Each row may then take another filter, where that is shorter by the same codes.
///   - slack: Only filters are then tried whose sample was at most so many times the best one's.
///   - literalCosts: What each byte costs, where known; otherwise told from the sample.
func filtered(
  _ rows: FilterableRows, _ range: Range<Int>, among filters: [RowFilter], sampleStep: Int,
  isAdaptive: Bool, slack: Double = .infinity, literalCosts: [UInt16]? = nil
) -> FilteredRows {
  let width = rows.rowBytes
  var scratch = [UInt8](repeating: 0, count: width)
  var found: [(cost: Double, filter: RowFilter)] = []
  var best = (cost: Double.infinity, filter: RowFilter.none, counts: [UInt32]())
  for filter in filters {
    var counts = [UInt32](repeating: 0, count: 256)
    var runs = 0
    let first = min(range.lowerBound + sampleStep / 2, range.upperBound - 1)
    for y in stride(from: first, to: range.upperBound, by: sampleStep) {
      unsafe scratch.withUnsafeMutableBufferPointer { unsafe rows.write(y, by: filter, to: $0) }
      runs += count(scratch, width, into: &counts)
    }
    let cost = entropy(counts) + Double(runs) * 0.1
    if cost < best.cost { best = (cost, filter, counts) }
    found.append((cost, filter))
  }
  // A filter that is much worse on the whole wins few rows, and little there.
  let tried = found.filter { $0.cost <= best.cost * slack }.map(\.filter)
  let costs = (literalCosts ?? TokenCosts(histogram: best.counts).literals).map {
    UInt8(min($0, 255))
  }
  let total = (width + 1) * range.count
  var other = scratch
  let result = unsafe [UInt8](unsafeUninitializedCapacity: total) { target, count in
    var place = 0
    for y in range {
      var chosen = best.filter
      let part = unsafe UnsafeMutableBufferPointer(
        rebasing: target[(place + 1)..<(place + 1 + width)])
      if isAdaptive, rows.repeats(y) {
        // Zeros, and where the picture is black the filter's number is one of them.
        chosen = rows.isZero(y) ? .none : .up
        unsafe rows.write(y, by: chosen, to: part)
      } else if isAdaptive {
        var least = Int.max
        for filter in tried {
          unsafe scratch.withUnsafeMutableBufferPointer {
            unsafe rows.write(y, by: filter, to: $0)
          }
          let sum = cost(scratch, width, costs)
          if sum < least {
            (least, chosen) = (sum, filter)
            swap(&scratch, &other)
          }
        }
        _ = unsafe part.update(fromContentsOf: other)
      } else {
        unsafe rows.write(y, by: chosen, to: part)
      }
      unsafe target[place] = chosen.rawValue
      place += width + 1
    }
    count = total
  }
  return FilteredRows(bytes: result, histogram: best.counts)
}

/// Counts bytes, but of longer runs only their first four; returns the bytes left out.
private func count(_ bytes: [UInt8], _ width: Int, into counts: inout [UInt32]) -> Int {
  precondition(width <= bytes.count && counts.count == 256)
  var skipped = 0
  unsafe bytes.withUnsafeBufferPointer { bytes in
    unsafe counts.withUnsafeMutableBufferPointer { counts in
      var run = 0
      var last: UInt8 = 0
      for index in 0..<width {
        let byte = unsafe bytes[index]
        run = byte == last ? run &+ 1 : 0
        last = byte
        if run >= 4 { skipped &+= 1 } else { unsafe counts[Int(byte)] &+= 1 }
      }
    }
  }
  return skipped
}

/// The bits that bytes of these counts take at least, one by one.
private func entropy(_ counts: [UInt32]) -> Double {
  let sum = Double(counts.reduce(0, +))
  return counts.reduce(0) { $1 == 0 ? $0 : $0 + Double($1) * log2(sum / Double($1)) }
}

/// The sum of what each byte costs.
private func cost(_ bytes: [UInt8], _ width: Int, _ costs: [UInt8]) -> Int {
  precondition(width <= bytes.count && costs.count == 256)
  var sums = (0, 0, 0, 0)
  unsafe bytes.withUnsafeBufferPointer { bytes in
    unsafe costs.withUnsafeBufferPointer { costs in
      var index = 0
      while index &+ 4 <= width {
        unsafe sums.0 &+= Int(costs[Int(bytes[index])])
        unsafe sums.1 &+= Int(costs[Int(bytes[index &+ 1])])
        unsafe sums.2 &+= Int(costs[Int(bytes[index &+ 2])])
        unsafe sums.3 &+= Int(costs[Int(bytes[index &+ 3])])
        index &+= 4
      }
      while index < width {
        unsafe sums.0 &+= Int(costs[Int(bytes[index])])
        index &+= 1
      }
    }
  }
  return sums.0 + sums.1 + sums.2 + sums.3
}
