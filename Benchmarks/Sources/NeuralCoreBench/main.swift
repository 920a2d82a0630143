import BenchProtocol

serve([
  "train-step": trainStep, "matmul": matmul, "linear": linear, "conv": convolution,
  "attention": attention, "unary": unary, "matmul-bf16": matmulHalf, "net": network,
  "save": saveWeights, "start": start,
])
