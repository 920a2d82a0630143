extension Volume: CustomStringConvertible {
  /// Modality, shape, type, spacing, orientation, range and memory, such as
  /// `CT 512×512×34 Int16 · 0.49×0.49×5.00 mm · LPS · −1024…3071 HU · 17.8 MB`.
  ///
  /// Nothing in it identifies a patient.
  /// - Complexity: O(*count*): the range is looked for.
  public var description: String {
    var head: [String] = []
    if let modality, !modality.isEmpty { head.append(modality) }
    var shape = text(size)
    if components > 1 { shape += " \(componentKind.rawValue)(\(components))" }
    if channels > 1 {
      shape += " × \(channelAxes.map(String.init).joined(separator: "×")) channels"
    }
    head.append(shape)
    head.append(samples.type.description)
    let spacing = geometry.affine.spacing
    let range = statistics()
    let unit = modality == "CT" ? " HU" : ""
    let bytes = samples.count * samples.type.size
    return [
      head.joined(separator: " "),
      "\(fixed(spacing.x, 2))×\(fixed(spacing.y, 2))×\(fixed(spacing.z, 2)) mm",
      geometry.orientation.description,
      "\(shortest(range.min))…\(shortest(range.max))\(unit)",
      text(bytes: bytes),
    ].joined(separator: " · ")
  }
}

extension SampleType: CustomStringConvertible {
  /// The type's name in Swift, such as `Int16`.
  public var description: String {
    switch self {
    case .uint8: "UInt8"
    case .int8: "Int8"
    case .uint16: "UInt16"
    case .int16: "Int16"
    case .uint32: "UInt32"
    case .int32: "Int32"
    case .uint64: "UInt64"
    case .int64: "Int64"
    case .float32: "Float"
    case .float64: "Double"
    }
  }
}
