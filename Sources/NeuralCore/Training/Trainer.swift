// The training loop.

/// Trains a network.
///
/// ```swift
/// var options = TrainingOptions()
/// options.epochs = 20
/// options.schedule = .cosine().warmedUp(steps: 50)
/// options.checkpointPath = "runs/resnet.checkpoint"
/// options.progress = { print($0) }
/// var trainer = Trainer(
///   ResNet(.small(classes: 5)), loss: .binaryCrossEntropy(), optimizer: .adamW(rate: 1e-3),
///   metric: .labelAccuracy, options: options)
/// try await trainer.train(on: training, validating: heldOut)
/// try trainer.model.save(to: "resnet.safetensors")
/// ```
///
/// A run is a pure function of network, data and options: batches, augmentation and dropout are
/// drawn from counters, so a run that was killed and continues from its checkpoint ends with the
/// same bits as one that was not.
public struct Trainer<Model: Layer>: Sendable {
  /// The network: the one given until ``train(on:validating:)`` returns, then the trained one.
  public private(set) var model: Model
  public private(set) var optimizer: Optimizer
  public let loss: Loss
  public let metric: Metric?
  public var options: TrainingOptions
  /// One row for each epoch that is done.
  public private(set) var history = TrainingHistory()

  /// The moving average of the weights, where it is asked for.
  private var average: Model?
  /// The weights of the best epoch so far, where they are to be kept.
  private var best: Model?

  public init(
    _ model: Model, loss: Loss, optimizer: Optimizer, metric: Metric? = nil,
    options: TrainingOptions = TrainingOptions()
  ) {
    self.model = model
    self.loss = loss
    self.optimizer = optimizer
    self.metric = metric
    self.options = options
    history.metricName = metric?.name
  }

  /// Where a run stands inside an epoch.
  private struct Position {
    var epoch = 0
    var batch = 0
    var lossSum = 0.0
    var metricSum = 0.0
    var metricCount = 0
    var samples = 0
  }

  /// Trains until the last epoch, or until patience runs out.
  ///
  /// - Parameters:
  ///   - training: The samples to learn from.
  ///   - validation: Samples to measure on after each epoch.
  /// - Throws: ``NeuralCoreError``: `diverged` where a loss is not finite, `cancelled` where the
  ///   task is (after writing the checkpoint), `unsupported` for mixed precision on a machine without
  ///   bfloat16, and what datasets and files throw.
  public mutating func train(on training: any Dataset, validating validation: (any Dataset)? = nil)
    async throws(NeuralCoreError)
  {
    precondition(training.count > 0, "training on no samples")
    defer { Tensor.releaseIdleMemory() }
    if options.precision == .bfloat16Mixed, !Precision.isBfloat16Fast {
      throw NeuralCoreError(
        .unsupported, "mixed precision: \(Threads.instructionSet) has no products of bfloat16")
    }
    let loader = BatchLoader(
      training, batchSize: options.batchSize, sampler: options.sampler, seed: options.seed,
      transform: options.transform)
    if options.averageDecay != nil { average = model }
    var position = try resume()
    let clock = ContinuousClock()
    let steps = options.epochs * stepsPerEpoch(loader.plan(epoch: 0).count)
    while position.epoch < options.epochs, !isOutOfPatience {
      let epoch = position.epoch
      let plan = loader.plan(epoch: epoch)
      let start = clock.now
      let samplesAtStart = position.samples
      var next = prefetch(loader, plan, position.batch, epoch)
      var gradients = Gradients()
      while position.batch < plan.count {
        let batch = try await next.value.get()
        next = prefetch(loader, plan, position.batch + 1, epoch)
        let part = Double(accumulated(position.batch, plan.count))
        gradients = gradients + (try learn(batch, &position, share: Float(1 / part)))
        position.batch += 1
        guard position.batch % options.accumulation == 0 || position.batch == plan.count else {
          continue
        }
        step(gradients, of: steps)
        gradients = Gradients()
        let seconds = (clock.now - start) / .seconds(1)
        report(position, steps: steps, samples: position.samples - samplesAtStart, seconds)
        if let every = options.checkpointEvery, optimizer.stepCount % every == 0 {
          try write(position)
        }
        if Task.isCancelled {
          try write(position)
          throw NeuralCoreError(.cancelled, "training was cancelled in epoch \(epoch + 1)")
        }
      }
      try finish(&position, validation, of: steps)
      try write(position)
    }
    if let average { model = average }
    if let best { model = best }
  }

