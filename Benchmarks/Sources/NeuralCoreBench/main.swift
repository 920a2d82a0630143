import BenchProtocol

serve([
  "train-step": trainStep, "train-memory": trainMemory, "matmul": matmul, "linear": linear,
  "conv": convolution,
  "attention": attention, "unary": unary,
])
