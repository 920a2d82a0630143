// Putting elements at indices.

/// What happens where an update meets what is there.
public enum ScatterRule: Sendable, Hashable {
  case replace, add, multiply, maximum, minimum
}

extension Tensor {
  /// `self` with `updates` put at `indices` along `axis`: ONNX's `ScatterElements`, PyTorch's
  /// `scatter` and `scatter_reduce`. Updates apply in order.
  public func scatteredElements(
    _ indices: Tensor, updates: Tensor, axis: Int, _ rule: ScatterRule = .replace
  ) -> Tensor {
    let axis = Shape.axis(axis, rank: rank, "scatteredElements")
    precondition(
      updates.shape == indices.shape && updates.elementType == elementType,
      "scatteredElements: updates \(updates.elementType) \(updates.shape), indices "
        + "\(indices.shape), into \(elementType) \(shape)")
    return scattered(
      elementPlaces("scatteredElements", indices, axis), updates, inner: 1, rule)
  }

  /// `self` with slices put where tuples of indices say: ONNX's `ScatterND`.
  public func scatteredND(
    _ indices: Tensor, updates: Tensor, _ rule: ScatterRule = .replace
  ) -> Tensor {
    let (places, inner, lead) = tuplePlaces("scatteredND", indices, 0)
    let expected = lead + Array(shape[(indices.shape.last ?? 0)...])
    precondition(
      updates.shape == expected && updates.elementType == elementType,
      "scatteredND: updates \(updates.elementType) \(updates.shape) for \(expected)")
    return scattered(places, updates, inner: inner, rule)
  }

  /// The gradient of `gathered` along axis 0: rows of `updates` added where they came from.
  public static func embeddingGradient(
    _ gradient: Tensor, indices: Tensor, tableShape: [Int]
  ) -> Tensor {
    let list = indices.indexValues("embeddingGradient", limit: tableShape[0])
    return Tensor.zeros(tableShape, gradient.elementType)
      .scattered(list, gradient, inner: tableShape.dropFirst().reduce(1, *), .add)
  }

  private func scattered(
    _ places: [Int], _ updates: Tensor, inner: Int, _ rule: ScatterRule
  ) -> Tensor {
    switch elementType {
    case .float32:
      return put(places, updates, inner, of: Float.self) { old, new in
        switch rule {
        case .replace: new
        case .add: old + new
        case .multiply: old * new
        case .maximum: old.isNaN || old > new ? old : new
        case .minimum: old.isNaN || old < new ? old : new
        }
      }
    case .float64:
      return put(places, updates, inner, of: Double.self) { old, new in
        switch rule {
        case .replace: new
        case .add: old + new
        case .multiply: old * new
        case .maximum: old.isNaN || old > new ? old : new
        case .minimum: old.isNaN || old < new ? old : new
        }
      }
    case .int64:
      return put(places, updates, inner, of: Int64.self) { old, new in
        switch rule {
        case .replace: new
        case .add: old &+ new
        case .multiply: old &* new
        case .maximum: Swift.max(old, new)
        case .minimum: Swift.min(old, new)
        }
      }
    case .bool:
      precondition(rule == .replace, "scatter: \(rule) of bool")
      return put(places, updates, inner, of: Bool.self) { _, new in new }
    case .float16, .bfloat16, .int8, .uint8, .int32:
      let wide: ElementType = elementType.isFloatingPoint ? .float32 : .int64
      return converted(to: wide).scattered(places, updates.converted(to: wide), inner: inner, rule)
        .converted(to: elementType)
    }
  }

  private func put<Element: TensorElement>(
    _ places: [Int], _ updates: Tensor, _ inner: Int, of type: Element.Type,
    _ join: (Element, Element) -> Element
  ) -> Tensor {
    var result = copied()
    unsafe updates.withUnsafeElements(of: type) { new in
      unsafe result.withUnsafeMutableElements(of: type) { values in
        for (row, place) in places.enumerated() {
          for at in 0..<inner {
            unsafe values[place * inner + at] = join(
              values[place * inner + at], new[row * inner + at])
          }
        }
      }
    }
    return result
  }
}