  private func stepsPerEpoch(_ batches: Int) -> Int {
    (batches + options.accumulation - 1) / options.accumulation
  }

  /// How many batches share the step that a batch belongs to.
  private func accumulated(_ batch: Int, _ count: Int) -> Int {
    let start = batch / options.accumulation * options.accumulation
    return min(options.accumulation, count - start)
  }

  /// Reads the next batch on another thread while this one computes.
  private func prefetch(_ loader: BatchLoader, _ plan: [[Int]], _ index: Int, _ epoch: Int)
    -> Task<Result<Batch, NeuralCoreError>, Never>
  {
    guard index < plan.count else {
      return Task { .failure(NeuralCoreError(.malformed, "no batch \(index)")) }
    }
    let indices = plan[index]
    let change = options.batchTransform
    let seed = options.seed
    return Task.detached {
      do throws(NeuralCoreError) {
        var batch = try loader.batch(indices, epoch: epoch)
        if let change {
          var draws = SeededDraws(seed: seed, 0xBA7C, UInt64(epoch), UInt64(index))
          change(&batch, &draws)
        }
        return .success(batch)
      } catch {
        return .failure(error)
      }
    }
  }

  /// One forward and backward pass.
  private mutating func learn(_ batch: Batch, _ position: inout Position, share: Float)
    throws(NeuralCoreError) -> Gradients
  {
    let draw = SeededDraws.mix(
      options.seed ^ SeededDraws.mix(UInt64(position.epoch) << 32 | UInt64(position.batch)))
    let tape = Tape(isTraining: true, seed: draw, precision: options.precision)
    let output = model(tape.constant(batch.inputs))
    let loss = self.loss(output, batch.targets)
    let value = Double(loss.value.scalar)
    guard value.isFinite else {
      throw NeuralCoreError(
        .diverged, "the loss is \(value) in epoch \(position.epoch + 1), batch \(position.batch)")
    }
    position.lossSum += value * Double(batch.count)
    position.samples += batch.count
    if let metric {
      let (sum, count) = metric.measure(output.value, batch.targets)
      position.metricSum += sum
      position.metricCount += count
    }
    let gradients = tape.gradients(of: loss)
    model.adopt(statisticsOf: tape)
    return share == 1 ? gradients : gradients.scaled(by: share)
  }

  private mutating func step(_ gradients: Gradients, of steps: Int) {
    var gradients = gradients
    if let limit = options.clipNorm { gradients = gradients.clipped(norm: limit) }
    optimizer.step(&model, gradients, factor: factor(of: steps))
    if let decay = options.averageDecay { average?.average(with: model, decay: decay) }
  }

  private func factor(of steps: Int) -> Double {
    let losses = history.epochs.map { $0.validationLoss ?? $0.trainingLoss }
    return options.schedule.factor(at: optimizer.stepCount, of: steps)
      * (options.plateau?.factor(after: losses) ?? 1)
  }

  private func report(_ position: Position, steps: Int, samples: Int, _ seconds: Double) {
    guard let progress = options.progress else { return }
    let speed = Double(samples) / max(seconds, 1e-9)
    let stepsLeft = Double(steps - optimizer.stepCount)
    let samplesLeft = stepsLeft * Double(options.batchSize * options.accumulation)
    progress(
      TrainingProgress(
        epoch: position.epoch + 1, epochs: options.epochs, step: optimizer.stepCount, steps: steps,
        loss: position.lossSum / Double(max(position.samples, 1)),
        metric: metric.map {
          ($0.name, position.metricSum / Double(max(position.metricCount, 1)))
        }, samplesPerSecond: speed, secondsLeft: samplesLeft / max(speed, 1e-9)))
  }

  /// Measures, writes the epoch's row and moves to the next epoch.
  private mutating func finish(
    _ position: inout Position, _ validation: (any Dataset)?, of steps: Int
  ) throws(NeuralCoreError) {
    let evaluated = average ?? model
    let held = try validation.map { data throws(NeuralCoreError) in
      try evaluate(evaluated, on: data)
    }
    let rate = Double(optimizer.rate) * factor(of: steps)
    let own = metric.map { _ in position.metricSum / Double(max(position.metricCount, 1)) }
    let row = TrainingHistory.Epoch(
      number: position.epoch + 1,
      trainingLoss: position.lossSum / Double(max(position.samples, 1)),
      validationLoss: held?.loss, metric: held == nil ? own : held?.metric, rate: rate)
    if options.keepsBest, isBetterThanAll(row) { best = evaluated }
    history.epochs.append(row)
    position = Position(epoch: position.epoch + 1)
    options.finishedEpoch?(history)
  }

