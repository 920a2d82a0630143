// Samples to learn from, and batches of them.

/// One thing to learn from.
public struct Sample: Sendable {
  /// What the network sees, without a batch axis: `[channel, height, width]` for a picture.
  public var input: Tensor
  /// What it is to say: class indices (`int64`, no axes), labels, a mask.
  public var target: Tensor

  public init(input: Tensor, target: Tensor) {
    self.input = input
    self.target = target
  }
}

/// A source of samples, read by index from any task.
public protocol Dataset: Sendable {
  var count: Int { get }
  /// The sample at an index from 0 up to `count`.
  func sample(at index: Int) throws(NeuralCoreError) -> Sample
}

/// Samples that lie in memory, one batch axis in front.
public struct TensorDataset: Dataset {
  public let inputs: Tensor
  public let targets: Tensor

  /// - Precondition: Both have the same size along axis 0.
  public init(inputs: Tensor, targets: Tensor) {
    precondition(
      inputs.rank > 0 && targets.rank > 0 && inputs.shape[0] == targets.shape[0],
      "TensorDataset: inputs \(inputs.shape), targets \(targets.shape)")
    self.inputs = inputs
    self.targets = targets
  }

  public var count: Int { inputs.shape[0] }

  public func sample(at index: Int) -> Sample {
    Sample(
      input: inputs.selected(axis: 0, index), target: targets.selected(axis: 0, index))
  }
}

/// Some of a dataset's samples, such as one side of a ``Fold``.
public struct Subset<Base: Dataset>: Dataset {
  public let base: Base
  public let indices: [Int]

  public init(_ base: Base, _ indices: [Int]) {
    precondition(
      indices.allSatisfy { $0 >= 0 && $0 < base.count }, "an index beyond \(base.count) samples")
    self.base = base
    self.indices = indices
  }

  public var count: Int { indices.count }

  public func sample(at index: Int) throws(NeuralCoreError) -> Sample {
    try base.sample(at: indices[index])
  }
}

/// Samples side by side.
public struct Batch: Sendable {
  /// `[batch, …]`
  public var inputs: Tensor
  public var targets: Tensor

  public init(inputs: Tensor, targets: Tensor) {
    self.inputs = inputs
    self.targets = targets
  }

  /// Stacks samples along a new first axis.
  ///
  /// - Precondition: There is at least one, and all have equal shapes.
  public init(_ samples: [Sample]) {
    self.init(
      inputs: Tensor.stacked(samples.map(\.input)), targets: Tensor.stacked(samples.map(\.target)))
  }

  public var count: Int { inputs.shape[0] }
}

/// A change of samples at random, such as a flip; ``Augmentation`` has the usual ones.
public typealias SampleTransform = @Sendable (inout Sample, inout SeededDraws) -> Void

/// Reads a dataset batch by batch. What a batch holds depends on seed, epoch and index alone.
public struct BatchLoader: Sendable {
  public let source: any Dataset
  public let batchSize: Int
  public let sampler: Sampler
  public let seed: UInt64
  public let transform: SampleTransform?

  public init(
    _ source: any Dataset, batchSize: Int, sampler: Sampler = .sequential, seed: UInt64 = 0,
    transform: SampleTransform? = nil
  ) {
    precondition(batchSize > 0, "batches of \(batchSize)")
    self.source = source
    self.batchSize = batchSize
    self.sampler = sampler
    self.seed = seed
    self.transform = transform
  }

  /// The samples of each batch of an epoch.
  public func plan(epoch: Int) -> [[Int]] {
    let order = sampler.order(count: source.count, seed: seed, epoch: epoch)
    return stride(from: 0, to: order.count, by: batchSize).map {
      Array(order[$0..<min($0 + batchSize, order.count)])
    }
  }

  /// Reads and transforms one batch.
  public func batch(_ indices: [Int], epoch: Int) throws(NeuralCoreError) -> Batch {
    var samples: [Sample] = []
    for (place, index) in indices.enumerated() {
      var sample = try source.sample(at: index)
      if let transform {
        // The place tells repeats of one sample apart, where a sampler draws with replacement.
        var draws = SeededDraws(seed: seed, 0xA06, UInt64(epoch), UInt64(index), UInt64(place))
        transform(&sample, &draws)
      }
      samples.append(sample)
    }
    return Batch(samples)
  }
}
