import NeuralCore
import Phantoms

/// What the networks learn to say, as far as the data set knows it.
///
/// Column 0 of the output is the logit of blood. With kinds known, five logits follow; with masks
/// known, a logit for the left and the right side and the square root of the millilitres.
struct NetworkTask: Sendable {
  var side: Int
  var knowsSubtypes: Bool
  var knowsMasks: Bool

  init(side: Int, slices: [PreparedSlice]) {
    self.side = side
    knowsSubtypes = slices.allSatisfy { $0.truth.subtypes != nil }
    knowsMasks = slices.allSatisfy { $0.truth.millilitres != nil }
  }

  var labels: Int { 1 + (knowsSubtypes ? 5 : 0) + (knowsMasks ? 2 : 0) }
  var outputs: Int { labels + (knowsMasks ? 1 : 0) }
  private var sideColumn: Int { 1 + (knowsSubtypes ? 5 : 0) }

  func target(_ truth: SliceTruth) -> [Float] {
    var target: [Float] = [truth.haemorrhage ? 1 : 0]
    if knowsSubtypes {
      for kind in HaemorrhageSubtype.allCases {
        target.append(truth.subtypes?.contains(kind) == true ? 1 : 0)
      }
    }
    if knowsMasks {
      target.append(truth.side == .left || truth.side == .both ? 1 : 0)
      target.append(truth.side == .right || truth.side == .both ? 1 : 0)
      target.append(Float((truth.millilitres ?? 0).squareRoot()))
    }
    return target
  }

  /// Binary cross-entropy of the logits, and Huber's loss of the volume's root.
  var loss: Loss {
    let labels = labels
    let outputs = outputs
    let classes = Loss.binaryCrossEntropy()
    guard knowsMasks else { return classes }
    let amount = Loss.huber()
    return Loss("cross-entropy and volume") { output, target in
      let known = output.sliced(axis: 1, 0..<labels)
      let volume = output.sliced(axis: 1, labels..<outputs)
      return classes(known, target.sliced(axis: 1, 0..<labels))
        + amount(volume, target.sliced(axis: 1, labels..<outputs)) * 0.3
    }
  }

  /// A flip in the midline half of the time, which swaps the sides, and a shift by a few pixels.
  var augmentation: SampleTransform {
    let columns = knowsMasks ? sideColumn : nil
    return { sample, draws in
      if draws.next() & 1 == 1 {
        sample.input = sample.input.flipped(axes: [2])
        if let columns {
          var target = sample.target.array(of: Float.self)
          target.swapAt(columns, columns + 1)
          sample.target = Tensor(target, shape: [target.count])
        }
      }
    }
  }

  /// The reading that logits and thresholds give.
  func reading(_ output: ArraySlice<Float>, thresholds: [Double]) -> SliceReading {
    let row = Array(output)
    let scores = row.prefix(labels).map { Self.logistic(Double($0)) }
    var reading = SliceReading(haemorrhage: scores[0] >= thresholds[0], score: scores[0])
    if knowsSubtypes {
      reading.subtypeScores = Array(scores[1...5])
      let found = HaemorrhageSubtype.allCases.enumerated().filter { k, _ in
        scores[1 + k] >= thresholds[1 + k]
      }
      reading.subtypes = Set(found.map(\.element))
    }
    if knowsMasks {
      let left = scores[sideColumn]
      let right = scores[sideColumn + 1]
      if reading.haemorrhage == true {
        reading.side = left >= 0.5 && right >= 0.5 ? .both : left >= right ? .left : .right
      }
      let root = max(0, Double(row[labels]))
      reading.millilitres = reading.haemorrhage == true ? root * root : 0
    }
    return reading
  }

  private static func logistic(_ x: Double) -> Double { 1 / (1 + exponential(-x)) }
}

/// Slices as a network's samples: values from −1 to 1.
struct SliceDataset: Dataset {
  var slices: [PreparedSlice]
  var task: NetworkTask

  var count: Int { slices.count }

  func sample(at index: Int) -> Sample {
    let slice = slices[index]
    let target = task.target(slice.truth)
    return Sample(
      input: Tensor(
        slice.input.map { Float($0) / 127.5 - 1 }, shape: [3, task.side, task.side]),
      target: Tensor(target, shape: [target.count]))
  }
}
