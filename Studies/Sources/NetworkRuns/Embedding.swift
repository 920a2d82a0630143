// Features of pictures and scans, as an array that NumPy reads.

import Foundation
public import ICHStudy
public import NeuralCore

/// Features of pictures and scans from a network with its weights.
public struct Embedding: Sendable {
  public let network: AnyPictureNetwork
  public let reader: PictureReader

  /// A network whose file tells what it is, as `roentgen train` writes it, or one that `network` and
  /// `input` describe.
  ///
  /// - Throws: `StudyError.Code.usage` where neither tells; `NeuralCoreError` for the file.
  public init(
    weights path: String, network: NetworkPlan? = nil, input: TrainingPlan.InputPlan? = nil
  ) throws {
    let metadata = try Weights(contentsOf: path).metadata
    func told<T: Decodable>(_ type: T.Type, _ key: String) throws -> T? {
      guard let text = metadata[key] else { return nil }
      do {
        return try JSONDecoder().decode(type, from: Data(text.utf8))
      } catch {
        throw StudyError(.data, "\(path): its \(key) cannot be understood")
      }
    }
    guard var plan = try network ?? told(NetworkPlan.self, "roentgen.network") else {
      throw StudyError(
        .usage, "the weights do not say what network they are of; name it with --model")
    }
    let seen = try input ?? told(TrainingPlan.InputPlan.self, "roentgen.input") ?? .init()
    plan.weights = path
    self.network = try AnyPictureNetwork.started(
      plan, side: seen.side, channels: seen.channels, classes: nil, seed: 0)
    reader = try PictureReader(seen)
  }

  /// The features of each picture, and of each axial slice of a scan, in order.
  ///
  /// - Returns: `[row, width]`, and for each row its file and slice.
  public func features(of paths: [String], batch: Int = 32, progress: ProgressLine) throws
    -> (features: Tensor, rows: [(path: String, slice: Int)])
  {
    var parts: [Tensor] = []
    var rows: [(path: String, slice: Int)] = []
    var pending: [Tensor] = []
    func flush() {
      guard !pending.isEmpty else { return }
      parts.append(network.features(Variable(Tensor.stacked(pending))).value)
      pending = []
    }
    progress.stage("features of \(paths.count) files")
    for (done, path) in paths.enumerated() {
      for (slice, levels) in try reader.levels(path, everySlice: true).enumerated() {
        pending.append(reader.tensor(levels))
        rows.append((path, slice))
        if pending.count == batch { flush() }
      }
      progress.update(done + 1, of: paths.count)
    }
    flush()
    guard !parts.isEmpty else { throw StudyError(.data, "no pictures") }
    return (Tensor.concatenated(parts, axis: 0), rows)
  }
}
