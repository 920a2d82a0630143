import Evaluation

let goldenDetection: [String: GoldenCase.Computation] = [:]
