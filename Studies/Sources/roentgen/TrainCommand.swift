import ArgumentParser
import Evaluation
import Foundation
import ICHStudy
import NetworkRuns
import NeuralCore
import VolumeIO
import Windowing

struct TrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a network on a folder of labelled pictures, in folds.",
    discussion: """
      CONFIG is a JSON file. Only data.folder and output are needed; paths are relative to the file.

        {
          "data": {"folder": "headct", "manifest": "labels.csv", "file": "file", "label": "label",
                   "patient": "patient", "positive": "hemorrhage"},
          "model": {"name": "resnet18", "width": 32},
          "input": {"side": 64, "channels": 1},
          "augmentation": {"flips": ["horizontal"], "rotation": 10, "shift": 0.05},
          "optimizer": {"name": "adamw", "rate": 0.001, "schedule": "cosine", "average": 0.99},
          "epochs": 30, "batch": 32, "folds": 5, "seed": 1, "output": "runs/headct"
        }

      DATA     a table with the columns file and label (and patient), or one folder a class
      MODEL    \(NetworkPlan.names.joined(separator: ", "))
      FOLDS    by patient where the table has that column, and checked; by class otherwise

      The output folder gets, for each fold, model.safetensors, history.csv, history.svg and
      predictions.csv, and for the run scores.json, scores.csv and folds.csv. A run that was stopped
      goes on where it was when the same command is given again.
      """)

  @Argument(help: "The run's settings, a JSON file.")
  var config: String

  @Flag(help: "Delete the output folder's earlier run first.")
  var force = false

  @Flag(help: "No progress on standard error.")
  var quiet = false

  func run() async throws {
    do {
      let plan = try TrainingPlan(contentsOf: config)
      if force { try RunFolder.removeRun(plan.output) }
      let run = try TrainingRun(plan, progress: ProgressLine(quiet: quiet))
      let scores = try await run.run()
      print("\(scores.pictures) pictures, \(scores.parameters) parameters")
      for (fold, own) in scores.folds.enumerated() {
        for score in own { print("fold \(fold + 1): \(score)") }
      }
      for score in scores.pooled { print("all folds: \(score)") }
      for note in scores.notes { print("note: \(note)") }
      print("run: \(plan.output)")
    } catch {
      throw Failure.ofNetworks(error)
    }
  }
}

extension Failure {
  /// What ends a command that works with networks.
  static func ofNetworks(_ error: any Error) -> any Error {
    switch error {
    case let error as StudyError:
      let codes: [StudyError.Code: Int32] = [.usage: usage, .output: cannotCreate]
      return exit(codes[error.code] ?? dataError, error)
    case let error as NeuralCoreError:
      return exit(error.code == .cancelled ? temporary : dataError, error)
    case let error as VolumeError: return exit(dataError, error)
    case let error as WindowingError: return exit(dataError, error)
    case let error as EvaluationError: return exit(dataError, error)
    default: return error
    }
  }
}
