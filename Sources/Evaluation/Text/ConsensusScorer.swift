// CIDEr-D over a corpus: n-grams are grouped by sorting, not looked up one at a time.
// Source: Vedantam et al. 2015; the conventions of pycocoevalcap.

/// All texts of a corpus end to end, and the sums that CIDEr-D needs of each.
///
/// The n-grams of order n + 1 are the pairs of an n-gram's number and the next token. Sorting
/// these pairs puts equal n-grams side by side, in the order of the texts, so that one walk over
/// them yields document frequencies, counts, norms and products.
struct ConsensusScorer {
  /// The orders of n-grams: 1…4.
  private static let orders = 4

  private struct Text {
    let image: Int32
    let isHypothesis: Bool
    /// Where it ends among all tokens.
    let end: Int32
    let length: Int32
  }

  private let images: Int
  private let texts: [Text]
  private let tokens: [Int32]
  private let textOf: [Int32]
  private let vocabulary: Int

  /// - Precondition: Equal counts, fewer than 2³¹ tokens in all.
  init(_ hypotheses: [[String]], _ references: [[[String]]]) {
    images = hypotheses.count
    var vocabulary = Vocabulary()
    var texts: [Text] = []
    var tokens: [Int32] = []
    var textOf: [Int32] = []
    func add(_ words: [String], _ image: Int, _ isHypothesis: Bool) {
      for word in words {
        tokens.append(vocabulary.id(word))
        textOf.append(Int32(truncatingIfNeeded: texts.count))
      }
      precondition(tokens.count < Int(Int32.max), "\(tokens.count) tokens")
      texts.append(
        Text(
          image: Int32(truncatingIfNeeded: image), isHypothesis: isHypothesis,
          end: Int32(truncatingIfNeeded: tokens.count),
          length: Int32(truncatingIfNeeded: words.count)))
    }
    // A hypothesis stands before its references.
    for (image, hypothesis) in hypotheses.enumerated() {
      add(hypothesis, image, true)
      for reference in references[image] { add(reference, image, false) }
    }
    self.texts = texts
    self.tokens = tokens
    self.textOf = textOf
    self.vocabulary = vocabulary.count
  }

  /// CIDEr-D of each hypothesis.
  func scores(sigma: Double) -> [Double] {
    let width = Self.orders
    var norms = [Double](repeating: 0, count: texts.count * width)
    var products = norms
    let logCount = log(Double(max(images, 1)))
    let weights = (0...images).map { logCount - log(Double(max(1, $0))) }
    // The number of the n-gram that begins at a place.
    var numbers = tokens.map { UInt32(bitPattern: $0) }
    var distinct = vocabulary
    for order in 0..<width {
      // Places where an n-gram of this order fits, and what it is.
      var places: [Int32] = []
      var keys: [UInt64] = []
      places.reserveCapacity(tokens.count)
      keys.reserveCapacity(tokens.count)
      for at in tokens.indices where at + order < Int(texts[Int(textOf[at])].end) {
        places.append(Int32(truncatingIfNeeded: at))
        let last = order == 0 ? 0 : UInt64(UInt32(bitPattern: tokens[at + order]))
        keys.append(UInt64(numbers[at]) * UInt64(order == 0 ? 1 : vocabulary) + last)
      }
      let bound = UInt64(distinct) * UInt64(order == 0 ? 1 : vocabulary)
      RadixOrder.sort(&keys, carrying: &places, below: bound)
      var start = 0
      distinct = 0
      while start < keys.count {
        var end = start + 1
        while end < keys.count, keys[end] == keys[start] { end += 1 }
        add(places[start..<end], order, weights, &norms, &products)
        for i in start..<end { numbers[Int(places[i])] = UInt32(truncatingIfNeeded: distinct) }
        distinct += 1
        start = end
      }
    }
    return totals(sigma, norms.map { $0.squareRoot() }, products)
  }

  /// Adds one n-gram's part to the norms of its texts and to the products of its references.
  @inline(__always)
  private func add(
    _ group: ArraySlice<Int32>, _ order: Int, _ weights: [Double], _ norms: inout [Double],
    _ products: inout [Double]
  ) {
    // In how many images' references it occurs; places are in the order of the images.
    var frequency = 0
    var seen: Int32 = -1
    for place in group {
      let text = texts[Int(textOf[Int(place)])]
      if !text.isHypothesis, text.image != seen {
        seen = text.image
        frequency += 1
      }
    }
    let weight = weights[frequency]
    var i = group.startIndex
    var hypothesis = (image: Int32(-1), value: 0.0)
    while i < group.endIndex {
      let index = textOf[Int(group[i])]
      var count = 1
      while i + count < group.endIndex, textOf[Int(group[i + count])] == index { count += 1 }
      i += count
      let value = Double(count) * weight
      let slot = Int(index) * Self.orders + order
      norms[slot] += value * value
      let text = texts[Int(index)]
      if text.isHypothesis {
        hypothesis = (text.image, value)
      } else if hypothesis.image == text.image {
        products[slot] += min(hypothesis.value, value) * value
      }
    }
  }

  private func totals(_ sigma: Double, _ norms: [Double], _ products: [Double]) -> [Double] {
    var scores = [Double](repeating: 0, count: images)
    var counts = [Int](repeating: 0, count: images)
    var mine = 0
    for (index, text) in texts.enumerated() {
      if text.isHypothesis {
        mine = index
        continue
      }
      // The reference implementation takes the number of bigrams for the length.
      let delta = Double(max(0, texts[mine].length - 1) - max(0, text.length - 1))
      let penalty = exp(-delta * delta / (2 * sigma * sigma))
      for n in 0..<Self.orders {
        let scale = norms[mine * Self.orders + n] * norms[index * Self.orders + n]
        let product = products[index * Self.orders + n]
        scores[Int(text.image)] += (scale != 0 ? product / scale : product) * penalty
      }
      counts[Int(text.image)] += 1
    }
    return scores.indices.map { scores[$0] / Double(Self.orders) / Double(counts[$0]) * 10 }
  }
}
