import ArgumentParser
import Foundation
import ICHStudy
import NetworkRuns
import NeuralCore
import VolumeIO

struct EmbedCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "embed",
    abstract: "Features of pictures or scans from a network, as a NumPy array.",
    discussion: """
      roentgen embed tiles/*.png --weights runs/a/fold-1/model.safetensors -o features.npy
      roentgen embed head.nii.gz --preset brain --weights phikon.safetensors --model vit-base \\
        --side 224 --channels 3 -o head.npy

      One row a picture, and one for each axial slice of a scan; features.csv beside the array names
      the row's file and slice. A file that roentgen train wrote knows its network and input; for
      others say --model, --side, --channels, --mean and --deviation.
      """)

  @Argument(help: "Pictures, scans, or folders of pictures.")
  var inputs: [String]

  @Option(help: "The network's weights: safetensors, .pt, .npz.")
  var weights: String

  @Option(name: .shortAndLong, help: "The array to write, .npy.")
  var output: String

  @Option(help: "\(NetworkPlan.names.joined(separator: ", ")).")
  var model: String?

  @Option(help: "Pixels along each side of what the network sees.")
  var side: Int?

  @Option(help: "The side of a patch of a transformer, in pixels.")
  var patch: Int?

  @Option(help: "1 for grey, 3 for colours.")
  var channels: Int?

  @Option(help: "One window, or three separated by commas.")
  var preset: String?

  @Option(help: "Mean of values of 0…1, one or one a channel, separated by commas.")
  var mean: String?

  @Option(help: "Deviation, likewise.")
  var deviation: String?

  @Option(help: "Pictures at a time.")
  var batch = 32

  @Flag(help: "Replace files that exist.")
  var force = false

  @Flag(help: "No progress on standard error.")
  var quiet = false

  func validate() throws {
    guard !inputs.isEmpty else { throw ValidationError("a picture is needed") }
    guard output.hasSuffix(".npy") else { throw ValidationError("--output \(output): .npy") }
    guard (1...4_096).contains(batch) else { throw ValidationError("--batch \(batch): 1 to 4096") }
    guard (8...2_048).contains(side ?? 8) else {
      throw ValidationError("--side \(side ?? 0): 8 to 2048")
    }
    guard [1, 3].contains(channels ?? 1) else {
      throw ValidationError("--channels \(channels ?? 0): 1 or 3")
    }
  }

  func run() async throws {
    do {
      if !force, FileManager.default.fileExists(atPath: output) {
        throw StudyError(.output, "\(output) exists; --force replaces it")
      }
      let embedding = try Embedding(weights: weights, network: network, input: input)
      let (features, rows) = try embedding.features(
        of: try files, batch: batch, progress: ProgressLine(quiet: quiet))
      try NumPy.write(features, to: output)
      let table = Table(
        columns: ["row", "file", "slice"],
        rows: rows.enumerated().map { ["\($0)", $1.path, "\($1.slice)"] })
      try RunFolder.write(
        Data(table.csv().utf8), to: URL(fileURLWithPath: String(output.dropLast(4)) + ".csv"))
      print("\(features.shape[0]) × \(features.shape[1]) in \(output)")
    } catch {
      throw Failure.ofNetworks(error)
    }
  }

  private var network: NetworkPlan? {
    get throws {
      guard let model else { return nil }
      guard NetworkPlan.names.contains(model) else {
        throw ValidationError("--model \(model): \(NetworkPlan.names.joined(separator: ", "))")
      }
      var plan = NetworkPlan()
      plan.name = model
      plan.patch = patch
      return plan
    }
  }

  private var input: TrainingPlan.InputPlan? {
    get throws {
      if side == nil, channels == nil, preset == nil, mean == nil, deviation == nil, model == nil {
        return nil
      }
      var plan = TrainingPlan.InputPlan()
      plan.side = side ?? 224
      plan.channels = channels ?? 3
      plan.presets = preset?.split(separator: ",").map(String.init) ?? []
      func numbers(_ text: String?, _ name: String) throws -> [Double]? {
        guard let text else { return nil }
        let parts = text.split(separator: ",").map { Double($0) }
        let found = parts.compactMap { $0 }
        guard found.count == parts.count, [1, plan.channels].contains(found.count) else {
          throw ValidationError("--\(name) \(text): one number, or one a channel")
        }
        return found
      }
      plan.mean = try numbers(mean, "mean") ?? plan.mean
      plan.deviation = try numbers(deviation, "deviation") ?? plan.deviation
      guard plan.deviation.allSatisfy({ $0 > 0 }) else {
        throw ValidationError("--deviation: above 0")
      }
      guard [0, 1, plan.channels].contains(plan.presets.count) else {
        throw ValidationError("--preset: one window, or three with --channels 3")
      }
      return plan
    }
  }

  /// The inputs, folders of pictures opened.
  private var files: [String] {
    get throws {
      try inputs.flatMap { path -> [String] in
        guard FileManager.default.fileExists(atPath: path) else {
          throw StudyError(.data, "\(path): no such file")
        }
        guard isFolder(path) else { return [path] }
        let endings = [".png", ".jpg", ".jpeg", ".tif", ".tiff"]
        let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        let pictures = names.filter { name in
          endings.contains { name.lowercased().hasSuffix($0) }
        }
        // A folder without pictures is a series of slices.
        return pictures.isEmpty ? [path] : pictures.map { "\(path)/\($0)" }
      }
    }
  }
}
