// What a decoder remembers of the tokens that it saw.

/// The keys and values of tokens that were seen.
public struct KeyValueCache: Sendable {
  /// Tokens seen.
  public internal(set) var length = 0
  /// By layer: `[batch, head, room, width]`, of which the first ``length`` tokens are in use. Empty
  /// where nothing is to be kept.
  private var keys, values: [Tensor?]

  init(depth: Int) {
    keys = [Tensor?](repeating: nil, count: depth)
    values = keys
  }

  /// Adds keys and values of a layer; all of them come back.
  mutating func extend(_ layer: Int, _ key: Variable, _ value: Variable) -> (Variable, Variable) {
    guard layer < keys.count else { return (key, value) }
    return (
      Variable(KeyValueCache.extend(&keys[layer], length, key.value)),
      Variable(KeyValueCache.extend(&values[layer], length, value.value))
    )
  }

  /// Adds keys and values `[head, token, width]` of a layer as float16; all of them come back, rows of a
  /// head one after another.
  mutating func extendHalf(_ layer: Int, _ key: Tensor, _ value: Tensor) -> (Tensor, Tensor) {
    func half(_ x: Tensor) -> Tensor { x.converted(to: .float16).reshaped([1] + x.shape) }
    let (key, value) = (half(key), half(value))
    return (
      KeyValueCache.extend(&keys[layer], length, key).selected(axis: 0, 0),
      KeyValueCache.extend(&values[layer], length, value).selected(axis: 0, 0)
    )
  }

  /// Writes behind the tokens in use; the room doubles where it runs out, so that a text of n tokens
  /// moves O(n) numbers.
  private static func extend(_ kept: inout Tensor?, _ length: Int, _ new: Tensor) -> Tensor {
    let total = length + new.shape[2]
    var store =
      kept
      ?? Tensor(
        uninitialized: [new.shape[0], new.shape[1], 0, new.shape[3]], new.elementType)
    kept = nil
    if store.shape[2] < total {
      var shape = new.shape
      shape[2] = max(2 * store.shape[2], total, 64)
      let larger = Tensor(uninitialized: shape, new.elementType)
      StridedCopy.run(
        from: store.sliced(axis: 2, 0..<length), to: larger.sliced(axis: 2, 0..<length))
      store = larger
    } else {
      // A copy of the session may hold the same memory.
      store.makeWritable()
    }
    StridedCopy.run(from: new, to: store.sliced(axis: 2, length..<total))
    kept = store
    return store.sliced(axis: 2, 0..<total)
  }
}
