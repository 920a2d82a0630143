import Evaluation
import Foundation
import ICHStudy
import NetworkRuns
import NeuralCore
import Testing
import VolumeIO
import Windowing

/// Runs on 24 drawn pictures of six patients: a bright square left or right.
struct TrainingRunTests {
  private let root: URL

  init() throws {
    root = FileManager.default.temporaryDirectory
      .appendingPathComponent("roentgen-runs-\(UUID().uuidString)")
    let folder = root.appendingPathComponent("data")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var table = "file,label,patient\n"
    for number in 0..<24 {
      let isRight = number % 2 == 1
      var pixels = [UInt8](repeating: UInt8(10 + number), count: 16 * 16)
      for row in 4 + number % 5..<10 {
        for column in 2..<6 { pixels[row * 16 + column + (isRight ? 8 : 0)] = 230 }
      }
      // No two pictures are alike.
      pixels[15 * 16 + number % 16] = UInt8(100 + number)
      let png = try GrayImage(width: 16, height: 16, pixels: pixels).png()
      try Data(png).write(to: folder.appendingPathComponent("\(number).png"))
      table += "\(number).png,\(isRight ? "right" : "left"),P\(number / 4)\n"
    }
    try Data(table.utf8).write(to: folder.appendingPathComponent("labels.csv"))
  }

  private func plan(_ change: (inout [String: Any]) -> Void = { _ in }) throws -> TrainingPlan {
    var settings: [String: Any] = [
      "data": ["folder": "data", "positive": "right"],
      "model": ["name": "resnet-small", "width": 4] as [String: Any], "input": ["side": 16],
      "augmentation": ["shift": 0.05, "noise": 0.02], "optimizer": ["rate": 0.01, "warmUp": 2],
      "epochs": 6, "batch": 8, "folds": 3, "seed": 4, "output": "run",
    ]
    change(&settings)
    let path = root.appendingPathComponent("\(UUID().uuidString).json")
    try JSONSerialization.data(withJSONObject: settings).write(to: path)
    return try TrainingPlan(contentsOf: path.path)
  }

  private func file(_ name: String) throws -> Data {
    try Data(contentsOf: root.appendingPathComponent(name))
  }

  @Test func `a run learns, keeps patients apart and scores every picture once`() async throws {
    let scores = try await TrainingRun(plan(), progress: ProgressLine(quiet: true)).run()
    #expect(scores.classes == ["left", "right"])
    #expect(scores.notes.isEmpty)
    #expect(scores.folds.count == 3)
    let accuracy = try #require(scores.pooled.first { $0.name == "accuracy" })
    #expect(accuracy.count == 24)
    let value = try #require(accuracy.double)
    #expect(value > 0.7)
    #expect(scores.pooled.contains { $0.name == "ROC-AUC" && $0.interval != nil })
    let folds = try Table(parsing: [UInt8](file("run/folds.csv"))).rows
    #expect(folds.count == 24)
    let homes = Dictionary(grouping: folds) { $0[2] }.mapValues { Set($0.map { $0[3] }).count }
    #expect(homes.count == 6 && homes.values.allSatisfy { $0 == 1 })
    for name in ["history.csv", "history.svg", "model.safetensors", "predictions.csv"] {
      #expect(try !file("run/fold-2/\(name)").isEmpty)
    }
  }

  @Test func `a run that lost its end goes on from its checkpoint to the same predictions`()
    async throws
  {
    let whole = try plan()
    _ = try await TrainingRun(whole, progress: ProgressLine(quiet: true)).run()
    let before = try file("run/fold-3/predictions.csv")
    let model = try file("run/fold-3/model.safetensors")
    for name in ["predictions.json", "predictions.csv", "model.safetensors"] {
      try FileManager.default.removeItem(at: root.appendingPathComponent("run/fold-3/\(name)"))
    }
    _ = try await TrainingRun(whole, progress: ProgressLine(quiet: true)).run()
    #expect(try file("run/fold-3/predictions.csv") == before)
    #expect(try file("run/fold-3/model.safetensors") == model)
    #expect(throws: StudyError.self) {
      var other = whole
      other.epochs = 7
      _ = try TrainingRun(other, progress: ProgressLine(quiet: true))
    }
  }

  @Test func `a trained file embeds pictures without further words`() async throws {
    let plan = try plan { $0["trainedFolds"] = 1 }
    _ = try await TrainingRun(plan, progress: ProgressLine(quiet: true)).run()
    let weights = root.appendingPathComponent("run/fold-1/model.safetensors").path
    let embedding = try Embedding(weights: weights)
    let paths = (0..<5).map { root.appendingPathComponent("data/\($0).png").path }
    let (features, rows) = try embedding.features(
      of: paths, batch: 2, progress: ProgressLine(quiet: true))
    #expect(features.shape == [5, 16])
    #expect(rows.map(\.slice) == [0, 0, 0, 0, 0])
    #expect(features.scalars.allSatisfy { $0.isFinite } && features.scalars.contains { $0 > 0 })
  }

  @Test func `a misspelt or senseless setting is named`() throws {
    for change: (inout [String: Any]) -> Void in [
      { $0["epoch"] = 3 }, { $0["model"] = ["name": "resnet19"] }, { $0["folds"] = 1 },
      { $0["input"] = ["side": 64, "mean": [0.1, 0.2]] as [String: Any] },
      { $0["model"] = ["frozen": true] },
      {
        $0["augmentation"] = ["mixUp": 0.2]
        $0["smoothing"] = 0.1
      }, { $0["output"] = nil },
    ] {
      #expect(throws: StudyError.self) { try plan(change) }
    }
    do {
      _ = try plan { $0["epoch"] = 3 }
    } catch let error as StudyError {
      #expect(error.code == .usage && error.detail.contains("unknown epoch"))
    }
  }
}
