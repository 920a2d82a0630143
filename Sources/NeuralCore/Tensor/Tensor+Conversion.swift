// From one stored type to another.

import CNeuralKernels

extension Tensor {
  /// The elements as another type.
  ///
  /// Floating point to an integer rounds toward zero and clamps to the range, NaN becomes 0;
  /// to `bool`, everything but 0 is true. To a narrower floating-point type rounds to nearest,
  /// ties to even.
  public func converted(to type: ElementType) -> Tensor {
    if type == elementType { return self }
    switch (elementType, type) {
    case (.float32, .float16), (.float32, .bfloat16), (.float16, .float32), (.bfloat16, .float32):
      return sixteenBit(type)
    case (.float16, _), (.bfloat16, _):
      return converted(to: .float32).converted(to: type)
    case (_, .float16), (_, .bfloat16):
      return converted(to: .float32).converted(to: type)
    case (.float32, _): return from(Float.self, to: type)
    case (.float64, _): return from(Double.self, to: type)
    case (.int8, _): return from(Int8.self, to: type)
    case (.uint8, _): return from(UInt8.self, to: type)
    case (.int32, _): return from(Int32.self, to: type)
    case (.int64, _): return from(Int64.self, to: type)
    case (.bool, _):
      return mapElements(of: Bool.self, to: UInt8.self) { $0 ? 1 : 0 }
        .converted(to: type)
    }
  }

  private func sixteenBit(_ type: ElementType) -> Tensor {
    let source = contiguous()
    let result = Tensor(uninitialized: shape, type)
    let from = unsafe source.storage.base + source.offset * elementType.byteCount
    withExtendedLifetime((source.storage, result.storage)) {
      switch (elementType, type) {
      case (.float32, .float16): unsafe nk_f32_to_f16(from, result.storage.base, count)
      case (.float32, .bfloat16): unsafe nk_f32_to_bf16(from, result.storage.base, count)
      case (.float16, _): unsafe nk_f16_to_f32(from, result.storage.base, count)
      default: unsafe nk_bf16_to_f32(from, result.storage.base, count)
      }
    }
    return result
  }

  private func from<Source: TensorElement & BinaryFloatingPoint>(
    _ source: Source.Type, to type: ElementType
  ) -> Tensor {
    func clamped<I: FixedWidthInteger>(_ value: Source) -> I {
      if value.isNaN { return 0 }
      if value >= Source(I.max) { return I.max }
      if value <= Source(I.min) { return I.min }
      return I(value)
    }
    switch type {
    case .float32: return mapElements(of: source, to: Float.self) { Float($0) }
    case .float64: return mapElements(of: source, to: Double.self) { Double($0) }
    case .int8: return mapElements(of: source, to: Int8.self, clamped)
    case .uint8: return mapElements(of: source, to: UInt8.self, clamped)
    case .int32: return mapElements(of: source, to: Int32.self, clamped)
    case .int64: return mapElements(of: source, to: Int64.self, clamped)
    case .bool: return mapElements(of: source, to: Bool.self) { $0 != 0 }
    case .float16, .bfloat16: return converted(to: .float32).converted(to: type)
    }
  }

  private func from<Source: TensorElement & FixedWidthInteger>(
    _ source: Source.Type, to type: ElementType
  ) -> Tensor {
    switch type {
    case .float32: return mapElements(of: source, to: Float.self) { Float($0) }
    case .float64: return mapElements(of: source, to: Double.self) { Double($0) }
    case .int8: return mapElements(of: source, to: Int8.self) { Int8(truncatingIfNeeded: $0) }
    case .uint8: return mapElements(of: source, to: UInt8.self) { UInt8(truncatingIfNeeded: $0) }
    case .int32: return mapElements(of: source, to: Int32.self) { Int32(truncatingIfNeeded: $0) }
    case .int64: return mapElements(of: source, to: Int64.self) { Int64(truncatingIfNeeded: $0) }
    case .bool: return mapElements(of: source, to: Bool.self) { $0 != 0 }
    case .float16, .bfloat16: return converted(to: .float32).converted(to: type)
    }
  }

  /// Each element through a function, in order.
  package func mapElements<A: TensorElement, B: TensorElement>(
    of source: A.Type, to target: B.Type, _ function: (A) -> B
  ) -> Tensor {
    let result = Tensor(uninitialized: shape, B.elementType)
    let output = unsafe result.mutableElements(of: target)
    unsafe withUnsafeElements(of: source) { input in
      for index in 0..<input.count { unsafe output[index] = function(input[index]) }
    }
    return result
  }
}
