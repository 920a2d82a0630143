import VolumeIO

extension Volume {
  /// A small volume of a pattern in any type, oblique, with a place.
  static func pattern(
    _ type: SampleType, size: SIMD3<Int> = [5, 4, 3], components: Int = 1,
    kind: Components = .scalar, channels: Int = 1, affine: Affine = .oblique
  ) throws -> Volume {
    let count = size.x * size.y * size.z * components * channels
    let values = (0..<count).map { Double(($0 &* 37 &+ 11) % 251) }
    let samples: Samples =
      switch type {
      case .uint8: .uint8(values.map { UInt8($0) })
      case .int8: .int8(values.map { Int8($0 / 2) - 60 })
      case .uint16: .uint16(values.map { UInt16($0 * 200) })
      case .int16: .int16(values.map { Int16($0 * 100 - 1024) })
      case .uint32: .uint32(values.map { UInt32($0 * 1e7) })
      case .int32: .int32(values.map { Int32($0 * 1e6) - 90_000_000 })
      case .uint64: .uint64(values.map { UInt64($0 * 1e15) })
      case .int64: .int64(values.map { Int64($0 * 1e15) - 90_000_000_000_000 })
      case .float32: .float32(values.map { Float($0) / 7 })
      case .float64: .float64(values.map { $0 / 7 })
      }
    return try Volume(
      samples, geometry: Geometry(size: size, affine: affine), components: components,
      componentKind: kind, channels: channels)
  }
}

extension Affine {
  /// A rotation by 30° in the plane and 20° out of it, with three spacings and an origin.
  static let oblique: Affine = {
    let (c, s) = (0.75.squareRoot(), 0.5)
    let (d, t) = (0.939692620785908, 0.342020143325669)
    return Affine(
      x: SIMD3(c, s, 0) * 0.7, y: SIMD3(-s * d, c * d, t) * 0.9, z: SIMD3(s * t, -c * t, d) * 2.5,
      origin: [-12.5, 30.25, -7])
  }()
}
