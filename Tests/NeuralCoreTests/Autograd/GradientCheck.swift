import NeuralCore
import Testing

/// Small numbers that are the same every time, as `float64`.
func noise(_ shape: [Int], seed: UInt64 = 1, scale: Double = 1) -> Tensor {
  var draws = SeededDraws(seed: seed, 77)
  let count = shape.reduce(1, *)
  return Tensor(of: (0..<count).map { _ in scale * Double(draws.normal()) }, shape: shape)
}

/// Checks every gradient of `function` against central differences in `float64`, and the
/// `float32` gradients against those of `float64`.
///
/// The function's output is weighed with fixed numbers so that no symmetry hides a mistake.
func checkGradients(
  of inputs: [Tensor], tolerance: Double = 1e-6, floatTolerance: Double = 2e-4,
  sourceLocation: SourceLocation = #_sourceLocation,
  _ function: ([Variable]) -> Variable
) {
  func run(_ inputs: [Tensor]) -> (loss: Variable, variables: [Variable], tape: Tape) {
    let tape = Tape(isTraining: true, seed: 5)
    let variables = inputs.map { tape.input($0) }
    let output = function(variables)
    let weights = noise(output.shape, seed: 9).converted(to: output.value.elementType)
    return ((output * tape.constant(weights)).sum(), variables, tape)
  }
  let (loss, variables, tape) = run(inputs)
  let gradients = tape.gradients(of: loss)
  let (loss32, variables32, tape32) = run(inputs.map { $0.converted(to: .float32) })
  let gradients32 = tape32.gradients(of: loss32)
  for (index, input) in inputs.enumerated() {
    guard let gradient = gradients[variables[index]],
      let gradient32 = gradients32[variables32[index]]
    else {
      Issue.record("no gradient for input \(index)", sourceLocation: sourceLocation)
      continue
    }
    #expect(gradient.shape == input.shape, sourceLocation: sourceLocation)
    let values = input.array(of: Double.self)
    let found = gradient.array(of: Double.self)
    let found32 = gradient32.scalars
    let step = 1e-5
    let stride = max(values.count / 24, 1)
    for place in Swift.stride(from: 0, to: values.count, by: stride) {
      func moved(_ by: Double) -> Double {
        var changed = values
        changed[place] += by
        var all = inputs
        all[index] = Tensor(of: changed, shape: input.shape)
        return run(all).loss.value.array(of: Double.self)[0]
      }
      let expected = (moved(step) - moved(-step)) / (2 * step)
      let allowed = tolerance * max(1, abs(expected))
      #expect(
        abs(found[place] - expected) <= allowed,
        "input \(index), element \(place): \(found[place]), differences give \(expected)",
        sourceLocation: sourceLocation)
      #expect(
        abs(Double(found32[place]) - found[place]) <= floatTolerance * max(1, abs(expected)),
        "input \(index), element \(place): float32 \(found32[place]), float64 \(found[place])",
        sourceLocation: sourceLocation)
    }
  }
}
