import Foundation
import NeuralCore
import Testing

/// Reference models made by `reference_models.py` with the Python that `ROENTGEN_PYTHON` names.
enum ReferenceModels {
  /// The Python to ask, or nil.
  static let python = ProcessInfo.processInfo.environment["ROENTGEN_PYTHON"]

  /// Runs a Python script beside this file; its standard output, or nil where it fails.
  static func run(_ script: String, _ arguments: [String], beside file: String = #filePath)
    -> String?
  {
    guard let python else { return nil }
    let here = URL(fileURLWithPath: file).deletingLastPathComponent().path
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["\(here)/\(script)"] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    guard (try? process.run()) != nil else { return nil }
    // `FileHandle`'s own reader does not survive an interrupted system call.
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = unsafe read(pipe.fileHandleForReading.fileDescriptor, &buffer, buffer.count)
      if count > 0 { text += buffer[..<count] }
      if count == 0 || (count < 0 && errno != EINTR) { break }
    }
    process.waitUntilExit()
    return process.terminationStatus == 0 ? String(decoding: text, as: UTF8.self) : nil
  }

  /// A fresh folder that the system clears.
  static func temporaryFolder() throws -> String {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("roentgen-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url.path
  }

  /// One reference model: its weights and its case.
  struct Case {
    let weights: Weights
    let tensors: Weights

    /// The folder with all models, made by one run of the script; nil where it fails.
    private static let made: (folder: String, said: String)? = {
      guard let folder = try? temporaryFolder(), let text = run("reference_models.py", [folder])
      else { return nil }
      return (folder, text)
    }()

    /// Reads a model, or says that it is skipped.
    static func make(_ name: String) throws -> Case? {
      guard python != nil else {
        print("SKIPPED 1 parity test (\(name)): ROENTGEN_PYTHON is not set")
        return nil
      }
      guard let made, made.said.split(separator: "\n").contains("made \(name)") else {
        print("SKIPPED 1 parity test (\(name)): the reference could not be made")
        return nil
      }
      let files = ["weights", "case"].map { "\(made.folder)/\(name).\($0).safetensors" }
      // What was opened stays readable.
      defer { for file in files { try? FileManager.default.removeItem(atPath: file) } }
      return Case(
        weights: try Weights(contentsOf: files[0]), tensors: try Weights(contentsOf: files[1]))
    }

    func input(_ name: String) throws -> Tensor { try tensors.tensor("in.\(name)") }
    func output(_ name: String) throws -> Tensor { try tensors.tensor("out.\(name)") }
  }
}

/// The largest absolute difference, after a check of the shapes.
func largestDifference(
  _ a: Tensor, _ b: Tensor, sourceLocation: SourceLocation = #_sourceLocation
) -> Float {
  #expect(a.shape == b.shape, sourceLocation: sourceLocation)
  guard a.shape == b.shape else { return .infinity }
  var largest: Float = 0
  for (x, y) in zip(a.scalars, b.scalars) {
    if x.isNaN || y.isNaN { return .infinity }
    largest = max(largest, abs(x - y))
  }
  return largest
}

/// Checks logits in inference, then loss and gradients of one training step.
func checkClassifier<Model: Layer>(
  _ name: String, _ network: Model, names: NameMap = .identity, tolerance: Float,
  gradientTolerance: Float = 2e-4, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  guard let reference = try ReferenceModels.Case.make(name) else { return }
  var network = network
  try network.load(reference.weights, names: names)
  let images = try reference.input("x")
  let logits = network(images)
  let expected = try reference.output("logits")
  let size = max(expected.scalars.map { abs($0) }.max() ?? 1, 1)
  let difference = largestDifference(logits, expected, sourceLocation: sourceLocation) / size
  print("\(name): largest difference of the logits \(difference) of \(size)")
  #expect(difference <= tolerance, sourceLocation: sourceLocation)
  guard reference.tensors.tensors["out.loss"] != nil else { return }
  // Direct sums: where ReLU's argument is 2e-6 of its neighbours, as once in ResNet-50, Winograd's
  // rounding takes the other side, and gradients before it differ by percents.
  let tape = Tape(
    isTraining: try reference.input("training").scalar == 1, convolutions: .direct)
  let loss = Loss.crossEntropy()(network(tape.constant(images)), try reference.input("y"))
  #expect(
    abs(loss.value.scalar - (try reference.output("loss").scalar)) < 1e-4 * size,
    sourceLocation: sourceLocation)
  let gradients = tape.gradients(of: loss)
  var worst: Float = 0
  for (name, parameter) in network.namedParameters where !parameter.isStatistic {
    guard let stored = reference.tensors.tensors["grad.\(name)"] else { continue }
    let expected = stored.tensor()
    let found = try #require(gradients[parameter], "\(name)", sourceLocation: sourceLocation)
    let scale = max(expected.scalars.map { abs($0) }.max() ?? 1, 1e-3)
    let relative = largestDifference(found, expected, sourceLocation: sourceLocation) / scale
    #expect(relative <= gradientTolerance, "\(name)", sourceLocation: sourceLocation)
    worst = max(worst, relative)
  }
  print("\(name): largest difference of a gradient, of its tensor's largest \(worst)")
}
