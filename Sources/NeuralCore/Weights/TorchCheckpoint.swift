// PyTorch's checkpoints: a pickle that describes tensors, and their storages.
// Source: `torch/serialization.py` (zip since 1.6, the legacy stream before) and
// `torch/_utils.py` (`_rebuild_tensor_v2`).

enum TorchCheckpoint {
  private static let storageTypes: [String: StoredType] = [
    "DoubleStorage": .float64, "FloatStorage": .float32, "HalfStorage": .float16,
    "BFloat16Storage": .bfloat16, "LongStorage": .int64, "IntStorage": .int32,
    "ShortStorage": .int16, "CharStorage": .int8, "ByteStorage": .uint8, "BoolStorage": .bool,
  ]

  /// A tensor as the pickle describes it, its bytes not yet found.
  private struct Description {
    let name: String
    let type: StoredType
    let key: String
    let offset: Int
    let shape: [Int]
    let strides: [Int]
  }

  /// The zip form: `…/data.pkl` and one member `…/data/KEY` for each storage.
  static func readZip(_ zip: ZipArchive) throws(NeuralCoreError) -> Weights {
    let pickles = zip.members.keys.filter { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }
    guard let name = pickles.min(by: { $0.count < $1.count }) else {
      throw NeuralCoreError(.malformed, "PyTorch: no data.pkl in the zip")
    }
    let folder = String(name.dropLast("data.pkl".count))
    if zip.members[folder + "byteorder"] != nil {
      let order = String(decoding: try zip.bytes(folder + "byteorder"), as: UTF8.self)
      guard order == "little" else {
        throw NeuralCoreError(.unsupported, "PyTorch: bytes in \(order) order")
      }
    }
    var machine = PickleMachine(try zip.bytes(name))
    defer { machine.dismantle() }
    var weights = Weights(format: "pytorch")
    for description in try descriptions(try machine.run()) {
      let (source, range) = try zip.slice(folder + "data/" + description.key)
      try weights.add(try stored(description, source, range))
    }
    return weights
  }

  /// The legacy stream: five pickles, then each storage with its count.
  static func readLegacy(_ source: ByteSource) throws(NeuralCoreError) -> Weights {
    let bytes = try source.bytes(0, source.count, of: "PyTorch's legacy stream")
    var machine = PickleMachine(bytes)
    defer { machine.dismantle() }
    let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    guard bytes.count > 14, Array(bytes[2..<14]) == [0x8A, 10] + magic else {
      throw NeuralCoreError(.malformed, "not a weights file: neither PyTorch's magic nor another's")
    }
    _ = try machine.run()
    let version = try machine.run()
    guard version.integer == 1001 else {
      throw NeuralCoreError(.unsupported, "PyTorch: legacy protocol \(version), 1001 is read")
    }
    _ = try machine.run()
    let content = try machine.run()
    guard let keys = try machine.run().tuple else {
      throw NeuralCoreError(.malformed, "PyTorch: no list of storages", offset: machine.at)
    }
    let found = try descriptions(content)
    var types: [String: StoredType] = [:]
    for description in found { types[description.key] = description.type }
    var ranges: [String: Range<Int>] = [:]
    var at = machine.at
    for value in keys {
      guard let key = value.string, let type = types[key] else {
        throw NeuralCoreError(.malformed, "PyTorch: a storage that no tensor uses", offset: at)
      }
      var reader = ByteReader(
        try source.bytes(at, 8, of: "a storage's count"), what: "PyTorch's storage \(key)")
      let count = try reader.count("count", upTo: source.count / type.blockBytes)
      let length = count * type.blockBytes
      try source.check(at + 8, length, of: "storage \(key)")
      ranges[key] = at + 8..<at + 8 + length
      at += 8 + length
    }
    var weights = Weights(format: "pytorch")
    for description in found {
      guard let range = ranges[description.key] else {
        throw NeuralCoreError(.malformed, "PyTorch: \(description.name) has no storage")
      }
      try weights.add(try stored(description, source, range))
    }
    return weights
  }

