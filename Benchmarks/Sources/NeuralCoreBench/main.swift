import BenchProtocol

serve([
  "train-step": trainStep, "matmul": matmul, "linear": linear, "conv": convolution,
  "attention": attention, "unary": unary,
])
