// Tensors: shapes, views, arithmetic, products and convolution.

import NeuralCore

let x = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
print(x)  // Tensor 2×3 float32 · [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
print((x * 2 + 1).matmul(x.transposed()).scalars)
print(x.sliced(axis: 1, 0..<3, step: 2).sum(axes: [0]).scalars)

let image = Tensor.uniform([1, 16, 56, 56], seed: 1)
let filters = Tensor.normal([32, 16, 3, 3], deviation: 0.1, seed: 2)
let layer = PreparedConvolution(
  filters: filters, ConvolutionGeometry(axes: 2, padding: 1), activation: .relu)
print(layer(image).shape)  // [1, 32, 56, 56]

let q = Tensor.normal([1, 8, 128, 64], seed: 3)
let k = Tensor.normal([1, 2, 128, 64], seed: 4)
print(q.attention(keys: k, values: k, causal: true).shape)

print("\(Threads.count) threads, \(Threads.instructionSet)")
