import BenchProtocol

serve([:])
