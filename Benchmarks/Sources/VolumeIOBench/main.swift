import BenchProtocol

serve(formatWorks().merging(dicomWorks()) { first, _ in first })
