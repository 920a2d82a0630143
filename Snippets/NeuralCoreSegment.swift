// Masks from prompts: SAM's image encoder, prompt encoder and two-way decoder, here a small one with
// random weights so that it runs at once.

import NeuralCore

var shape = SAM.Configuration(width: 32, depth: 2, heads: 2, globalLayers: [1])
shape.imageSize = 128
shape.window = 3
shape.embedding = 32
shape.decoderHeads = 4
shape.decoderHidden = 64
let sam = SAM(shape, seed: 1)
let picture = Tensor.ones([1, 3, 128, 128])

// The picture is looked at once, then any number of prompts is answered.
let embedding = sam.embedding(of: picture)
let (masks, quality) = sam.masks(
  embedding,
  [
    SAMPrompt(points: [.init(x: 40, y: 60), .init(x: 90, y: 20, isInside: false)]),
    SAMPrompt(points: [.init(x: 70, y: 70), .init(x: 10, y: 10, isInside: false)]),
  ])
print(masks.shape, quality.shape)  // [2, 3, 32, 32] [2, 3]
