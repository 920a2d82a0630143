import BenchProtocol

serve(formatWorks)
