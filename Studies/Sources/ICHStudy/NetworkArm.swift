import Evaluation
import Foundation
import NeuralCore

func exponential(_ x: Double) -> Double { exp(x) }

/// A network that a run trains: a small member of a family whose large ones the paper used.
enum NetworkArm: String, Sendable, CaseIterable {
  case resNet = "ResNet"
  case vit = "ViT"

  /// What is stored once an arm is done.
  struct Outcome: Sendable, Codable {
    var readings: [String: SliceReading]
    var headMillilitres: [String: Double]
    var parameters: Int
    var thresholds: [Double]
    /// The loss and metric of every epoch.
    var history: String
  }

  /// Trains, or goes on training, and reads the test slices.
  func run(
    _ task: NetworkTask, training: [PreparedSlice], tuning: [PreparedSlice],
    test: [PreparedHead], options: StudyOptions, folder: RunFolder, progress: ProgressLine
  ) async throws -> Outcome {
    let stored = "networks/\(rawValue).json"
    if let done = folder.stored(Outcome.self, stored) {
      progress.say("  \(rawValue): read from the earlier start")
      return done
    }
    try FileManager.default.createDirectory(
      at: folder["networks"], withIntermediateDirectories: true)
    let outcome: Outcome
    switch self {
    case .resNet:
      let network = ResNet(
        ResNet.Configuration(
          blocks: [1, 1, 1, 1], width: 16, classes: task.outputs, hasLargeStem: task.side > 80),
        seed: options.seed)
      outcome = try await train(
        network, rate: 2e-3, task, training, tuning, test, options, folder, progress)
    case .vit:
      var shape = ViT.Configuration(
        imageSize: task.side, patchSize: max(4, task.side / 8), width: 96, depth: 4, heads: 4)
      shape.classes = task.outputs
      outcome = try await train(
        ViT(shape, seed: options.seed), rate: 8e-4, task, training, tuning, test, options, folder,
        progress)
    }
    try folder.store(outcome, stored)
    return outcome
  }

  private func train<Network: Layer>(
    _ network: Network, rate: Float, _ task: NetworkTask, _ training: [PreparedSlice],
    _ tuning: [PreparedSlice], _ test: [PreparedHead], _ options: StudyOptions,
    _ folder: RunFolder, _ progress: ProgressLine
  ) async throws -> Outcome {
    var settings = TrainingOptions()
    settings.epochs = self == .vit ? options.epochs * 2 : options.epochs
    settings.batchSize = 32
    settings.seed = options.seed
    settings.schedule = .cosine().warmedUp(steps: 20)
    settings.clipNorm = 5
    settings.transform = task.augmentation
    settings.checkpointPath = folder["networks/\(rawValue).checkpoint"].path
    settings.checkpointEvery = 25
    let name = rawValue
    settings.progress = { step in
      progress.update(step.step, of: step.steps, "\(name): \(step)")
    }
    var trainer = Trainer(
      network, loss: task.loss, optimizer: .adamW(rate: rate, decay: 0.02), options: settings)
    try await trainer.train(
      on: SliceDataset(slices: training, task: task),
      validating: tuning.isEmpty ? nil : SliceDataset(slices: tuning, task: task))
    let model = trainer.model
    try model.save(to: folder["networks/\(rawValue).safetensors"].path)
    var parameters = 0
    var counted = model
    counted.updateParameters { _, parameter in parameters += parameter.value.count }

    let tuned = Self.outputs(of: model, tuning, task)
    let thresholds = Self.thresholds(task, tuned, tuning.map(\.truth))
    var readings: [String: SliceReading] = [:]
    var volumes: [String: Double] = [:]
    for head in test {
      let outputs = Self.outputs(of: model, head.slices, task)
      var sum = 0.0
      for (i, slice) in head.slices.enumerated() {
        let row = outputs[(i * task.outputs)..<((i + 1) * task.outputs)]
        let reading = task.reading(row, thresholds: thresholds)
        readings[slice.id] = reading
        sum += reading.millilitres ?? 0
      }
      if task.knowsMasks { volumes[head.patient] = sum }
    }
    return Outcome(
      readings: readings, headMillilitres: volumes, parameters: parameters,
      thresholds: thresholds, history: trainer.history.csv)
  }

  /// The network's outputs, one row a slice.
  private static func outputs<Network: Layer>(
    of network: Network, _ slices: [PreparedSlice], _ task: NetworkTask
  ) -> [Float] {
    let data = SliceDataset(slices: slices, task: task)
    var rows: [Float] = []
    for start in stride(from: 0, to: slices.count, by: 32) {
      let batch = Batch((start..<min(start + 32, slices.count)).map { data.sample(at: $0) })
      rows += network(batch.inputs).array(of: Float.self)
    }
    return rows
  }

  /// For each label the threshold with the best F1 on the tuning slices; ½ where they cannot tell.
  private static func thresholds(
    _ task: NetworkTask, _ outputs: [Float], _ truths: [SliceTruth]
  ) -> [Double] {
    (0..<task.labels).map { label in
      let scores = truths.indices.map {
        1 / (1 + exponential(-Double(outputs[$0 * task.outputs + label])))
      }
      let truth = truths.map { task.target($0)[label] > 0.5 }
      let positives = truth.count { $0 }
      guard positives >= 3, positives < truth.count else { return 0.5 }
      var best = (f1: 0.0, threshold: 0.5)
      for step in 1..<40 {
        let threshold = Double(step) / 40
        let tp = truth.indices.count { truth[$0] && scores[$0] >= threshold }
        let wrong = truth.indices.count { truth[$0] != (scores[$0] >= threshold) }
        let f1 = Scoring.f1(tp: tp, wrong: wrong)
        if f1 > best.f1 { best = (f1, threshold) }
      }
      return best.threshold
    }
  }
}
