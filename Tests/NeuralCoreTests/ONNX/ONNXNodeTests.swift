// ONNX's own node tests against the operators.
//
// The folder of cases is the environment variable ROENTGEN_ONNX (as `onnx/backend/test/data/node`
// lays them out) or is written by the Python that ROENTGEN_PYTHON names, which needs `onnx`.

import Foundation
import NeuralCore
import Testing

@Suite(.serialized) struct ONNXNodeTests {
  private static func folder() throws -> URL? {
    let environment = ProcessInfo.processInfo.environment
    if let path = environment["ROENTGEN_ONNX"] { return URL(fileURLWithPath: path) }
    guard let python = environment["ROENTGEN_PYTHON"] else { return nil }
    let target = FileManager.default.temporaryDirectory
      .appendingPathComponent("roentgen-onnx-\(UUID().uuidString)")
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("generate_onnx_cases.py")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = [script.path, target.path]
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? target : nil
  }

  private static func read(_ file: URL) throws -> Tensor? {
    guard let data = try? Data(contentsOf: file) else { return nil }
    guard let message = ProtobufMessage(ArraySlice(data)) else { throw NotMapped("no tensor") }
    return try ONNXTensor.read(message)
  }

  /// Why two results differ, or `nil`.
  private static func difference(_ found: Tensor, _ expected: Tensor) -> String? {
    if found.shape != expected.shape { return "shape \(found.shape) for \(expected.shape)" }
    if found.elementType != expected.elementType {
      return "\(found.elementType) for \(expected.elementType)"
    }
    // ONNX's own tolerance is 1e-3 relative and 1e-7 absolute.
    let relative: Float = expected.elementType == .bfloat16 ? 1e-2 : 1e-3
    let absolute: Float =
      expected.elementType == .float16 || expected.elementType == .bfloat16
      ? 2e-3 : 2e-6
    if found.isClose(to: expected, absolute: absolute, relative: relative) { return nil }
    return "differs by \(found.maximumDifference(from: expected))"
  }

  @Test func `every node test whose operators exist here passes`() throws {
    guard let folder = try Self.folder() else {
      print("skipped: ONNX node tests (neither ROENTGEN_ONNX nor ROENTGEN_PYTHON with onnx)")
      return
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    var passed = 0
    var failed: [String] = []
    var missing: [String: Int] = [:]
    for name in names {
      let place = folder.appendingPathComponent(name)
      guard let data = try? Data(contentsOf: place.appendingPathComponent("model.onnx")),
        let graph = ONNXGraph(Array(data))
      else { continue }
      do {
        if graph.opset > 0 && graph.opset < 13 { throw NotMapped("opset below 13") }
        if Self.outsideScope.contains(name) { throw NotMapped("outside the core's scope") }
        let set = place.appendingPathComponent("test_data_set_0")
        let inputs = try graph.inputs.indices.map {
          try Self.read(set.appendingPathComponent("input_\($0).pb"))
        }
        let results = try graph.run(inputs)
        var problem: String?
        for (index, result) in results.enumerated() {
          guard let expected = try Self.read(set.appendingPathComponent("output_\(index).pb"))
          else { continue }
          problem = problem ?? Self.difference(result, expected)
        }
        if let problem { failed.append("\(name): \(problem)") } else { passed += 1 }
      } catch let error as NotMapped {
        missing[error.why, default: 0] += 1
      }
    }
    print(
      "ONNX node tests: \(passed) passed, \(failed.count) failed, "
        + "\(missing.values.reduce(0, +)) not mapped, of \(names.count)")
    for line in failed { print("  failed \(line)") }
    let list = missing.sorted { $0.value > $1.value }.map { "\($0.key) \($0.value)" }
    print("  not mapped: \(list.joined(separator: ", "))")
    #expect(failed.isEmpty)
    #expect(passed > 0)
  }

  /// Cases that would trap by the core's rules, each with its reason.
  private static let outsideScope: Set<String> = []
}
