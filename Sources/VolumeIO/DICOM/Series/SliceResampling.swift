// Linear interpolation between slices: even steps, and right angles for a tilted gantry.

enum SliceResampling {
  /// Slices at even steps along their line.
  ///
  /// - Parameter step: Millimetres; nil for the median of the smaller half of the gaps.
  static func even(
    _ volume: Volume, _ positions: [SIMD3<Double>], _ step: Double?
  ) throws(VolumeError) -> Volume {
    guard positions.count > 1, let first = positions.first, let last = positions.last else {
      return volume
    }
    let line = (last - first) / length(last - first)
    let places = positions.map { dot($0 - first, line) }
    let gaps = zip(places.dropFirst(), places).map { $0 - $1 }.sorted()
    let usual = gaps[gaps.count / 4]
    let size = step ?? usual
    guard size > 0, let total = places.last, total / size < 65_535 else {
      throw VolumeError(.geometry, "steps of \(size) mm make no volume of \(places.last ?? 0) mm")
    }
    let count = Int((total / size + 1e-6).rounded(.down)) + 1
    var weights: [(low: Int, fraction: Double)] = []
    var low = 0
    for slice in 0..<count {
      let place = Double(slice) * size
      while low + 2 < places.count, places[low + 1] <= place { low += 1 }
      let fraction = (place - places[low]) / (places[low + 1] - places[low])
      weights.append((low, max(0, min(1, fraction))))
    }
    let plane = volume.size.x * volume.size.y * volume.components
    let depth = volume.size.z
    let samples = volume.samples.mixed(count: plane * count * volume.channels) { index in
      let channel = index / (plane * count)
      let slice = index / plane % count
      let base = plane * (channel * depth + weights[slice].low) + index % plane
      return (base, base + plane, weights[slice].fraction)
    }
    var geometry = volume.geometry
    geometry.size.z = count
    geometry.affine.z = size * line
    return try replacing(volume, samples, geometry)
  }

  /// Right angles: each slice is shifted in its plane; the grid grows so that nothing is cut off.
  ///
  /// Voxels outside the slices take the padding value, or the lowest stored sample.
  static func upright(_ volume: Volume) throws(VolumeError) -> Volume {
    let affine = volume.geometry.affine
    let spacing = affine.spacing
    let (across, down) = (affine.x / spacing.x, affine.y / spacing.y)
    let normal = cross(across, down)
    // Shift of each slice against the first, in pixels.
    let shiftX = dot(affine.z, across) / spacing.x
    let shiftY = dot(affine.z, down) / spacing.y
    let slices = Double(volume.size.z - 1)
    let low = (x: min(0, shiftX * slices).rounded(.down), y: min(0, shiftY * slices).rounded(.down))
    let high = (x: max(0, shiftX * slices).rounded(.up), y: max(0, shiftY * slices).rounded(.up))
    guard high.x - low.x < 65_535, high.y - low.y < 65_535 else {
      throw VolumeError(.geometry, "the tilt shifts slices by more than 65535 pixels")
    }
    let old = volume.size
    let size = SIMD3(old.x + Int(high.x - low.x), old.y + Int(high.y - low.y), old.z)
    let components = volume.components
    let outside =
      volume.paddingValue.map { Double($0.lowerBound) }
      ?? volume.samples.statistics.minimum ?? 0
    let samples = volume.samples.gathered(
      count: components * size.x * size.y * size.z * volume.channels, outside: outside
    ) { index in
      let component = index % components
      let voxel = index / components
      let slice = voxel / (size.x * size.y) % size.z
      let channel = voxel / (size.x * size.y * size.z)
      let x = Double(voxel % size.x) + low.x - shiftX * Double(slice)
      let y = Double(voxel / size.x % size.y) + low.y - shiftY * Double(slice)
      guard x > -1, y > -1, x < Double(old.x), y < Double(old.y) else { return nil }
      let (left, top) = (Int(x.rounded(.down)), Int(y.rounded(.down)))
      func place(_ i: Int, _ j: Int) -> Int? {
        guard i >= 0, j >= 0, i < old.x, j < old.y else { return nil }
        return component + components * (i + old.x * (j + old.y * (slice + old.z * channel)))
      }
      let (fx, fy) = (x - Double(left), y - Double(top))
      return [
        (place(left, top), (1 - fx) * (1 - fy)), (place(left + 1, top), fx * (1 - fy)),
        (place(left, top + 1), (1 - fx) * fy), (place(left + 1, top + 1), fx * fy),
      ]
    }
    var upright = affine
    upright.origin = affine([low.x, low.y, 0])
    upright.z = dot(affine.z, normal) * normal
    return try replacing(volume, samples, Geometry(size: size, affine: upright))
  }

  private static func replacing(
    _ volume: Volume, _ samples: Samples, _ geometry: Geometry
  ) throws(VolumeError) -> Volume {
    var result = try Volume(
      samples, geometry: geometry, components: volume.components,
      componentKind: volume.componentKind, channels: volume.channels, rescale: volume.rescale,
      modality: volume.modality, display: volume.display, paddingValue: volume.paddingValue)
    result.metadata = volume.metadata
    return result
  }
}

extension Samples {
  /// Each sample a mixture of two others.
  fileprivate func mixed(
    count: Int, _ source: (Int) -> (low: Int, high: Int, fraction: Double)
  ) -> Samples {
    gathered(count: count, outside: 0) { index in
      let (low, high, fraction) = source(index)
      return [(low, 1 - fraction), (high, fraction)]
    }
  }

  /// Each sample a weighted sum of others, rounded for integer types; `outside` where a part has no
  /// place.
  fileprivate func gathered(
    count: Int, outside: Double, _ source: (Int) -> [(place: Int?, weight: Double)]?
  ) -> Samples {
    func sums<T>(_ samples: [T], _ number: (T) -> Double, _ made: (Double) -> T) -> [T] {
      var result: [T] = []
      result.reserveCapacity(count)
      for index in 0..<count {
        guard let parts = source(index) else {
          result.append(made(outside))
          continue
        }
        var sum = 0.0
        for (place, weight) in parts where weight > 0 {
          sum += weight * (place.map { number(samples[$0]) } ?? outside)
        }
        result.append(made(sum))
      }
      return result
    }
    switch self {
    case .uint8(let s):
      return .uint8(sums(s, { Double($0) }, { UInt8(clamping: Int($0.rounded())) }))
    case .int8(let s): return .int8(sums(s, { Double($0) }, { Int8(clamping: Int($0.rounded())) }))
    case .uint16(let s):
      return .uint16(sums(s, { Double($0) }, { UInt16(clamping: Int($0.rounded())) }))
    case .int16(let s):
      return .int16(sums(s, { Double($0) }, { Int16(clamping: Int($0.rounded())) }))
    case .uint32(let s):
      return .uint32(sums(s, { Double($0) }, { UInt32(clamping: Int($0.rounded())) }))
    case .int32(let s):
      return .int32(sums(s, { Double($0) }, { Int32(clamping: Int($0.rounded())) }))
    case .uint64(let s):
      return .uint64(sums(s, { Double($0) }, { UInt64(exactly: $0.rounded()) ?? .max }))
    case .int64(let s):
      return .int64(sums(s, { Double($0) }, { Int64(exactly: $0.rounded()) ?? .max }))
    case .float32(let s): return .float32(sums(s, { Double($0) }, { Float($0) }))
    case .float64(let s): return .float64(sums(s, { $0 }, { $0 }))
    }
  }
}
