import BenchProtocol

serve(["train-step": trainStep])
