import BenchProtocol

serve([
  "train-step": trainStep, "train-memory": trainMemory, "matmul": matmul, "linear": linear,
  "linear-unpacked": linearUnpacked,
  "conv": convolution, "attention": attention, "unary": unary, "matmul-bf16": matmulHalf,
  "net": network, "save": saveWeights, "start": start, "peak": peak,
  "features": features,
])
