// For formats that have no place for a rescale: its values instead of the stored ones.

extension Volume {
  /// This volume with real-world values stored and nothing left to rescale, in the smallest type that
  /// holds them: `Int16` or `Int32` where slope and intercept are whole numbers and the values fit,
  /// else `Float`.
  ///
  /// A volume with nothing to rescale is returned as it is.
  public func withoutRescale() -> Volume {
    guard rescale != .identity else { return self }
    let isWhole =
      !samples.type.isFloatingPoint && rescale.slope == rescale.slope.rounded()
      && rescale.intercept == rescale.intercept.rounded()
    guard isWhole else { return rescaled() }
    let range = statistics()
    var result = self
    if range.min >= -32768, range.max <= 32767 {
      result.samples = .int16(samples.apply(Whole<Int16>(rescale: rescale)))
    } else if range.min >= -2_147_483_648, range.max <= 2_147_483_647 {
      result.samples = .int32(samples.apply(Whole<Int32>(rescale: rescale)))
    } else {
      return rescaled()
    }
    result.rescale = .identity
    result.paddingValue = paddingValue.flatMap { range in
      let ends = [rescale(Double(range.lowerBound)), rescale(Double(range.upperBound))].sorted()
      guard ends[0] > -1e15, ends[1] < 1e15 else { return nil }
      return Int(ends[0])...Int(ends[1])
    }
    return result
  }
}

private struct Whole<T: Sample>: SampleOperation {
  var rescale: Rescale

  func run<S: Sample>(_ samples: [S]) -> [T] {
    samples.map { T(nearest: rescale($0.doubleValue)) }
  }
}
