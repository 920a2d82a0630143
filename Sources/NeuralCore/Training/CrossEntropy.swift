// Cross-entropy against class indices together with its gradient, in one pass over the logits.

import CNeuralKernels

extension Variable {
  /// The mean cross-entropy of `[batch, class, …]` against indices `[batch, …]`, for `float32`.
  func crossEntropy(
    _ target: Tensor, _ weights: [Float]?, _ smoothing: Float, ignoring ignored: Int?
  ) -> Variable {
    let classes = shape[1]
    let inner = Shape.count(Array(shape.dropFirst(2)))
    let (labels, total) = Variable.labels(target, classes, weights, ignoring: ignored)
    precondition(
      labels.count == shape[0] * inner,
      "cross-entropy: \(labels.count) targets for \(shape[0] * inner) outputs")
    let input = value.contiguous()
    let slopes = Tensor(uninitialized: shape)
    var sum = 0.0
    let done = unsafe labels.withUnsafeBufferPointer { labels -> Int32 in
      guard let labels = labels.baseAddress else { return 1 }
      func run(_ weights: UnsafePointer<Float>?) -> Int32 {
        unsafe nk_cross_entropy(
          input.floats, labels, weights, smoothing, slopes.floats, &sum, shape[0], classes, inner)
      }
      guard let weights else { return run(nil) }
      return unsafe weights.withUnsafeBufferPointer { unsafe run($0.baseAddress) }
    }
    withExtendedLifetime(input.storage) {}
    precondition(done == 1, "cross-entropy: out of memory for \(shape)")
    return recording(Tensor(Float(sum / total))) { g in [slopes * (g / Float(total))] }
  }

  /// The labels with −1 where one does not count, and the sum of the others' weights.
  private static func labels(
    _ target: Tensor, _ classes: Int, _ weights: [Float]?, ignoring ignored: Int?
  ) -> (labels: [Int32], total: Double) {
    var total = 0.0
    var found: [Int32] = []
    found.reserveCapacity(target.count)
    func add(_ label: Int) {
      if label == ignored {
        found.append(-1)
        return
      }
      precondition(label >= 0 && label < classes, "cross-entropy: target \(label) of \(classes)")
      total += Double(weights?[label] ?? 1)
      found.append(Int32(label))
    }
    if target.elementType == .int64 {
      for label in target.array(of: Int64.self) { add(Int(label)) }
    } else {
      for label in target.scalars { add(Int(label)) }
    }
    return (found, total == 0 ? 1 : total)
  }
}
