// One run: folds, training, predictions, scores, in a folder that can be continued.

import Evaluation
import Foundation
public import ICHStudy
import NeuralCore
import VolumeIO

/// Trains and scores a network as a plan says.
public struct TrainingRun: Sendable {
  public let plan: TrainingPlan
  private let folder: URL
  private let progress: ProgressLine

  /// Opens the run's folder, or begins one.
  ///
  /// - Throws: `StudyError.Code.output` where the folder holds another run or other things.
  public init(_ plan: TrainingPlan, progress: ProgressLine) throws {
    self.plan = plan
    self.progress = progress
    folder = URL(fileURLWithPath: plan.output, isDirectory: true)
    let settings = folder.appendingPathComponent("settings.json")
    let wanted = try RunFolder.encoded(plan)
    if let found = try? Data(contentsOf: settings) {
      guard found == wanted else {
        throw StudyError(
          .output,
          "\(folder.lastPathComponent) holds a run with other settings; name another "
            + "output, or start anew with --force")
      }
      return
    }
    let inside = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    guard inside.allSatisfy({ $0.hasPrefix(".") }) else {
      throw StudyError(
        .output, "\(folder.lastPathComponent) is not empty and holds no run; name another output")
    }
    try RunFolder.write(wanted, to: settings)
  }

  /// Trains the folds that are not done, and scores all.
  ///
  /// - Throws: `StudyError` for data and settings, `NeuralCoreError` where a loss is not finite or
  ///   a file cannot be written.
  public func run() async throws -> RunScores {
    if let threads = plan.threads { Threads.count = threads }
    let start = ContinuousClock.now
    let pictures = try LabelledPictures(plan.data)
    let data = try PictureDataset(
      pictures, PictureReader(plan.input), isSpread: plan.augmentation.mixUp > 0, progress)
    var notes: [String] = []
    let folds = try split(pictures, &notes)
    for (number, fold) in folds.enumerated() {
      let twins = data.twins(of: fold)
      if !twins.isEmpty {
        notes.append(
          "fold \(number + 1): \(twins.count) held-out pictures equal one of the training's, "
            + "such as \(twins[0])")
      }
    }
    for note in notes { progress.say("note: \(note)") }
    try writeSplit(folds, pictures)
    var all: Predictions?
    var scores: [[Score]] = []
    var parameters = 0
    for number in 0..<plan.trainedFolds {
      let (predictions, count) = try await train(number, folds[number], data)
      parameters = count
      let own = try predictions.scores(pictures.classes, seed: plan.seed)
      scores.append(own)
      for score in own { progress.say("  fold \(number + 1): \(score)") }
      all = all.map { $0 + predictions } ?? predictions
    }
    let pooled = try all?.scores(pictures.classes, seed: plan.seed) ?? []
    let result = RunScores(
      classes: pictures.classes, pictures: pictures.paths.count, parameters: parameters,
      notes: notes, folds: scores, pooled: pooled,
      seconds: (ContinuousClock.now - start) / .seconds(1))
    try RunFolder.write(RunFolder.encoded(result), to: folder.appendingPathComponent("scores.json"))
    try RunFolder.write(Data(result.csv.utf8), to: folder.appendingPathComponent("scores.csv"))
    return result
  }

  private func split(_ pictures: LabelledPictures, _ notes: inout [String]) throws -> [Fold] {
    guard let patients = pictures.patients else {
      notes.append(
        "the table does not tell patients apart: pictures of one patient may be on both sides")
      guard plan.folds <= pictures.paths.count else {
        throw StudyError(.data, "\(plan.folds) folds of \(pictures.paths.count) pictures")
      }
      return Splits.stratified(classes: pictures.labels, folds: plan.folds, seed: plan.seed)
    }
    let distinct = Set(patients).count
    guard plan.folds <= distinct else {
      throw StudyError(.data, "\(plan.folds) folds of \(distinct) patients")
    }
    let folds = Splits.grouped(by: patients, folds: plan.folds, seed: plan.seed)
    for fold in folds {
      let leaks = fold.leaks(patients)
      guard leaks.isEmpty else {
        throw StudyError(.data, "\(leaks.count) patients are on both sides of a split")
      }
    }
    return folds
  }

  private func writeSplit(_ folds: [Fold], _ pictures: LabelledPictures) throws {
    var table = Table(columns: ["file", "label", "patient", "fold"])
    for (number, fold) in folds.enumerated() {
      for index in fold.heldOut {
        table.rows.append([
          pictures.names[index], pictures.classes[pictures.labels[index]],
          pictures.patients?[index] ?? "", "\(number + 1)",
        ])
      }
    }
    try RunFolder.write(Data(table.csv().utf8), to: folder.appendingPathComponent("folds.csv"))
  }

