// Planes of coefficients and samples, and their memory.

/// A rectangle of coefficients or samples.
struct J2KPlane<Value: SpareNumber>: Sendable {
  let rect: J2KRect
  var values: [Value]

  /// All zeros.
  init(rect: J2KRect) {
    self.rect = rect
    values = Value.take(rect.width * rect.height)
  }

  /// No values, in place of a plane that was taken away.
  static var none: J2KPlane { J2KPlane(rect: J2KRect()) }

  /// Gives the memory back for other planes.
  consuming func keep() {
    Value.keep(values)
  }
}
