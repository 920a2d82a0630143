// Rows of a table, as embeddings are.

extension Variable {
  /// The rows of a table `[row, width]` at some indices: `[index, width]`.
  ///
  /// - Precondition: Every index is a row of the table.
  public func rows(_ indices: [Int]) -> Variable {
    precondition(
      shape.count == 2 && indices.allSatisfy { $0 >= 0 && $0 < shape[0] },
      "rows: \(indices.max() ?? 0) of a table \(shape)")
    var result = Tensor.zeros([indices.count, shape[1]], value.elementType)
    if value.elementType == .float64 {
      value.copyRows(indices, of: Double.self, into: &result)
    } else {
      value.copyRows(indices, of: Float.self, into: &result)
    }
    let tableShape = value.shape
    return recording(result) { g in
      var sum = Tensor.zeros(tableShape, g.elementType)
      if g.elementType == .float64 {
        g.addRows(indices, of: Double.self, into: &sum)
      } else {
        g.addRows(indices, of: Float.self, into: &sum)
      }
      return [sum]
    }
  }
}

extension Tensor {
  fileprivate func copyRows<Element: TensorElement>(
    _ indices: [Int], of: Element.Type, into target: inout Tensor
  ) {
    let width = shape[1]
    unsafe withUnsafeElements(of: Element.self) { source in
      unsafe target.withUnsafeMutableElements(of: Element.self) { out in
        for (row, index) in indices.enumerated() {
          for column in 0..<width {
            unsafe out[row * width + column] = source[index * width + column]
          }
        }
      }
    }
  }

  fileprivate func addRows<Element: TensorElement & BinaryFloatingPoint>(
    _ indices: [Int], of: Element.Type, into target: inout Tensor
  ) {
    let width = shape[1]
    unsafe withUnsafeElements(of: Element.self) { source in
      unsafe target.withUnsafeMutableElements(of: Element.self) { out in
        for (row, index) in indices.enumerated() {
          for column in 0..<width {
            unsafe out[index * width + column] += source[row * width + column]
          }
        }
      }
    }
  }
}
