import Testing

import NeuralCore

struct TensorTests {
  let x = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])

  @Test func `a copy does not see what is written to the original`() {
    var a = x
    let b = a
    a[0, 1] = 9
    #expect(a.scalars == [1, 9, 3, 4, 5, 6])
    #expect(b.scalars == [1, 2, 3, 4, 5, 6])
  }

  @Test func `a write through a view leaves what it was made from alone`() {
    var row = x.selected(axis: 0, 1)
    row[0] = 40
    #expect(row.scalars == [40, 5, 6])
    #expect(x.scalars == [1, 2, 3, 4, 5, 6])
  }

  @Test func `views look at the elements that NumPy's would`() {
    #expect(x.transposed().scalars == [1, 4, 2, 5, 3, 6])
    #expect(x.transposed().reshaped(2, -1).scalars == [1, 4, 2, 5, 3, 6])
    #expect(x.sliced(axis: 1, 0..<3, step: 2).scalars == [1, 3, 4, 6])
    #expect(x.flipped(axes: [1]).scalars == [3, 2, 1, 6, 5, 4])
    #expect(x.selected(axis: 1, 2).broadcast(to: [2, 2]).scalars == [3, 6, 3, 6])
    #expect(x.unfolded(axis: 1, size: 2, step: 1).scalars == [1, 2, 2, 3, 4, 5, 5, 6])
    #expect(x.tiled([2, 1]).scalars == [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6])
    #expect(Tensor.concatenated([x, x.flipped(axes: [0])], axis: 1).shape == [2, 6])
    #expect(Tensor.stacked([x, x], axis: 2).scalars == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6])
    #expect(x.expanded(axis: -1).squeezed().shape == [2, 3])
    #expect(x.split(axis: 1, sizes: [1, 2])[1].scalars == [2, 3, 5, 6])
  }

  @Test func `the arithmetic broadcasts`() {
    let column = Tensor([10, 20], shape: [2, 1])
    #expect((x + column).scalars == [11, 12, 13, 24, 25, 26])
    #expect((x * 2 - 1).scalars == [1, 3, 5, 7, 9, 11])
    #expect((1 / x)[1, 1] == 0.2)
    var y = x
    y *= column
    #expect(y.scalars == [10, 20, 30, 80, 100, 120])
    #expect(
      (Tensor(of: [7, -7] as [Int64], shape: [2]) / Tensor(of: [2] as [Int64], shape: [1]))
        .array(of: Int64.self) == [3, -3])
  }

  @Test func `a product of matrices takes views`() {
    #expect(x.matmul(x.transposed()).scalars == [14, 32, 32, 77])
    #expect(x.transposed().matmul(x).scalars == [17, 22, 27, 22, 29, 36, 27, 36, 45])
    #expect(x.matmul(Tensor([1, 0, 1], shape: [3])).scalars == [4, 10])
  }

  @Test func `empty axes are tensors too`() {
    let empty = Tensor([], shape: [0, 3])
    #expect((empty + 1).shape == [0, 3])
    #expect(empty.matmul(x.transposed()).shape == [0, 2])
    #expect(Tensor.zeros([2, 0]).matmul(Tensor.zeros([0, 2])).scalars == [0, 0, 0, 0])
    #expect(empty.description == "Tensor 0×3 float32 · empty")
  }

  @Test func `sixteen-bit numbers round to nearest, ties to even`() {
    // numpy.float16 and torch.bfloat16 give these.
    let values: [Float] = [1, 1.0009766, 65504, 65520, 6e-8, 1e-9, -2.5, .infinity]
    let half = Tensor(values, shape: [8]).converted(to: .float16).scalars
    #expect(half == [1, 1.0009766, 65504, .infinity, 5.9604645e-8, 0, -2.5, .infinity])
    let brain = Tensor([1.00390625, 1.01171875, 3.0e38], shape: [3]).converted(to: .bfloat16)
    #expect(brain.scalars == [1, 1.015625, 3.0040553e38])
  }

  @Test func `a shape that cannot be traps`() async {
    await #expect(processExitsWith: .failure) {
      _ = Tensor([1, 2], shape: [3])
    }
    await #expect(processExitsWith: .failure) {
      _ = Tensor.zeros([2, 3]).matmul(Tensor.zeros([2, 3]))
    }
  }
}
