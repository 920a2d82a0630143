// The whole state of a run in one file, written in one step.

/// What a run needs to continue as if it had not stopped.
struct Checkpoint {
  /// Steps of the optimiser taken, the epoch under way (from 0), and its batches done.
  var step = 0
  var epoch = 0
  var batch = 0
  /// Sums over the epoch's batches so far.
  var lossSum = 0.0
  var metricSum = 0.0
  var metricCount = 0
  var samples = 0
  var history = TrainingHistory()
  /// Named "model.…", "average.…", "best.…", "moment0.…", "moment1.…".
  var tensors: [String: Tensor] = [:]
  /// What the run was started with; another configuration cannot continue it.
  var fingerprint = ""

  private static let key = "roentgen.training"

  /// Reals are kept as bit patterns, so that they return as they were.
  private static func bits(_ value: Double) -> JSON { .string(String(value.bitPattern, radix: 16)) }

  private static func real(_ value: JSON?) -> Double? {
    value?.string.flatMap { UInt64($0, radix: 16) }.map { Double(bitPattern: $0) }
  }

  func write(to path: String) throws(NeuralCoreError) {
    let rows = history.epochs.map { epoch in
      JSON.array([
        .integer(epoch.number), Checkpoint.bits(epoch.trainingLoss),
        epoch.validationLoss.map(Checkpoint.bits) ?? .null,
        epoch.metric.map(Checkpoint.bits) ?? .null, Checkpoint.bits(epoch.rate),
      ])
    }
    let state = JSON.object([
      "step": .integer(step), "epoch": .integer(epoch), "batch": .integer(batch),
      "lossSum": Checkpoint.bits(lossSum), "metricSum": Checkpoint.bits(metricSum),
      "metricCount": .integer(metricCount), "samples": .integer(samples), "rows": .array(rows),
      "fingerprint": .string(fingerprint),
    ])
    try writeSafetensors(tensors, metadata: [Checkpoint.key: state.serialized()], to: path)
  }

  init() {}

  init(contentsOf path: String) throws(NeuralCoreError) {
    let weights = try Weights(contentsOf: path)
    guard let text = weights.metadata[Checkpoint.key] else {
      throw NeuralCoreError(.malformed, "weights, but no state of a training run", path: path)
    }
    let state = try JSON(parsing: Array(text.utf8))
    guard let step = state["step"]?.integer, let epoch = state["epoch"]?.integer,
      let batch = state["batch"]?.integer, let lossSum = Checkpoint.real(state["lossSum"]),
      let metricSum = Checkpoint.real(state["metricSum"]),
      let metricCount = state["metricCount"]?.integer, let samples = state["samples"]?.integer,
      let rows = state["rows"]?.array, let fingerprint = state["fingerprint"]?.string
    else {
      throw NeuralCoreError(.malformed, "a training state with fields missing", path: path)
    }
    self.step = step
    self.epoch = epoch
    self.batch = batch
    self.lossSum = lossSum
    self.metricSum = metricSum
    self.metricCount = metricCount
    self.samples = samples
    self.fingerprint = fingerprint
    for row in rows {
      guard let row = row.array, row.count == 5, let number = row[0].integer,
        let loss = Checkpoint.real(row[1]), let rate = Checkpoint.real(row[4])
      else { throw NeuralCoreError(.malformed, "a training history with broken rows", path: path) }
      history.epochs.append(
        TrainingHistory.Epoch(
          number: number, trainingLoss: loss, validationLoss: Checkpoint.real(row[2]),
          metric: Checkpoint.real(row[3]), rate: rate))
    }
    // Copied, because the file is about to be replaced.
    for (name, stored) in weights.tensors {
      tensors[name] = Tensor(stored.floats(), shape: stored.shape)
    }
  }

  /// The tensors whose names begin with `prefix`, without it.
  func tensors(under prefix: String) -> [String: Tensor] {
    var found: [String: Tensor] = [:]
    for (name, tensor) in tensors where name.hasPrefix(prefix) {
      found[String(name.dropFirst(prefix.count))] = tensor
    }
    return found
  }

  mutating func keep(_ named: [String: Tensor], under prefix: String) {
    for (name, tensor) in named { tensors[prefix + name] = tensor }
  }
}

extension Optimizer {
  /// The moments of every parameter, for a checkpoint.
  var moments: [String: Tensor] {
    var result: [String: Tensor] = [:]
    for (name, tensors) in state {
      for (index, tensor) in tensors.enumerated() { result["moment\(index).\(name)"] = tensor }
    }
    return result
  }

  /// Takes over the moments that a checkpoint kept.
  mutating func restore(from checkpoint: Checkpoint) {
    stepCount = checkpoint.step
    state = [:]
    let first = checkpoint.tensors(under: "moment0.")
    let second = checkpoint.tensors(under: "moment1.")
    for (name, tensor) in first { state[name] = [tensor] + (second[name].map { [$0] } ?? []) }
  }
}