  private func train(_ number: Int, _ fold: Fold, _ data: PictureDataset) async throws
    -> (Predictions, parameters: Int)
  {
    let own = folder.appendingPathComponent("fold-\(number + 1)")
    let stored = own.appendingPathComponent("predictions.json")
    var network = try AnyPictureNetwork.started(
      plan.network, side: plan.input.side, channels: plan.input.channels,
      classes: data.pictures.classes.count, seed: plan.seed &+ UInt64(number))
    let count = network.parameterCount
    if let bytes = try? Data(contentsOf: stored),
      let done = try? JSONDecoder().decode(Predictions.self, from: bytes)
    {
      progress.say("fold \(number + 1): read from the earlier start")
      return (done, count)
    }
    try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
    progress.stage("fold \(number + 1) of \(plan.trainedFolds)")
    let heldOut = Subset(data, fold.heldOut)
    let csv = own.appendingPathComponent("history.csv").path
    var trainer = Trainer(
      network, loss: .crossEntropy(smoothing: Float(plan.smoothing)), optimizer: optimizer,
      metric: data.isSpread ? nil : .accuracy,
      options: options(fold, data, own, progressName: "fold \(number + 1)"))
    try await trainer.train(on: Subset(data, fold.training), validating: heldOut)
    try trainer.history.write(to: csv)
    network = trainer.model
    try network.save(to: own.appendingPathComponent("model.safetensors").path, metadata: metadata)
    var rows: [[Double]] = []
    let logits = try network.features(of: heldOut, batchSize: plan.batch)
    for row in 0..<logits.shape[0] {
      let probabilities = logits.selected(axis: 0, row).reshaped([1, -1]).softmax().scalars
      rows.append(probabilities.map(Double.init))
    }
    let predictions = Predictions(
      names: fold.heldOut.map { data.pictures.names[$0] },
      patients: data.pictures.patients.map { all in fold.heldOut.map { all[$0] } },
      truth: fold.heldOut.map { data.pictures.labels[$0] }, probabilities: rows)
    let table = predictions.csv(data.pictures.classes, fold: number + 1)
    try RunFolder.write(Data(table.utf8), to: own.appendingPathComponent("predictions.csv"))
    try RunFolder.write(RunFolder.encoded(predictions), to: stored)
    return (predictions, count)
  }

  /// What `roentgen embed` needs to know of a trained file.
  private var metadata: [String: String] {
    get throws {
      var network = plan.network
      network.weights = nil
      network.isFrozen = false
      return [
        "roentgen.network": String(decoding: try RunFolder.encoded(network), as: UTF8.self),
        "roentgen.input": String(decoding: try RunFolder.encoded(plan.input), as: UTF8.self),
      ]
    }
  }

  private var optimizer: Optimizer {
    let own = plan.optimizer
    let (rate, decay) = (Float(own.rate), Float(own.decay))
    switch own.name {
    case "sgd":
      return .sgd(
        rate: rate, momentum: Float(own.momentum), nesterov: own.momentum > 0, decay: decay)
    case "adam": return .adam(rate: rate, decay: decay)
    default: return .adamW(rate: rate, decay: decay)
    }
  }

  private func options(
    _ fold: Fold, _ data: PictureDataset, _ own: URL, progressName: String
  ) -> TrainingOptions {
    var options = TrainingOptions()
    options.epochs = plan.epochs
    options.batchSize = plan.batch
    options.seed = plan.seed
    let course: Schedule
    switch plan.optimizer.schedule {
    case "constant": course = .constant
    case "linear": course = .linear()
    case "oneCycle": course = .oneCycle()
    default: course = .cosine()
    }
    options.schedule =
      plan.optimizer.warmUp > 0 ? course.warmedUp(steps: plan.optimizer.warmUp) : course
    options.clipNorm = plan.optimizer.clipNorm.map { Float($0) }
    options.averageDecay = plan.optimizer.average.map { Float($0) }
    if plan.isBalanced {
      options.sampler = .balanced(classes: fold.training.map { data.pictures.labels[$0] })
    }
    options.transform = plan.augmentation.transform
    if plan.augmentation.mixUp > 0 {
      options.batchTransform = mixUp(strength: plan.augmentation.mixUp)
    }
    options.checkpointPath = own.appendingPathComponent("checkpoint.safetensors").path
    options.checkpointEvery = 50
    options.progress = { [progress] step in
      progress.update(step.step, of: step.steps, "\(progressName): \(step)")
    }
    options.finishedEpoch = { history in
      // The curve of a run under way; the trainer's end writes it again and tells of failures.
      try? history.write(to: own.appendingPathComponent("history.csv").path)
    }
    return options
  }
}

extension TrainingPlan.AugmentationPlan {
  /// Changes of samples, or nil where none are asked for.
  var transform: SampleTransform? {
    var changes = Augmentation()
    if flips.contains("vertical") { changes.flips.append(1) }
    if flips.contains("horizontal") { changes.flips.append(2) }
    changes.rotation = Float(rotation * .pi / 180)
    changes.scale = Float(scale)
    changes.shift = Float(shift)
    changes.elastic = Float(elastic)
    changes.contrast = Float(contrast)
    changes.brightness = Float(brightness)
    changes.noise = Float(noise)
    let isIdle =
      flips.isEmpty && rotation + scale + shift + elastic + contrast + brightness + noise == 0
    return isIdle ? nil : changes.transform
  }
}
