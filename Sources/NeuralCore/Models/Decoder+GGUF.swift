// Decoders from GGUF files.

extension Decoder.Configuration {
  /// The shape that a GGUF file describes; architectures "llama" and "gemma3".
  public init(_ file: GGUF) throws(NeuralCoreError) {
    guard let name = file.string("general.architecture"), name == "llama" || name == "gemma3" else {
      throw NeuralCoreError(
        .unsupported,
        "GGUF: architecture \(file.string("general.architecture") ?? "unnamed"), llama and gemma3 are read"
      )
    }
    func need(_ key: String) throws(NeuralCoreError) -> Int {
      guard let value = file.integer("\(name).\(key)"), value > 0, value < 1 << 24 else {
        throw NeuralCoreError(.malformed, "GGUF: no sensible \(name).\(key)")
      }
      return value
    }
    let table = file.weights.tensors["token_embd.weight"]
    guard let rows = table?.shape.first, table?.shape.count == 2, rows > 0, rows < 1 << 24 else {
      throw NeuralCoreError(
        .malformed, "GGUF: token_embd.weight is \(table?.shape ?? []), [tokens, width] expected")
    }
    let (width, heads) = (try need("embedding_length"), try need("attention.head_count"))
    let keyHeads = file.integer("\(name).attention.head_count_kv") ?? heads
    let headWidth = file.integer("\(name).attention.key_length") ?? width / heads
    guard keyHeads > 0, heads % keyHeads == 0, headWidth > 0, headWidth % 2 == 0, headWidth < 4_096
    else {
      throw NeuralCoreError(
        .malformed, "GGUF: \(heads) heads, \(keyHeads) key heads of \(headWidth)")
    }
    let depth = try need("block_count")
    guard depth <= file.weights.tensors.count else {
      throw NeuralCoreError(
        .limit, "GGUF: \(depth) blocks in a file of \(file.weights.tensors.count) tensors")
    }
    self.init(
      vocabulary: rows, width: width, depth: depth, heads: heads,
      keyHeads: keyHeads, headWidth: headWidth, hidden: try need("feed_forward_length"))
    epsilon = Float(file.real("\(name).attention.layer_norm_rms_epsilon") ?? 1e-5)
    rotaryBase = file.real("\(name).rope.freq_base") ?? 10_000
    isTied = file.weights.tensors["output.weight"] == nil
    if name == "gemma3" {
      isGemma = true
      activation = .geluTanh
      window = file.integer("gemma3.attention.sliding_window")
    }
  }
}

extension Decoder {
  /// A decoder from a GGUF file.
  ///
  /// - Parameters:
  ///   - file: The file, architecture "llama" or "gemma3".
  ///   - keepsQuantized: Whether matrices of 4 to 8 bits a weight stay in the file's memory and are
  ///     multiplied as they are, which is fast and small but cannot be trained; float32 otherwise.
  public init(_ file: GGUF, keepsQuantized: Bool = true) throws(NeuralCoreError) {
    let configuration = try Configuration(file)
    var draws = SeededDraws(seed: 0)
    self.init(configuration, start: .absent, &draws)
    let names = Decoder.ggufNames.preceded(
      by: Decoder.normNames(isGemma: configuration.isGemma))
    var shapes: [String: [Int]] = [:]
    for (name, shape) in configuration.matrixShapes { shapes[name] = shape }
    var tensors: [String: Tensor] = [:]
    var matrices: [String: QuantizedMatrix] = [:]
    for (name, stored) in file.weights.tensors {
      guard let place = names.place(of: name) else { continue }
      let wanted = shapes[place.name]
      if let wanted, stored.shape != wanted {
        throw NeuralCoreError(
          .mismatch, "\(name) is \(stored.shape), \(place.name) of this network \(wanted)")
      }
      // A matrix of a block that the network has not got is left over: `load` says so.
      let isTurned =
        !configuration.isGemma && wanted != nil
        && (name.hasSuffix("attn_q.weight") || name.hasSuffix("attn_k.weight"))
      let order = Decoder.unturned(
        rows: stored.shape.first ?? 0, headWidth: configuration.headWidth)
      if keepsQuantized, let matrix = QuantizedMatrix(stored) {
        matrices[place.name] = isTurned ? matrix.permutingRows(order) : matrix
        tensors[place.name] = Tensor.zeros([0])
      } else if isTurned {
        tensors[place.name] = Tensor.stacked(
          order.map { stored.tensor().selected(axis: 0, $0) })
      } else {
        tensors[place.name] = stored.tensor()
      }
    }
    // Placeholders take the file's tensors, whose shapes were compared above.
    updateParameters { name, parameter in
      if parameter.value.shape == [0], let tensor = tensors[name] {
        parameter.value = tensor
      }
      parameter.quantized = matrices[name]
    }
    try load(tensors)
  }

