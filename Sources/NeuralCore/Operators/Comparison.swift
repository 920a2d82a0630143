// Comparisons, logic and choice.

extension Tensor {
  private func compare(
    _ name: StaticString, _ other: Tensor, real: (Double, Double) -> Bool,
    integer: (Int64, Int64) -> Bool
  ) -> Tensor {
    switch elementType {
    case .float32:
      zipElements(name, other, of: Float.self, to: Bool.self) { real(Double($0), Double($1)) }
    case .float64: zipElements(name, other, of: Double.self, to: Bool.self, real)
    case .float16, .bfloat16:
      converted(to: .float32)
        .compare(name, other.converted(to: .float32), real: real, integer: integer)
    case .int64: zipElements(name, other, of: Int64.self, to: Bool.self, integer)
    case .int32, .int8, .uint8, .bool:
      converted(to: .int64)
        .compare(name, other.converted(to: .int64), real: real, integer: integer)
    }
  }

  /// Where broadcast elements are equal.
  public func equal(to other: Tensor) -> Tensor { compare("equal", other, real: ==, integer: ==) }
  /// Where `self` is less.
  public func less(than other: Tensor) -> Tensor { compare("less", other, real: <, integer: <) }
  /// Where `self` is less or equal.
  public func lessOrEqual(to other: Tensor) -> Tensor {
    compare("lessOrEqual", other, real: <=, integer: <=)
  }
  /// Where `self` is greater.
  public func greater(than other: Tensor) -> Tensor {
    compare("greater", other, real: >, integer: >)
  }
  /// Where `self` is greater or equal.
  public func greaterOrEqual(to other: Tensor) -> Tensor {
    compare("greaterOrEqual", other, real: >=, integer: >=)
  }

  /// Where an element is NaN.
  public func isNaN() -> Tensor {
    converted(to: .float64).mapElements(of: Double.self, to: Bool.self) { $0.isNaN }
  }
  /// Where an element is infinite with a wanted sign.
  public func isInfinite(positive: Bool = true, negative: Bool = true) -> Tensor {
    converted(to: .float64).mapElements(of: Double.self, to: Bool.self) {
      ($0 == .infinity && positive) || ($0 == -.infinity && negative)
    }
  }
  /// Where an element is neither NaN nor infinite.
  public func isFinite() -> Tensor {
    converted(to: .float64).mapElements(of: Double.self, to: Bool.self) { $0.isFinite }
  }

  /// Logical and of `bool` tensors.
  public func and(_ other: Tensor) -> Tensor {
    zipElements("and", other, of: Bool.self, to: Bool.self) { $0 && $1 }
  }
  /// Logical or of `bool` tensors.
  public func or(_ other: Tensor) -> Tensor {
    zipElements("or", other, of: Bool.self, to: Bool.self) { $0 || $1 }
  }
  /// Exclusive or of `bool` tensors.
  public func exclusiveOr(_ other: Tensor) -> Tensor {
    zipElements("exclusiveOr", other, of: Bool.self, to: Bool.self) { $0 != $1 }
  }
  /// Logical not of a `bool` tensor.
  public func not() -> Tensor { mapElements(of: Bool.self, to: Bool.self) { !$0 } }

  /// The elements of `yes` where `self`, a `bool` tensor, is true, of `no` elsewhere; all three
  /// broadcast.
  public func selecting(_ yes: Tensor, otherwise no: Tensor) -> Tensor {
    precondition(
      elementType == .bool && yes.elementType == no.elementType,
      "selecting: \(elementType) \(shape) of \(yes.elementType) and \(no.elementType)")
    guard let both = Shape.broadcast(yes.shape, no.shape),
      let target = Shape.broadcast(shape, both)
    else { preconditionFailure("selecting: \(shape), \(yes.shape) and \(no.shape)") }
    let result = no.broadcast(to: target).copied()
    let size = yes.elementType.byteCount
    let source = yes.broadcast(to: target).contiguous()
    unsafe broadcast(to: target).withUnsafeElements(of: Bool.self) { mask in
      let to = unsafe result.storage.base
      let from = unsafe source.storage.base + source.offset * size
      for index in 0..<mask.count where unsafe mask[index] {
        unsafe (to + index * size).copyMemory(from: from + index * size, byteCount: size)
      }
    }
    withExtendedLifetime(source.storage) {}
    return result
  }
}
