import BenchProtocol

serve(formatWorks())
