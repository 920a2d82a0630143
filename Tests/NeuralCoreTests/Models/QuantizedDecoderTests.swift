import NeuralCore
import Testing

/// A small random Gemma 3 of Q8_0 matrices: what sessions compute in ggml's arithmetic lies near what the
/// ordinary path computes, whatever the instruction set. That the bits are llama.cpp's is tested on real
/// weights (`GemmaTests`).
extension OneInstructionSet {
  struct QuantizedDecoderTests {
    private static let width = 64

    /// The bytes of a GGUF file, version 3.
    private struct File {
      var pairs: [UInt8] = []
      var entries: [UInt8] = []
      var data: [UInt8] = []
      var pairCount = 0
      var entryCount = 0

      static func bytes<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
        (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
      }

      static func bytes(_ text: String) -> [UInt8] {
        bytes(UInt64(text.utf8.count)) + Array(text.utf8)
      }

      mutating func set(_ key: String, _ type: UInt32, _ value: [UInt8]) {
        pairs += File.bytes(key) + File.bytes(type) + value
        pairCount += 1
      }

      mutating func add(_ name: String, _ shape: [Int], _ type: UInt32, _ content: [UInt8]) {
        entries += File.bytes(name) + File.bytes(UInt32(shape.count))
        for axis in shape.reversed() { entries += File.bytes(UInt64(axis)) }
        entries += File.bytes(type) + File.bytes(UInt64(data.count))
        data += content
        while data.count % 32 != 0 { data.append(0) }
        entryCount += 1
      }

      var bytes: [UInt8] {
        var all = Array("GGUF".utf8) + File.bytes(UInt32(3))
        all += File.bytes(UInt64(entryCount)) + File.bytes(UInt64(pairCount)) + pairs + entries
        while all.count % 32 != 0 { all.append(0) }
        return all + data
      }
    }

    private static func model(tokens: Int = 50) throws -> Decoder {
      var draws = SeededDraws(seed: 5)
      var file = File()
      file.set("general.architecture", 8, File.bytes("gemma3"))
      for (key, value) in [
        ("embedding_length", UInt32(width)), ("block_count", 2), ("feed_forward_length", 96),
        ("attention.head_count", 4), ("attention.head_count_kv", 2), ("attention.key_length", 32),
        ("attention.sliding_window", 40),
      ] as [(String, UInt32)] {
        file.set("gemma3.\(key)", 4, File.bytes(value))
      }
      func matrix(_ name: String, _ rows: Int, _ columns: Int) {
        var content: [UInt8] = []
        for _ in 0..<rows * columns / 32 {
          content += [0, 0x16]  // 2⁻¹⁰ · 1.5: a deviation of about a tenth
          content += (0..<32).map { _ in UInt8(truncatingIfNeeded: draws.next()) }
        }
        file.add(name, [rows, columns], 8, content)
      }
      func norm(_ name: String, _ count: Int) {
        let values = (0..<count).map { _ in 1 + 0.2 * draws.normal() }
        file.add(name, [count], 0, values.flatMap { File.bytes($0.bitPattern) })
      }
      let width = Self.width
      matrix("token_embd.weight", tokens, width)
      norm("output_norm.weight", width)
      for layer in 0..<2 {
        let block = "blk.\(layer)"
        matrix("\(block).attn_q.weight", 128, width)
        matrix("\(block).attn_k.weight", 64, width)
        matrix("\(block).attn_v.weight", 64, width)
        matrix("\(block).attn_output.weight", width, 128)
        matrix("\(block).ffn_gate.weight", 96, width)
        matrix("\(block).ffn_up.weight", 96, width)
        matrix("\(block).ffn_down.weight", width, 96)
        for name in ["attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm"] {
          norm("\(block).\(name).weight", width)
        }
        norm("\(block).attn_q_norm.weight", 32)
        norm("\(block).attn_k_norm.weight", 32)
      }
      return try Decoder(GGUF(bytes: file.bytes))
    }

    @Test func `a file without tokens is refused by the shape of its table`() {
      #expect {
        _ = try Self.model(tokens: 0)
      } throws: {
        guard let error = $0 as? NeuralCoreError else { return false }
        return error.code == .malformed && "\(error)".contains("[0, 64]")
      }
    }

    @Test(arguments: [[0, 8], [8], []])
    func `a query matrix of a block that the network has not got is named`(shape: [Int]) throws {
      var file = File()
      file.set("general.architecture", 8, File.bytes("llama"))
      for (key, value) in [
        ("embedding_length", UInt32(8)), ("block_count", 1), ("feed_forward_length", 8),
        ("attention.head_count", 2),
      ] as [(String, UInt32)] {
        file.set("llama.\(key)", 4, File.bytes(value))
      }
      file.add("token_embd.weight", [4, 8], 0, [UInt8](repeating: 0, count: 128))
      let count = shape.reduce(1, *)
      file.add("blk.7.attn_q.weight", shape, 0, [UInt8](repeating: 0, count: 4 * count))
      #expect {
        _ = try Decoder(GGUF(bytes: file.bytes))
      } throws: {
        guard let error = $0 as? NeuralCoreError else { return false }
        return "\(error)".contains("layers.7.self_attn.q_proj")
      }
    }

    /// Few tokens at once, then one by one; and so many that attention goes by tiles.
    @Test(arguments: [[7, 1, 1, 1], [70, 1, 5]])
    func `a quantised Gemma's session follows its ordinary path on every instruction set`(
      parts: [Int]
    ) throws {
      let model = try Self.model()
      var draws = SeededDraws(seed: 9)
      let ids = (0..<parts.reduce(0, +)).map { _ in draws.below(50) }
      var bits: Set<[Float]> = []
      for isa in ["avx512", "avx2", "baseline"] {
        let before = Threads.instructionSet
        guard Threads.use(instructionSet: isa) else { continue }
        defer { Threads.use(instructionSet: before) }
        var session = model.session()
        var scores: [Float] = []
        var start = 0
        for count in parts {
          scores = session.see(Array(ids[start..<start + count])).scalars
          start += count
        }
        #expect(session.length == ids.count)
        bits.insert(scores)
        let ordinary = model([ids]).value.selected(axis: 0, 0).selected(axis: 0, ids.count - 1)
        let expected = ordinary.scalars
        let size = expected.map { abs($0) }.max() ?? 1
        let worst = zip(scores, expected).map { abs($0 - $1) }.max() ?? .infinity
        // 8 bits a number, and float16 keys and values.
        #expect(worst < 0.05 * size, "\(isa), \(parts): \(worst) of \(size)")
      }
      #expect(bits.count == 1, "the bits depend on the instruction set")
    }
  }
}
