import NeuralCore
import Testing

extension OneInstructionSet {
  @Suite struct OperatorTests {
    @Test func `Philox gives the published answers`() {
      // Random123's kat_vectors, philox4x32 10.
      let zero = Philox.block(counter: .zero, key: .zero)
      #expect(zero == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
      let pi = Philox.block(
        counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
        key: SIMD2(0xa409_3822, 0x299f_31d0))
      #expect(pi == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
    }

    @Test func `normal numbers have the normal distribution's moments`() {
      let x = Tensor.normal([20_000], seed: 7)
      #expect(abs(x.mean().scalar) < 0.02)
      #expect(abs(x.variance().scalar - 1) < 0.03)
      // 95 % lie within 1.96.
      let inside = x.scalars.count { abs($0) < 1.959_964 }
      #expect(abs(Double(inside) / 20_000 - 0.95) < 0.006)
    }

    @Test(arguments: ["avx512", "avx2", "neon", "baseline"])
    func `every instruction set keeps functions within four units of the last place`(isa: String) {
      let first = Threads.instructionSet
      guard Threads.use(instructionSet: isa) else { return }
      defer { Threads.use(instructionSet: first) }
      let x = Tensor.ramp(641, from: -16, step: 0.05)
      let wide = x.converted(to: .float64)
      let pairs: [(Tensor, Tensor)] = [
        (x.exp(), wide.exp()), (x.tanh(), wide.tanh()), (x.sigmoid(), wide.sigmoid()),
        (x.errorFunction(), wide.errorFunction()), (x.softplus(), wide.softplus()),
        (x.absolute().log(), wide.absolute().log()), (x.softmax(), wide.softmax()),
        (x.layerNorm(), wide.layerNorm()),
      ]
      for (index, pair) in pairs.enumerated() {
        #expect(
          pair.0.isClose(to: pair.1.converted(to: .float32), absolute: 5e-7, relative: 1e-6),
          "\(isa), function \(index)")
      }
      #expect(x.gelu().maximumDifference(from: wide.gelu().converted(to: .float32)) < 2e-6)
    }

    @Test func `attention in blocks equals attention from whole matrices`() {
      let q = Tensor.normal([2, 4, 130, 16], seed: 1)
      let k = Tensor.normal([2, 2, 500, 16], seed: 2)
      let v = Tensor.normal([2, 2, 500, 8], seed: 3)
      for causal in [false, true] {
        let fast = q.attention(keys: k, values: v, causal: causal)
        let plain = q.converted(to: .float64).attention(
          keys: k.converted(to: .float64), values: v.converted(to: .float64), causal: causal)
        #expect(fast.maximumDifference(from: plain.converted(to: .float32)) < 1e-5)
      }
    }

    /// Rows read from where they lie or packed, few columns or few rows for many columns: four orders of
    /// work, one order of summing.
    @Test(arguments: [75, 560])
    func `products have equal bits on machines that fuse and for any count of threads`(
      columns: Int
    ) {
      let a = Tensor.normal([61, 800], seed: 1)
      let b = Tensor.normal([800, columns], seed: 2)
      let first = Threads.instructionSet
      let threads = Threads.count
      defer {
        Threads.use(instructionSet: first)
        Threads.count = threads
      }
      var results: [Tensor] = []
      for isa in ["avx512", "avx2"] where Threads.use(instructionSet: isa) {
        for count in [1, 2, 5] {
          Threads.count = count
          results.append(a.matmul(b))
          // The rows of a turned matrix have to be packed.
          results.append(a.transposed().contiguous().transposed().matmul(b))
          let part = a.matmul(b.sliced(axis: 1, 0..<32)).contiguous()
          #expect(part == results[0].sliced(axis: 1, 0..<32).contiguous())
        }
      }
      #expect(results.allSatisfy { $0 == results[0] })
      let exact = a.converted(to: .float64).matmul(b.converted(to: .float64))
      let found = a.matmul(b)
      #expect(found.isClose(to: exact.converted(to: .float32), absolute: 2e-4, relative: 1e-5))
    }
  }
}
