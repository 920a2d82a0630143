internal import VolumeIO

/// Rescaled values in rising order and how many voxels have each.
struct ValueCounts: Sendable {
  var values: [Double]
  /// `counts[i]` voxels have `values[i]`.
  var counts: [Int]

  var total: Int { counts.reduce(0, +) }

  /// The value at a rank (from 0), where `cumulative` holds the running sums of `counts`.
  private func value(rank: Int, cumulative: [Int]) -> Double {
    var low = 0
    var high = cumulative.count - 1
    while low < high {
      let middle = (low + high) / 2
      if cumulative[middle] > rank { high = middle } else { low = middle + 1 }
    }
    return values[low]
  }

  /// Percentiles (0…100) with linear interpolation between ranks, as `numpy.percentile`.
  ///
  /// - Precondition: There is a value.
  func percentiles(_ wanted: [Double]) -> [Double] {
    var cumulative: [Int] = []
    var sum = 0
    for count in counts {
      sum += count
      cumulative.append(sum)
    }
    return wanted.map { percentile in
      let place = min(max(percentile, 0), 100) / 100 * Double(sum - 1)
      let rank = Int(place)
      let low = value(rank: rank, cumulative: cumulative)
      let high = value(rank: min(rank + 1, sum - 1), cumulative: cumulative)
      return low + (place - Double(rank)) * (high - low)
    }
  }

  /// Mean and population standard deviation.
  ///
  /// - Precondition: There is a value.
  var moments: (mean: Double, deviation: Double) {
    let n = Double(total)
    let mean = zip(values, counts).reduce(0) { $0 + $1.0 * Double($1.1) } / n
    let variance = zip(values, counts).reduce(0) { sum, pair in
      sum + (pair.0 - mean) * (pair.0 - mean) * Double(pair.1)
    }
    return (mean, (variance / n).squareRoot())
  }

  func keeping(_ isKept: (Double) -> Bool) -> ValueCounts {
    let pairs = zip(values, counts).filter { isKept($0.0) }
    return ValueCounts(values: pairs.map(\.0), counts: pairs.map(\.1))
  }
}

/// Counts finite rescaled values of one channel, without padding.
private struct Counter: SampleVisitor {
  let volume: Volume
  let range: Range<Int>

  mutating func visit<Sample: StoredSample>(
    _ samples: [Sample]
  ) throws(WindowingError) -> ValueCounts {
    var pairs: [(Double, Int)] = []
    if let size = Sample.tableSize {
      var counts = [Int](repeating: 0, count: size)
      for index in range { counts[samples[index].tableIndex] += 1 }
      for (index, count) in counts.enumerated() where count > 0 {
        let stored = Sample.stored(tableIndex: index).asDouble
        guard !isPadding(stored) else { continue }
        pairs.append((volume.rescaled(stored), count))
      }
      pairs.sort { $0.0 < $1.0 }
    } else {
      var values: [Double] = []
      values.reserveCapacity(range.count)
      for index in range {
        let stored = samples[index].asDouble
        guard !isPadding(stored) else { continue }
        values.append(volume.rescaled(stored))
      }
      values.removeAll { !$0.isFinite }
      values.sort()
      for value in values {
        if let last = pairs.last, last.0 == value {
          pairs[pairs.count - 1].1 += 1
        } else {
          pairs.append((value, 1))
        }
      }
    }
    pairs.removeAll { !$0.0.isFinite }
    return ValueCounts(values: pairs.map(\.0), counts: pairs.map(\.1))
  }

  private func isPadding(_ stored: Double) -> Bool {
    guard let padding = volume.paddingValue else { return false }
    return stored >= Double(padding.lowerBound) && stored <= Double(padding.upperBound)
  }
}

extension Volume {
  /// The rescaled values of one channel that the foreground counts.
  ///
  /// - Throws: `outsideVolume` for the channel, `samples` for colour, `statistics` where nothing
  ///   is left to count.
  func counts(over foreground: Tone.Foreground, channel: Int) throws(WindowingError) -> ValueCounts
  {
    try requireScalar()
    guard (0..<channels).contains(channel) else {
      throw WindowingError(.outsideVolume, "channel \(channel) of \(channels)")
    }
    let size = geometry.count
    var counter = Counter(volume: self, range: (size * channel)..<(size * (channel + 1)))
    let all = try samples.accept(&counter)
    guard !all.values.isEmpty else {
      throw WindowingError(.statistics, "no finite voxel outside padding in \(size) voxels")
    }
    let kept: ValueCounts
    switch foreground {
    case .all: kept = all
    case .positive: kept = all.keeping { $0 > 0 }
    case .aboveMean:
      let mean = all.moments.mean
      kept = all.keeping { $0 > mean }
    }
    guard !kept.values.isEmpty else {
      throw WindowingError(
        .statistics, "no voxel of \(all.total) belongs to the foreground “\(foreground.rawValue)”")
    }
    return kept
  }

  /// - Throws: `samples` where a voxel holds more than one value.
  func requireScalar() throws(WindowingError) {
    guard components == 1 else {
      throw WindowingError(
        .samples, "\(components) values a voxel (\(componentKind.rawValue)), where 1 is shown")
    }
  }

  func percentiles(
    _ wanted: [Double], over foreground: Tone.Foreground, channel: Int = 0
  ) throws(WindowingError) -> [Double] {
    for (index, percentile) in wanted.enumerated() {
      guard (0...100).contains(percentile), index == 0 || wanted[index - 1] <= percentile else {
        throw WindowingError(.statistics, "percentiles \(wanted) must rise within 0…100")
      }
    }
    return try counts(over: foreground, channel: channel).percentiles(wanted)
  }

  func moments(
    over foreground: Tone.Foreground, channel: Int = 0
  ) throws(WindowingError) -> (mean: Double, deviation: Double) {
    try counts(over: foreground, channel: channel).moments
  }

  func range(channel: Int = 0) throws(WindowingError) -> ClosedRange<Double> {
    let all = try counts(over: .all, channel: channel)
    return all.values[0]...all.values[all.values.count - 1]
  }
}
