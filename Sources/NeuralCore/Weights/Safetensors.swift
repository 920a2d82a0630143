// safetensors: 8 bytes of header length, a JSON header, then tensors end to end.
// Source: https://huggingface.co/docs/safetensors, "Format".

enum Safetensors {
  /// The longest header that the reference implementation accepts.
  static let headerLimit = 100_000_000

  static let types: [String: StoredType] = [
    "F64": .float64, "F32": .float32, "F16": .float16, "BF16": .bfloat16, "I64": .int64,
    "I32": .int32, "I16": .int16, "I8": .int8, "U64": .uint64, "U32": .uint32, "U16": .uint16,
    "U8": .uint8, "BOOL": .bool,
  ]

  static func read(_ source: ByteSource) throws(NeuralCoreError) -> Weights {
    var reader = ByteReader(
      try source.bytes(0, 8, of: "safetensors' header length"), what: "safetensors")
    let length = try reader.count("header length", upTo: min(headerLimit, source.count - 8))
    let header = try JSON(parsing: try source.bytes(8, length, of: "safetensors' header"))
    guard let members = header.object else {
      throw NeuralCoreError(.malformed, "safetensors: the header is no JSON object", offset: 8)
    }
    var weights = Weights(format: "safetensors")
    let data = 8 + length
    var covered: [(start: Int, end: Int, name: String)] = []
    for (name, entry) in members {
      if name == "__metadata__" {
        for (key, value) in entry.object ?? [:] { weights.metadata[key] = value.string }
        continue
      }
      guard let word = entry["dtype"]?.string, let shape = entry["shape"]?.integers,
        let offsets = entry["data_offsets"]?.integers, offsets.count == 2
      else {
        throw NeuralCoreError(.malformed, "safetensors: \(name) lacks dtype, shape or data_offsets")
      }
      guard let type = types[word] else {
        throw NeuralCoreError(.unsupported, "safetensors: \(name) has type \(word)")
      }
      let limit = source.count - data
      guard offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= limit else {
        throw NeuralCoreError(
          .malformed, "safetensors: \(name) lies at \(offsets), the data has \(limit) bytes")
      }
      try weights.add(
        StoredTensor(
          name: name, type: type, shape: shape, source: source, start: data + offsets[0],
          length: offsets[1] - offsets[0]))
      covered.append((offsets[0], offsets[1], name))
    }
    // The format forbids holes and overlaps; an overlap would let one tensor alias another.
    covered.sort { ($0.start, $0.end) < ($1.start, $1.end) }
    var end = 0
    for entry in covered {
      guard entry.start == end else {
        throw NeuralCoreError(
          .malformed,
          "safetensors: \(entry.name) begins at \(entry.start), not at \(end) where one ends")
      }
      end = entry.end
    }
    return weights
  }

  /// Opens the shards that an `….index.json` names, each beside it.
  static func readIndex(_ path: String) throws(NeuralCoreError) -> Weights {
    let source = try ByteSource(path: path)
    guard source.count <= headerLimit else {
      throw NeuralCoreError(.limit, "an index of \(source.count) bytes")
    }
    let index = try JSON(parsing: try source.bytes(0, source.count, of: "the index"))
    guard let map = index["weight_map"]?.object else {
      throw NeuralCoreError(.malformed, "the index has no weight_map")
    }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    var weights = Weights(format: "safetensors")
    var shards: [String: Weights] = [:]
    for (name, value) in map.sorted(by: { $0.key < $1.key }) {
      guard let file = value.string, !file.isEmpty, !file.contains("/"), file != ".." else {
        throw NeuralCoreError(.malformed, "the shard of \(name) is no file name beside the index")
      }
      if shards[file] == nil { shards[file] = try Weights(contentsOf: folder + file) }
      guard let tensor = shards[file]?.tensors[name] else {
        throw NeuralCoreError(.mismatch, "\(file) lacks \(name), which the index puts there")
      }
      try weights.add(tensor)
    }
    return weights
  }
}
