/// The least, the greatest and the mean of a volume's values.
public struct Statistics: Sendable, Hashable {
  /// The least finite value; NaN where there is none.
  public let min: Double
  /// The greatest finite value; NaN where there is none.
  public let max: Double
  /// The mean of the finite values; NaN where there is none.
  public let mean: Double
  /// The count of values, finite or not.
  public let count: Int
  /// The count of values that are NaN or infinite, which `min`, `max` and `mean` leave out.
  public let nonFiniteCount: Int
}

extension Volume {
  /// Minimum, maximum and mean of the stored samples.
  ///
  /// - Complexity: O(*count*), one pass.
  public func storedStatistics() -> Statistics { samples.apply(Summary()) }

  /// Minimum, maximum and mean of the real-world values.
  ///
  /// - Complexity: O(*count*), one pass.
  public func statistics() -> Statistics {
    let stored = storedStatistics()
    let ends = [rescale(stored.min), rescale(stored.max)]
    return Statistics(
      min: Swift.min(ends[0], ends[1]), max: Swift.max(ends[0], ends[1]),
      mean: rescale(stored.mean), count: stored.count, nonFiniteCount: stored.nonFiniteCount)
  }

  /// CRC-32 of the stored samples: each as a little-endian `int32` (integer types, 64-bit ones cut to
  /// their low half) or `float64` (floating types), in the order of `samples`.
  public var storedCRC32: UInt32 { samples.apply(Checksum()) }
}

private struct Summary: SampleOperation {
  func run<S: Sample>(_ samples: [S]) -> Statistics {
    var (low, high, sum, nonFinite) = (Double.infinity, -Double.infinity, 0.0, 0)
    var start = 0
    while start < samples.count {
      // Blocks keep the running sums small, so that the mean of many values stays exact enough.
      let end = Swift.min(start + 4096, samples.count)
      if S.sampleType.isFloatingPoint {
        var block = 0.0
        for i in start..<end {
          let value = samples[i].doubleValue
          guard value.isFinite else {
            nonFinite += 1
            continue
          }
          low = value < low ? value : low
          high = value > high ? value : high
          block += value
        }
        sum += block
      } else {
        var (least, greatest) = (samples[start], samples[start])
        var block = 0.0
        for i in start..<end {
          let value = samples[i]
          least = value < least ? value : least
          greatest = value > greatest ? value : greatest
          block += value.doubleValue
        }
        low = Swift.min(low, least.doubleValue)
        high = Swift.max(high, greatest.doubleValue)
        sum += block
      }
      start = end
    }
    let finite = samples.count - nonFinite
    return Statistics(
      min: finite > 0 ? low : .nan, max: finite > 0 ? high : .nan,
      mean: finite > 0 ? sum / Double(finite) : .nan, count: samples.count,
      nonFiniteCount: nonFinite)
  }
}

private struct Checksum: SampleOperation {
  func run<S: Sample>(_ samples: [S]) -> UInt32 {
    var crc = CRC32()
    var block: [UInt8] = []
    let width = S.sampleType.isFloatingPoint ? 8 : 4
    block.reserveCapacity(8192 * width)
    var start = 0
    while start < samples.count {
      block.removeAll(keepingCapacity: true)
      let end = min(start + 8192, samples.count)
      for i in start..<end {
        var bits =
          S.sampleType.isFloatingPoint
          ? samples[i].doubleValue.bitPattern
          : samples[i].bits
        for _ in 0..<width {
          block.append(UInt8(truncatingIfNeeded: bits))
          bits >>= 8
        }
      }
      crc.update(block.span)
      start = end
    }
    return crc.value
  }
}
