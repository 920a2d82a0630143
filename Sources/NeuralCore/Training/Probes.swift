// What frozen features know: a linear probe and nearest neighbours.

extension Layer {
  /// The outputs of a frozen network for every sample, in order: `[sample, …]`.
  ///
  /// - `body`: What to keep of each batch; the network's output when nil.
  public func features(
    of data: any Dataset, batchSize: Int = 32, _ body: ((Self, Variable) -> Variable)? = nil
  ) throws(NeuralCoreError) -> Tensor {
    precondition(data.count > 0, "features of no samples")
    let loader = BatchLoader(data, batchSize: batchSize)
    var parts: [Tensor] = []
    for indices in loader.plan(epoch: 0) {
      let input = Variable(try loader.batch(indices, epoch: 0).inputs)
      parts.append((body?(self, input) ?? self(input)).value)
    }
    return Tensor.concatenated(parts, axis: 0)
  }
}

extension Layer {
  /// Writes the outputs of a frozen network for every sample to a `.npy` file, `[sample, …]`.
  ///
  /// - Parameters:
  ///   - data: The samples, in the order of the rows.
  ///   - path: The file to write, in one step.
  ///   - batchSize: Samples at a time.
  ///   - body: What to keep of each batch; the network's output when nil.
  public func writeFeatures(
    of data: any Dataset, to path: String, batchSize: Int = 32,
    _ body: ((Self, Variable) -> Variable)? = nil
  ) throws(NeuralCoreError) {
    try NumPy.write(try features(of: data, batchSize: batchSize, body), to: path)
  }

  /// The network after further training.
  ///
  /// - Parameters:
  ///   - training: The samples to learn from.
  ///   - validation: Samples to measure on after each epoch.
  ///   - loss: What to make small.
  ///   - optimizer: How; a small rate leaves most of what was learned before.
  ///   - metric: What to report beside the loss.
  ///   - options: Epochs, batches, schedule and so on.
  ///   - isFrozen: The parameters that stay as they are, by name; nil trains all.
  /// - Returns: The trained network and the rows of its epochs.
  public func fineTuned(
    on training: any Dataset, validating validation: (any Dataset)? = nil,
    loss: Loss = .crossEntropy(), optimizer: Optimizer = .adamW(rate: 1e-4),
    metric: Metric? = .accuracy, options: TrainingOptions = TrainingOptions(),
    freezing isFrozen: ((String) -> Bool)? = nil
  ) async throws(NeuralCoreError) -> (network: Self, history: TrainingHistory) {
    var start = self
    if let isFrozen {
      let names = Set(namedParameters.map(\.name).filter(isFrozen))
      start.freeze { names.contains($0) }
    }
    var trainer = Trainer(
      start, loss: loss, optimizer: optimizer, metric: metric, options: options)
    try await trainer.train(on: training, validating: validation)
    return (trainer.model, trainer.history)
  }
}

/// A linear layer trained on frozen features: multinomial logistic regression.
///
/// - `features`: `[sample, width]`.
/// - `labels`: One class index a sample.
/// - `decay`: Weight decay.
/// - Returns: The layer; its logits are `layer(features)`.
public func linearProbe(
  _ features: Tensor, labels: [Int], classes: Int, epochs: Int = 100, rate: Float = 0.01,
  decay: Float = 1e-4, seed: UInt64 = 0
) async throws(NeuralCoreError) -> Linear {
  precondition(
    features.rank == 2 && features.shape[0] == labels.count,
    "linearProbe: features \(features.shape), \(labels.count) labels")
  var options = TrainingOptions()
  options.epochs = epochs
  options.batchSize = min(256, labels.count)
  options.seed = seed
  options.schedule = .cosine()
  var draws = SeededDraws(seed: seed, 0x940B)
  let targets = Tensor(of: labels.map { Int64($0) }, shape: [labels.count])
  var trainer = Trainer(
    Linear(features.shape[1], classes, draws: &draws), loss: .crossEntropy(),
    optimizer: .adamW(rate: rate, decay: decay), options: options)
  try await trainer.train(on: TensorDataset(inputs: features, targets: targets))
  return trainer.model
}

/// How alike two feature vectors are.
public enum FeatureSimilarity: Sendable, Hashable { case cosine, euclidean }

/// The class of each query by vote of its nearest neighbours; of equal votes the class of the
/// nearest among them wins, and of equal distances the first sample.
///
/// - `queries`: `[query, width]`.
/// - `features`: `[sample, width]`.
/// - `labels`: One class index a sample.
/// - `count`: How many neighbours vote.
public func nearestNeighbours(
  _ queries: Tensor, among features: Tensor, labels: [Int], count: Int = 5,
  by similarity: FeatureSimilarity = .cosine
) -> [Int] {
  precondition(
    features.rank == 2 && queries.rank == 2 && features.shape[0] == labels.count
      && queries.shape[1] == features.shape[1] && count > 0 && !labels.isEmpty,
    "nearestNeighbours: \(queries.shape) among \(features.shape), \(labels.count) labels")
  let scores: Tensor
  switch similarity {
  case .cosine:
    scores = Variable(queries).unit().value.matmul(Variable(features).unit().value.transposed())
  case .euclidean:
    let own = features.squared().sum(axes: [1])
    scores = queries.matmul(features.transposed()) * 2 - own
  }
  let values = scores.scalars
  return (0..<queries.shape[0]).map { query in
    let row = values[query * labels.count..<(query + 1) * labels.count]
    let order = row.indices.sorted { (row[$0], $1) > (row[$1], $0) }.prefix(count)
    var votes: [Int: Int] = [:]
    for index in order { votes[labels[index - row.startIndex], default: 0] += 1 }
    let most = votes.values.max() ?? 0
    return order.lazy.map { labels[$0 - row.startIndex] }.first { votes[$0] == most } ?? labels[0]
  }
}