  /// Llama's GGUF files hold the rows of queries and keys so that turned pairs are neighbours; here
  /// they lie half a head apart: the row of the file that each row here is.
  private static func unturned(rows: Int, headWidth: Int) -> [Int] {
    guard rows % headWidth == 0 else { return Array(0..<rows) }
    return (0..<rows).map { row in
      let (head, place) = (row / headWidth, row % headWidth)
      return head * headWidth + place % (headWidth / 2) * 2 + place / (headWidth / 2)
    }
  }

  /// From GGUF's names to those of `transformers`.
  public static let ggufNames = NameMap([
    ("token_embd.weight", "model.embed_tokens.weight"),
    ("output_norm.weight", "model.norm.weight"),
    ("output.weight", "lm_head.weight"),
    ("rope_freqs.weight", ""),
    ("blk.{i}.attn_q.*", "model.layers.{i}.self_attn.q_proj.*"),
    ("blk.{i}.attn_k.*", "model.layers.{i}.self_attn.k_proj.*"),
    ("blk.{i}.attn_v.*", "model.layers.{i}.self_attn.v_proj.*"),
    ("blk.{i}.attn_output.*", "model.layers.{i}.self_attn.o_proj.*"),
    ("blk.{i}.attn_q_norm.*", "model.layers.{i}.self_attn.q_norm.*"),
    ("blk.{i}.attn_k_norm.*", "model.layers.{i}.self_attn.k_norm.*"),
    ("blk.{i}.ffn_gate.*", "model.layers.{i}.mlp.gate_proj.*"),
    ("blk.{i}.ffn_up.*", "model.layers.{i}.mlp.up_proj.*"),
    ("blk.{i}.ffn_down.*", "model.layers.{i}.mlp.down_proj.*"),
    ("blk.{i}.attn_norm.*", "model.layers.{i}.input_layernorm.*"),
  ])

  /// The names that differ between the two architectures.
  static func normNames(isGemma: Bool) -> [(String, String)] {
    isGemma
      ? [
        ("blk.{i}.post_attention_norm.*", "model.layers.{i}.post_attention_layernorm.*"),
        ("blk.{i}.ffn_norm.*", "model.layers.{i}.pre_feedforward_layernorm.*"),
        ("blk.{i}.post_ffw_norm.*", "model.layers.{i}.post_feedforward_layernorm.*"),
      ] : [("blk.{i}.ffn_norm.*", "model.layers.{i}.post_attention_layernorm.*")]
  }
}

extension Decoder.Configuration {
  /// The shape of every matrix of a decoder, by name.
  fileprivate var matrixShapes: [(String, [Int])] {
    var shapes = [("model.embed_tokens.weight", [vocabulary, width])]
    if !isTied { shapes.append(("lm_head.weight", [vocabulary, width])) }
    for layer in 0..<depth {
      let (attention, perceptron) = (
        "model.layers.\(layer).self_attn", "model.layers.\(layer).mlp"
      )
      shapes += [
        ("\(attention).q_proj.weight", [heads * headWidth, width]),
        ("\(attention).k_proj.weight", [keyHeads * headWidth, width]),
        ("\(attention).v_proj.weight", [keyHeads * headWidth, width]),
        ("\(attention).o_proj.weight", [width, heads * headWidth]),
        ("\(perceptron).gate_proj.weight", [hidden, width]),
        ("\(perceptron).up_proj.weight", [hidden, width]),
        ("\(perceptron).down_proj.weight", [width, hidden]),
      ]
    }
    return shapes
  }
}
