// Frozen TensorFlow graphs: the constants of a `GraphDef`.
// Source: tensorflow/core/framework/graph.proto, node_def.proto, tensor.proto; protobuf's wire format.

extension Weights {
  /// The float32 constants of a frozen TensorFlow graph, under their nodes' names.
  ///
  /// Kernels of convolutions (nodes whose name ends in `/kernel`, four or five axes) are turned from
  /// TensorFlow's order `[taps…, channel, filter]` to `[filter, channel, taps…]`; kernels of
  /// transposed convolutions, `[taps…, filter, channel]`, become `[channel, filter, taps…]` by the
  /// same turn. Other constants, and those that are no kernels, biases or statistics of a layer, keep
  /// their order; constants of other types and scalars are left out.
  public init(tensorFlowGraph path: String) throws(NeuralCoreError) {
    do throws(NeuralCoreError) {
      self = try Weights(tensorFlowGraph: try ByteSource(path: path))
    } catch {
      throw error.naming(path)
    }
  }

  package init(tensorFlowGraph source: ByteSource) throws(NeuralCoreError) {
    self.init(format: "tensorflow")
    var count = 0
    var graph = Wire(source, 0..<source.count)
    while let field = try graph.next() {
      guard field.number == 1, case .bytes(let node) = field.value else { continue }
      count += 1
      try read(node: node, source)
    }
    guard count > 0 else {
      throw NeuralCoreError(.malformed, "TensorFlow graph: no nodes", offset: 0)
    }
  }

  private mutating func read(node: Range<Int>, _ source: ByteSource) throws(NeuralCoreError) {
    var name = ""
    var isConstant = false
    var value: Range<Int>?
    var wire = Wire(source, node)
    while let field = try wire.next() {
      guard case .bytes(let range) = field.value else { continue }
      switch field.number {
      case 1: name = try wire.text(range)
      case 2: isConstant = try wire.text(range) == "Const"
      case 5:
        // One attribute: its name, and a value whose eighth field is a tensor.
        var attribute = Wire(source, range)
        var key = ""
        var tensor: Range<Int>?
        while let part = try attribute.next() {
          guard case .bytes(let own) = part.value else { continue }
          if part.number == 1 { key = try attribute.text(own) }
          if part.number == 2 {
            var inner = Wire(source, own)
            while let last = try inner.next() {
              if last.number == 8, case .bytes(let found) = last.value { tensor = found }
            }
          }
        }
        if key == "value" { value = tensor }
      default: break
      }
    }
    guard isConstant, let value else { return }
    try read(tensor: value, named: name, source)
  }

  private mutating func read(tensor: Range<Int>, named name: String, _ source: ByteSource)
    throws(NeuralCoreError)
  {
    var isFloat = false
    var shape: [Int] = []
    var content: Range<Int>?
    var wire = Wire(source, tensor)
    while let field = try wire.next() {
      switch (field.number, field.value) {
      case (1, .integer(let type)): isFloat = type == 1
      case (2, .bytes(let axes)):
        var axis = Wire(source, axes)
        while let part = try axis.next() {
          guard part.number == 2, case .bytes(let own) = part.value else { continue }
          var size = 0
          var inner = Wire(source, own)
          while let last = try inner.next() {
            if last.number == 1, case .integer(let found) = last.value {
              guard found < 1 << 40 else {
                throw NeuralCoreError(.limit, "TensorFlow graph: \(name) has an axis of \(found)")
              }
              size = Int(found)
            }
          }
          shape.append(size)
        }
      // Raw bytes, or a list of numbers that lie one after another just so.
      case (4, .bytes(let range)), (5, .bytes(let range)): content = range
      default: break
      }
    }
    guard isFloat, !shape.isEmpty, shape.count <= 8, let content else { return }
    var elements = 1
    for axis in shape {
      let (product, overflow) = elements.multipliedReportingOverflow(by: axis)
      guard !overflow else {
        throw NeuralCoreError(.limit, "TensorFlow graph: \(name) has shape \(shape)")
      }
      elements = product
    }
    guard elements.multipliedReportingOverflow(by: 4) == (content.count, false) else {
      throw NeuralCoreError(
        .malformed, "TensorFlow graph: \(name) of shape \(shape) has \(content.count) bytes",
        offset: content.lowerBound)
    }
    var strides = Shape.strides(shape)
    if name.hasSuffix("/kernel"), (4...5).contains(shape.count) {
      let taps = shape.count - 2
      let order = [taps + 1, taps] + Array(0..<taps)
      strides = order.map { strides[$0] }
      shape = order.map { shape[$0] }
    }
    try add(
      StoredTensor(
        name: name, type: .float32, shape: shape, strides: strides, source: source,
        start: content.lowerBound, length: content.count))
  }
}

/// Protobuf's fields, one after another, never past the end of their message.
private struct Wire {
  enum Value {
    case integer(UInt64)
    case bytes(Range<Int>)
  }

  private let source: ByteSource
  private var at: Int
  private let end: Int

  init(_ source: ByteSource, _ range: Range<Int>) {
    self.source = source
    at = range.lowerBound
    end = range.upperBound
  }

  mutating func next() throws(NeuralCoreError) -> (number: UInt64, value: Value)? {
    guard at < end else { return nil }
    let key = try integer()
    let number = key >> 3
    switch key & 7 {
    case 0: return (number, .integer(try integer()))
    case 1: return (number, .bytes(try take(8)))
    case 2:
      let length = try integer()
      guard length <= UInt64(end - at) else {
        throw NeuralCoreError(
          .truncated, "protobuf: \(length) bytes announced, \(end - at) left", offset: at)
      }
      return (number, .bytes(try take(Int(length))))
    case 5: return (number, .bytes(try take(4)))
    default: throw NeuralCoreError(.malformed, "protobuf: wire type \(key & 7)", offset: at)
    }
  }

  func text(_ range: Range<Int>) throws(NeuralCoreError) -> String {
    String(decoding: try source.bytes(range.lowerBound, range.count, of: "a name"), as: UTF8.self)
  }

  private mutating func take(_ count: Int) throws(NeuralCoreError) -> Range<Int> {
    guard count <= end - at else {
      throw NeuralCoreError(.truncated, "protobuf: \(count) bytes at the end", offset: at)
    }
    defer { at += count }
    return at..<at + count
  }

  private mutating func integer() throws(NeuralCoreError) -> UInt64 {
    var value: UInt64 = 0
    for place in 0..<10 {
      guard at < end else { throw NeuralCoreError(.truncated, "protobuf: a number", offset: at) }
      let byte = unsafe source.withBytes(at..<at + 1) { unsafe $0[0] }
      at += 1
      value |= UInt64(byte & 127) << UInt64(7 * place)
      if byte < 128 { return value }
    }
    throw NeuralCoreError(.malformed, "protobuf: a number of more than ten bytes", offset: at)
  }
}
