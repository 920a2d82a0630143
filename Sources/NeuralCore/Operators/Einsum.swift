// Sums of products by Einstein's convention.

extension Tensor {
  /// The sum of products that an equation describes, as NumPy's `einsum`.
  ///
  /// Letters name axes; a letter that is missing after `->` is summed. Without `->` the result has
  /// the letters that occur once, in alphabetical order. `...` stands for leading axes that
  /// broadcast. Operands are contracted from left to right, each pair as one batched product.
  ///
  /// - Precondition: One term for each operand, and equal sizes for equal letters.
  public static func einsum(_ equation: String, _ operands: [Tensor]) -> Tensor {
    let plan = EinsumPlan(equation, operands)
    var (left, letters) = plan.simplified(0)
    for index in operands.indices.dropFirst() {
      let (right, more) = plan.simplified(index)
      let later = Set(plan.terms[(index + 1)...].joined()).union(plan.result)
      (left, letters) = plan.contract(left, letters, right, more, keeping: later)
    }
    let gone = letters.indices.filter { !plan.result.contains(letters[$0]) }
    if !gone.isEmpty {
      left = left.sum(axes: gone)
      letters.removeAll { !plan.result.contains($0) }
    }
    let order = plan.result.map { letter in letters.firstIndex(of: letter) ?? 0 }
    return left.permuted(order).contiguous()
  }
}

private struct EinsumPlan {
  let operands: [Tensor]
  let terms: [[Character]]
  let result: [Character]

  init(_ equation: String, _ operands: [Tensor]) {
    let text = equation.filter { $0 != " " }
    // "->" cannot be split on with the standard library alone; ">" ends the left side.
    let sides = text.split(separator: ">", omittingEmptySubsequences: false)
    let given = sides[0].hasSuffix("-") ? sides[0].dropLast() : sides[0]
    let parts = given.split(separator: ",", omittingEmptySubsequences: false)
    precondition(
      parts.count == operands.count && sides.count <= 2,
      "einsum: \(equation) for \(operands.map(\.shape))")
    // Axes under "..." become digits counted from the back, so that they align.
    func expanded(_ part: Substring, _ rank: Int) -> [Character] {
      let named = part.filter { $0 != "." }
      guard part.contains(".") else { return Array(named) }
      let open = Swift.max(rank - named.count, 0)
      precondition(open <= 10, "einsum: \(equation) with \(open) axes under '...'")
      let digits = (0..<open).reversed().map { Character("\($0)") }
      let at = part.prefix { $0 != "." }.count
      return Array(named.prefix(at)) + digits + Array(named.dropFirst(at))
    }
    terms = zip(parts, operands).map { expanded($0, $1.rank) }
    let digits = Set(terms.joined().filter(\.isNumber)).sorted(by: >)
    if sides.count == 2 {
      let side = sides[1]
      let at = side.prefix { $0 != "." }.count
      let named = side.filter { $0 != "." }
      result =
        Array(named.prefix(at)) + (side.contains(".") ? digits : [])
        + Array(named.dropFirst(at))
    } else {
      let letters = Array(terms.joined()).filter(\.isLetter)
      let once = Set(letters).filter { letter in letters.filter { $0 == letter }.count == 1 }
      result = digits + once.sorted()
    }
    for (term, operand) in zip(terms, operands) {
      precondition(
        term.count == operand.rank, "einsum: \(equation) for \(operands.map(\.shape))")
    }
    self.operands = operands
  }

  /// An operand with repeated letters taken along their diagonal.
  func simplified(_ index: Int) -> (Tensor, [Character]) {
    var x = operands[index]
    var letters = terms[index]
    var axis = 0
    while axis < letters.count {
      if let twin = letters[(axis + 1)...].firstIndex(of: letters[axis]) {
        precondition(x.shape[axis] == x.shape[twin], "einsum: diagonal of \(x.shape)")
        x = x.diagonal(axis, twin)
        letters.remove(at: twin)
      } else {
        axis += 1
      }
    }
    return (x, letters)
  }

  /// The product of two operands summed over letters that nobody needs later.
  func contract(
    _ a: Tensor, _ aLetters: [Character], _ b: Tensor, _ bLetters: [Character],
    keeping: Set<Character>
  ) -> (Tensor, [Character]) {
    let shared = aLetters.filter { bLetters.contains($0) }
    let summed = shared.filter { !keeping.contains($0) }
    let batch = shared.filter { keeping.contains($0) }
    func freed(_ x: Tensor, _ letters: [Character]) -> (Tensor, [Character]) {
      let gone = letters.indices.filter {
        !shared.contains(letters[$0]) && !keeping.contains(letters[$0])
      }
      if gone.isEmpty { return (x, letters) }
      return (x.sum(axes: gone), letters.indices.filter { !gone.contains($0) }.map { letters[$0] })
    }
    let (left, l) = freed(a, aLetters)
    let (right, r) = freed(b, bLetters)
    let leftFree = l.filter { !shared.contains($0) }
    let rightFree = r.filter { !shared.contains($0) }
    func size(_ letter: Character) -> Int {
      let m = l.firstIndex(of: letter).map { left.shape[$0] } ?? 1
      let n = r.firstIndex(of: letter).map { right.shape[$0] } ?? 1
      precondition(m == n || m == 1 || n == 1, "einsum: axis \(letter) is \(m) and \(n)")
      return Swift.max(m, n) == 1 ? 1 : (m == 1 ? n : m)
    }
    func arranged(_ x: Tensor, _ from: [Character], _ order: [[Character]]) -> Tensor {
      let flat = order.flatMap { $0 }
      let moved = x.permuted(flat.map { letter in from.firstIndex(of: letter) ?? 0 })
      let wide = moved.broadcast(
        to: flat.indices.map { shared.contains(flat[$0]) ? size(flat[$0]) : moved.shape[$0] })
      return wide.reshaped(
        batch.map(size)
          + order.dropFirst().map { group in
            group.reduce(1) { product, letter in
              product
                * (shared.contains(letter)
                  ? size(letter) : moved.shape[flat.firstIndex(of: letter) ?? 0])
            }
          })
    }
    let x = arranged(left, l, [batch, leftFree, summed])
    let y = arranged(right, r, [batch, summed, rightFree])
    let product = x.matmul(y)
    let shape =
      batch.map(size)
      + leftFree.map { left.shape[l.firstIndex(of: $0) ?? 0] }
      + rightFree.map { right.shape[r.firstIndex(of: $0) ?? 0] }
    return (product.reshaped(shape), batch + leftFree + rightFree)
  }
}

extension Tensor {
  /// The elements at which two axes have the same index, as one axis in place of the first.
  public func diagonal(_ a: Int = -2, _ b: Int = -1) -> Tensor {
    let a = Shape.axis(a, rank: rank, "diagonal")
    let b = Shape.axis(b, rank: rank, "diagonal")
    precondition(a != b, "diagonal: axis \(a) twice")
    var shape = shape
    var strides = strides
    shape[a] = Swift.min(shape[a], shape[b])
    strides[a] += strides[b]
    shape.remove(at: b)
    strides.remove(at: b)
    return Tensor(
      storage: storage, elementType: elementType, shape: shape, strides: strides, offset: offset)
  }
}
