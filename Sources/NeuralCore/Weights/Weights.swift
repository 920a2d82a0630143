// The tensors of a weights file, whatever its format.

/// Named tensors from one or more files, read only when asked for.
///
/// ```swift
/// let weights = try Weights(contentsOf: "model.safetensors")
/// print(weights)                                  // 103 tensors, 22.7 M numbers (safetensors)
/// let table = try weights.tensor("embeddings.word_embeddings.weight")
/// ```
///
/// Formats are told by their bytes, not their names: safetensors (one file, or an
/// `….index.json` that lists shards), PyTorch (`.pt`, `.pth`, `.bin`, zip or legacy; nothing in
/// it is executed), GGUF, `.npz` and `.npy`.
public struct Weights: Sendable, CustomStringConvertible {
  /// The tensors by name.
  public private(set) var tensors: [String: StoredTensor] = [:]
  /// Text that the file carries beside the tensors (safetensors' `__metadata__`).
  public internal(set) var metadata: [String: String] = [:]
  /// "safetensors", "pytorch", "gguf" or "numpy".
  public let format: String

  init(format: String) { self.format = format }

  /// Opens a weights file.
  ///
  /// - Throws: ``NeuralCoreError`` with the file, the byte and what was found there.
  public init(contentsOf path: String) throws(NeuralCoreError) {
    do throws(NeuralCoreError) {
      if path.hasSuffix(".json") {
        self = try Safetensors.readIndex(path)
      } else {
        self = try Weights(reading: try ByteSource(path: path))
      }
    } catch {
      throw error.naming(path)
    }
  }

  /// Reads weights from bytes in memory.
  public init(bytes: [UInt8]) throws(NeuralCoreError) {
    self = try Weights(reading: .array(bytes))
  }

  private init(reading source: ByteSource) throws(NeuralCoreError) {
    let head = try source.bytes(0, min(16, source.count), of: "the head")
    if head.starts(with: [0x50, 0x4B]) {  // "PK": a zip, of PyTorch or NumPy
      let zip = try ZipArchive(source)
      self =
        zip.members.keys.contains { $0.hasSuffix("data.pkl") }
        ? try TorchCheckpoint.readZip(zip) : try NumPy.readZip(zip)
    } else if head.starts(with: Array("GGUF".utf8)) {
      self = try GGUF(source).weights
    } else if head.starts(with: [0x93] + Array("NUMPY".utf8)) {
      self.init(format: "numpy")
      try add(try NumPy.tensor("array", in: source))
    } else if head.count > 9, head[0] == 0x80 {
      self = try TorchCheckpoint.readLegacy(source)
    } else {
      self = try Safetensors.read(source)
    }
  }

  mutating func add(_ tensor: StoredTensor) throws(NeuralCoreError) {
    guard tensors.updateValue(tensor, forKey: tensor.name) == nil else {
      throw NeuralCoreError(.malformed, "the tensor \(tensor.name) stands twice")
    }
  }

  /// A tensor's numbers as float32.
  ///
  /// - Throws: `mismatch` where no tensor has the name.
  public func tensor(_ name: String) throws(NeuralCoreError) -> Tensor {
    guard let stored = tensors[name] else {
      throw NeuralCoreError(.mismatch, "no tensor \(name) among \(tensors.count)")
    }
    return stored.tensor()
  }

  public var description: String {
    let count = tensors.values.reduce(0) { $0 + $1.count }
    let millions = (Double(count) / 1e5).rounded() / 10
    return "\(tensors.count) tensors, \(millions) M numbers (\(format))"
  }
}

extension StoredTensor {
  /// The numbers as a float32 tensor: the file's own memory where it holds float32 rows on an
  /// aligned address (nothing is copied until somebody writes), else converted.
  public func tensor() -> Tensor {
    if type == .float32, strides == nil, !isBigEndian, let mapped = mappedTensor() {
      return mapped
    }
    return Tensor(floats(), shape: shape)
  }

  private func mappedTensor() -> Tensor? {
    guard case .mapped(let mapping) = source, !range.isEmpty else { return nil }
    guard let start = unsafe mapping.file.bytes.baseAddress else { return nil }
    let base = unsafe start + range.lowerBound
    guard UInt(bitPattern: base) % 4 == 0 else { return nil }
    return unsafe Tensor(readOnly: base, .float32, shape: shape, owner: mapping.file)
  }
}
