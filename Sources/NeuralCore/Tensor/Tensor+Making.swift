// Tensors from nothing.

extension Tensor {
  /// One value everywhere.
  public init(repeating value: Float, shape: [Int], _ type: ElementType = .float32) {
    self = Tensor(value).converted(to: type).broadcast(to: shape).copied()
  }

  /// Zeros.
  public static func zeros(_ shape: [Int], _ type: ElementType = .float32) -> Tensor {
    Tensor(repeating: 0, shape: shape, type)
  }

  /// Ones.
  public static func ones(_ shape: [Int], _ type: ElementType = .float32) -> Tensor {
    Tensor(repeating: 1, shape: shape, type)
  }

  /// `start`, `start + step`, … : `count` numbers along one axis.
  public static func ramp(_ count: Int, from start: Float = 0, step: Float = 1) -> Tensor {
    Tensor((0..<count).map { start + Float($0) * step }, shape: [count])
  }

  /// Ones on the diagonal of a square matrix.
  public static func identity(_ size: Int) -> Tensor {
    var result = Tensor.zeros([size, size])
    unsafe result.withUnsafeMutableFloats { values in
      for row in 0..<size { unsafe values[row * size + row] = 1 }
    }
    return result
  }
}
