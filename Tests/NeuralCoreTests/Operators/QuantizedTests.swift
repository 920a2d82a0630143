import NeuralCore
import Testing

/// Products of quantised matrices against the same with dequantised ones.
extension OneInstructionSet {
  struct QuantizedTests {
    /// A file's tensor of random bytes with finite scales.
    private func matrix(_ type: UInt32, rows: Int, columns: Int, seed: UInt64) throws
      -> QuantizedMatrix
    {
      let layout: [UInt32: (count: Int, bytes: Int, scales: [Int])] = [
        2: (32, 18, [0]), 6: (32, 22, [0]), 8: (32, 34, [0]), 12: (256, 144, [0, 2]),
        14: (256, 210, [208]),
      ]
      let (count, size, scales) = try #require(layout[type])
      var draws = SeededDraws(seed: seed)
      var data: [UInt8] = []
      for _ in 0..<rows * columns / count {
        var block = (0..<size).map { _ in UInt8(truncatingIfNeeded: draws.next()) }
        for place in scales {
          // A float16 between 2⁻⁸ and 2⁻⁷, of either sign.
          block[place + 1] = (block[place + 1] & 0x83) | 0x1C
        }
        data += block
      }
      var bytes: [UInt8] = Array("GGUF".utf8)
      func add<T: FixedWidthInteger>(_ value: T) {
        for place in 0..<T.bitWidth / 8 {
          bytes.append(UInt8(truncatingIfNeeded: value >> (8 * place)))
        }
      }
      add(UInt32(3))
      add(UInt64(1))
      add(UInt64(0))
      add(UInt64(1))
      bytes += Array("w".utf8)
      add(UInt32(2))
      add(UInt64(columns))
      add(UInt64(rows))
      add(type)
      add(UInt64(0))
      while bytes.count % 32 != 0 { bytes.append(0) }
      let weights = try Weights(bytes: bytes + data)
      let stored = try #require(weights.tensors["w"])
      return try #require(QuantizedMatrix(stored))
    }

    @Test(arguments: [2, 6, 8, 12, 14] as [UInt32])
    func `a product differs from the dequantised one by what 8 bits a number lose`(type: UInt32)
      throws
    {
      let (rows, columns) = (37, 512)
      let matrix = try matrix(type, rows: rows, columns: columns, seed: UInt64(type))
      var draws = SeededDraws(seed: 7)
      let x = Tensor((0..<3 * columns).map { _ in draws.normal() }, shape: [3, columns])
      let exact = x.matmul(matrix.dequantized.transposed())
      var bits: Set<[Float]> = []
      for isa in ["avx512", "avx2", "baseline"] {
        let before = Threads.instructionSet
        guard Threads.use(instructionSet: isa) else { continue }
        defer { Threads.use(instructionSet: before) }
        let found = matrix.product(x)
        // Nine vectors at once, which some types add in another order than three.
        let many = Tensor.concatenated([x, x, x], axis: 0)
        bits.insert(found.scalars + matrix.product(many).scalars)
        let scale = (exact.squared().mean(axes: [0, 1]).scalar).squareRoot()
        let error = ((found - exact).squared().mean(axes: [0, 1]).scalar).squareRoot() / scale
        #expect(error < 0.01, "\(isa), type \(type): \(error)")
        // Each of so few vectors by itself gives the same bits.
        for row in 0..<3 {
          let own = matrix.product(x.selected(axis: 0, row).reshaped([1, columns]))
          #expect(own.scalars == found.selected(axis: 0, row).scalars)
        }
      }
      #expect(bits.count == 1, "type \(type): the bits depend on the instruction set")
      #expect(
        matrix.rows([5, 0]).scalars
          == [5, 0].flatMap { matrix.dequantized.selected(axis: 0, $0).scalars })
    }

    @Test func `whole numbers multiply exactly, and a number that is none shows`() throws {
      let matrix = try matrix(8, rows: 4, columns: 64, seed: 3)
      // 127 is the largest, so that every number is its own level.
      var values = (0..<64).map { Float($0 % 13) - 6 }
      (values[0], values[40]) = (127, -127)
      let x = Tensor(values, shape: [1, 64])
      let exact = x.matmul(matrix.dequantized.transposed()).scalars
      for (a, b) in zip(matrix.product(x).scalars, exact) {
        #expect(abs(a - b) <= 1e-5 * abs(b) + 1e-4)
      }
      values[3] = .nan
      #expect(matrix.product(Tensor(values, shape: [1, 64])).scalars.allSatisfy { $0.isNaN })
    }
  }
}
