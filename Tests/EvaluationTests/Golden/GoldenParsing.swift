import Evaluation

let goldenParsing: [String: GoldenCase.Computation] = [:]