  private func score(_ row: TrainingHistory.Epoch) -> Double {
    if let metric, let value = row.metric { return metric.isHigherBetter ? value : -value }
    return -(row.validationLoss ?? row.trainingLoss)
  }

  private func isBetterThanAll(_ row: TrainingHistory.Epoch) -> Bool {
    history.epochs.allSatisfy { score(row) > score($0) }
  }

  private var isOutOfPatience: Bool {
    guard let patience = options.patience, !history.epochs.isEmpty else { return false }
    let scores = history.epochs.map(score)
    let top = scores.max() ?? 0
    return scores.count - 1 - (scores.firstIndex(of: top) ?? 0) >= patience
  }

  /// The mean loss and metric of a network on a dataset, without augmentation.
  public func evaluate(_ model: Model, on data: any Dataset) throws(NeuralCoreError)
    -> (loss: Double, metric: Double?)
  {
    let loader = BatchLoader(data, batchSize: options.batchSize)
    var lossSum = 0.0
    var metricSum = 0.0
    var metricCount = 0
    for indices in loader.plan(epoch: 0) {
      let batch = try loader.batch(indices, epoch: 0)
      let output = model(Variable(batch.inputs))
      lossSum += Double(loss(output, batch.targets).value.scalar) * Double(batch.count)
      if let metric {
        let (sum, count) = metric.measure(output.value, batch.targets)
        metricSum += sum
        metricCount += count
      }
    }
    return (
      lossSum / Double(max(data.count, 1)),
      metric.map { _ in metricSum / Double(max(metricCount, 1)) }
    )
  }
}

extension Trainer {
  /// What a run was started with, as far as a checkpoint must agree with it.
  private var fingerprint: String {
    let shapes = model.namedParameters.map { "\($0.name)\($0.parameter.value.shape)" }
    return """
      \(loss.name); \(optimizer.rule); batch \(options.batchSize)·\(options.accumulation); \
      seed \(options.seed); \(options.precision); \(shapes.count) tensors, \(model.parameterCount) numbers
      """
  }

  private func write(_ position: Position) throws(NeuralCoreError) {
    guard let path = options.checkpointPath else { return }
    var checkpoint = Checkpoint()
    checkpoint.step = optimizer.stepCount
    checkpoint.epoch = position.epoch
    checkpoint.batch = position.batch
    checkpoint.lossSum = position.lossSum
    checkpoint.metricSum = position.metricSum
    checkpoint.metricCount = position.metricCount
    checkpoint.samples = position.samples
    checkpoint.history = history
    checkpoint.fingerprint = fingerprint
    checkpoint.keep(model.tensors, under: "model.")
    if let average { checkpoint.keep(average.tensors, under: "average.") }
    if let best { checkpoint.keep(best.tensors, under: "best.") }
    checkpoint.tensors.merge(optimizer.moments) { old, _ in old }
    try checkpoint.write(to: path)
  }

  /// Takes over the state of the run that the checkpoint's file keeps, if there is one.
  private mutating func resume() throws(NeuralCoreError) -> Position {
    guard let path = options.checkpointPath, fileExists(path) else { return Position() }
    let checkpoint = try Checkpoint(contentsOf: path)
    guard checkpoint.fingerprint == fingerprint else {
      throw NeuralCoreError(
        .mismatch, "a checkpoint of another run: \(checkpoint.fingerprint), this is \(fingerprint)",
        path: path)
    }
    try model.load(checkpoint.tensors(under: "model."))
    if average != nil { try average?.load(checkpoint.tensors(under: "average.")) }
    let kept = checkpoint.tensors(under: "best.")
    if !kept.isEmpty {
      var copy = model
      try copy.load(kept)
      best = copy
    }
    optimizer.restore(from: checkpoint)
    let name = history.metricName
    history = checkpoint.history
    history.metricName = name
    return Position(
      epoch: checkpoint.epoch, batch: checkpoint.batch, lossSum: checkpoint.lossSum,
      metricSum: checkpoint.metricSum, metricCount: checkpoint.metricCount,
      samples: checkpoint.samples)
  }
}