  private static func stored(_ tensor: Description, _ source: ByteSource, _ range: Range<Int>)
    throws(NeuralCoreError) -> StoredTensor
  {
    let size = tensor.type.blockBytes
    guard tensor.offset >= 0, tensor.offset <= range.count / size else {
      throw NeuralCoreError(
        .malformed, "PyTorch: \(tensor.name) begins at element \(tensor.offset) of its storage",
        offset: range.lowerBound)
    }
    let start = range.lowerBound + tensor.offset * size
    var count = 1
    var isDense = true
    for (axis, stride) in zip(tensor.shape, tensor.strides).reversed() {
      if axis != 1, stride != count { isDense = false }
      let (product, overflow) = count.multipliedReportingOverflow(by: axis)
      guard axis >= 0, !overflow, product < 1 << 44 else {
        throw NeuralCoreError(.limit, "PyTorch: \(tensor.name) has shape \(tensor.shape)")
      }
      count = product
    }
    if count == 0 { isDense = true }
    return try StoredTensor(
      name: tensor.name, type: tensor.type, shape: tensor.shape,
      strides: isDense ? nil : tensor.strides, source: source, start: start,
      length: isDense ? count * size : range.upperBound - start)
  }

  /// All tensors that dictionaries hold, named by their keys joined with dots. A checkpoint
  /// whose weights stand under `state_dict`, `model` or `model_state_dict` gives those alone.
  private static func descriptions(_ value: PickleValue) throws(NeuralCoreError) -> [Description] {
    var root = value
    for wrapper in ["state_dict", "model_state_dict", "model"] {
      if let inner = root.entries?.first(where: { $0.key.string == wrapper })?.value,
        inner.entries != nil
      {
        root = inner
        break
      }
    }
    var found = Found()
    try collect(root, "", 0, &found)
    return found.descriptions
  }

  /// What was found so far, and what it took: shared dictionaries can be walked more often, and long
  /// keys be repeated more often, than any file is long.
  private struct Found {
    var descriptions: [Description] = []
    var visits = 0
    var nameBytes = 0
  }

  private static func collect(
    _ value: PickleValue, _ name: String, _ depth: Int, _ found: inout Found
  ) throws(NeuralCoreError) {
    found.visits += 1
    found.nameBytes += name.utf8.count
    guard depth < 32, found.visits < 1 << 18, found.nameBytes < 1 << 27 else {
      throw NeuralCoreError(
        .limit, "PyTorch: tensors nested too deep or too many at \(name.prefix(200))")
    }
    if case .call(let function, let box) = value {
      if function == "torch._utils._rebuild_parameter", let tensor = box.values.first {
        return try collect(tensor, name, depth + 1, &found)
      }
      if function == "torch._utils._rebuild_tensor_v2" || function == "torch._utils._rebuild_tensor"
      {
        found.descriptions.append(try description(name, box.values))
        return
      }
    }
    for (key, inner) in value.entries ?? [] {
      let word = key.string ?? key.integer.map(String.init) ?? ""
      if word == "_metadata" { continue }
      try collect(inner, name.isEmpty ? word : "\(name).\(word)", depth + 1, &found)
    }
  }

  private static func description(_ name: String, _ arguments: [PickleValue])
    throws(NeuralCoreError) -> Description
  {
    guard arguments.count >= 4, case .persistent(let box) = arguments[0],
      let storage = box.values.first?.tuple, storage.count >= 5,
      case .global(let type) = storage[1], let key = storage[2].string,
      let offset = arguments[1].integer, let shape = arguments[2].integers,
      let strides = arguments[3].integers, shape.count == strides.count
    else {
      throw NeuralCoreError(.malformed, "PyTorch: \(name) is no tensor of a known form")
    }
    let word = type.split(separator: ".").last.map(String.init) ?? type
    guard let stored = storageTypes[word] else {
      throw NeuralCoreError(.unsupported, "PyTorch: \(name) lies in a \(type)")
    }
    return Description(
      name: name, type: stored, key: key, offset: offset, shape: shape, strides: strides)
  }
}
