import Evaluation

let goldenText: [String: GoldenCase.Computation] = [:]
