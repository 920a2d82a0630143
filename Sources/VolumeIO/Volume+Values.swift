// From stored samples to real-world values.

extension Volume {
  /// The real-world value at a voxel: `rescale` of what is stored.
  ///
  /// - Precondition: The indices lie in the volume.
  /// - Complexity: O(1).
  public subscript(x: Int, y: Int, z: Int, component component: Int = 0, channel channel: Int = 0)
    -> Double
  {
    rescale(stored(x, y, z, component: component, channel: channel))
  }

  /// The stored sample at a voxel, before any rescale.
  ///
  /// - Precondition: The indices lie in the volume.
  public func stored(
    _ x: Int, _ y: Int, _ z: Int, component: Int = 0, channel: Int = 0
  ) -> Double {
    precondition(
      (0..<size.x).contains(x) && (0..<size.y).contains(y) && (0..<size.z).contains(z)
        && (0..<components).contains(component) && (0..<channels).contains(channel),
      "voxel (\(x), \(y), \(z)), component \(component), channel \(channel) of a volume of \(size), "
        + "\(components) components, \(channels) channels")
    return samples[component + components * (x + size.x * (y + size.y * (z + size.z * channel)))]
  }

  /// The real-world values as floats, in the order of `samples`.
  ///
  /// Every value is the double-precision rescale rounded once; where slope and intercept are whole
  /// numbers and the values fit 24 bits, single precision gives the same and is used.
  /// - Complexity: O(*count*), one pass.
  public func floatSamples() -> [Float] {
    if case .float32(let stored) = samples, rescale == .identity { return stored }
    return samples.apply(FloatRescale(rescale: rescale))
  }

  /// The real-world values as doubles, in the order of `samples`.
  public func doubleSamples() -> [Double] {
    if case .float64(let stored) = samples, rescale == .identity { return stored }
    return samples.apply(DoubleRescale(rescale: rescale))
  }

  /// This volume with its real-world values stored as floats and nothing left to rescale.
  public func rescaled() -> Volume {
    var result = self
    result.samples = .float32(floatSamples())
    result.rescale = .identity
    result.paddingValue = nil
    return result
  }

  /// The volume of one channel: one time point, echo or modality.
  ///
  /// - Precondition: `channel` is in `0..<channels`.
  public func channel(_ channel: Int) -> Volume {
    precondition(
      (0..<channels).contains(channel), "channel \(channel) of a volume of \(channels)")
    let length = samples.count / channels
    var result = self
    result.samples = samples.map(Slice(range: channel * length..<(channel + 1) * length))
    result.channels = 1
    result.channelAxes = [1]
    return result
  }
}

private struct Slice: SampleMap {
  var range: Range<Int>

  func run<S: Sample>(_ samples: [S]) -> [S] { Array(samples[range]) }
}

private struct FloatRescale: SampleOperation {
  var rescale: Rescale

  func run<S: Sample>(_ samples: [S]) -> [Float] {
    unsafe [Float](unsafeUninitializedCapacity: samples.count) { target, count in
      unsafe samples.withUnsafeBufferPointer { source in
        unsafe rescale.convert(source, into: target)
      }
      count = samples.count
    }
  }
}

private struct DoubleRescale: SampleOperation {
  var rescale: Rescale

  func run<S: Sample>(_ samples: [S]) -> [Double] {
    let (slope, intercept) = (rescale.slope, rescale.intercept)
    return samples.map { slope * $0.doubleValue + intercept }
  }
}

extension Rescale {
  /// Whether single precision gives exactly what double precision does for every value of `type`.
  package func isExactInFloat(for type: SampleType) -> Bool {
    guard self != .identity else { return type.size <= 2 || type == .float32 }
    guard type.size <= 2, slope == slope.rounded(), intercept == intercept.rounded() else {
      return false
    }
    return slope.magnitude * 65536 + intercept.magnitude < 16_777_216
  }

  /// Rescales `source` into the front of `target`.
  package func convert<S: Sample>(
    _ source: UnsafeBufferPointer<S>, into target: UnsafeMutableBufferPointer<Float>
  ) {
    let count = source.count
    precondition(count <= target.count, "\(count) samples into \(target.count) floats")
    guard count > 0, let from = source.baseAddress, let to = target.baseAddress else { return }
    if self == .identity {
      for i in 0..<count { unsafe to[i] = unsafe from[i].floatValue }
    } else if isExactInFloat(for: S.sampleType) {
      let (slope, intercept) = (Float(self.slope), Float(self.intercept))
      for i in 0..<count { unsafe to[i] = unsafe slope * from[i].floatValue + intercept }
    } else {
      let (slope, intercept) = (self.slope, self.intercept)
      for i in 0..<count {
        unsafe to[i] = unsafe Float(slope * from[i].doubleValue + intercept)
      }
    }
  }
}
