// ONNX models and tensors, as far as node tests use them.
// Source: onnx.proto, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto

import NeuralCore

/// Why a node test does not run here.
struct NotMapped: Error {
  let why: String
  init(_ why: String) { self.why = why }
}

enum ONNXTensor {
  static func types(_ code: Int64) throws -> ElementType {
    switch code {
    case 1: return .float32
    case 2: return .uint8
    case 3: return .int8
    case 6: return .int32
    case 7: return .int64
    case 9: return .bool
    case 10: return .float16
    case 11: return .float64
    case 16: return .bfloat16
    default: throw NotMapped("element type \(code)")
    }
  }

  /// A `TensorProto`.
  static func read(_ message: ProtobufMessage) throws -> Tensor {
    let shape = message.integers(1).map(Int.init)
    let type = try types(message.integers(2).first ?? 0)
    if let raw = message.bytes(9).first {
      return try fromBytes(Array(raw), type, shape)
    }
    switch type {
    case .float32: return Tensor(message.floats(4), shape: shape)
    case .int64: return Tensor(of: message.integers(7), shape: shape)
    case .int32, .int8, .uint8, .bool:
      return Tensor(of: message.integers(5), shape: shape).converted(to: type)
    case .float16, .bfloat16:
      return Tensor(
        bits: message.integers(5).map { UInt16(truncatingIfNeeded: $0) }, type, shape: shape)
    case .float64:
      let values = message.fields.filter { $0.number == 10 }.flatMap { field -> [Double] in
        guard case .bytes(let packed) = field.value else { return [] }
        return numbers(Array(packed), UInt64.self).map(Double.init(bitPattern:))
      }
      return Tensor(of: values, shape: shape)
    }
  }

  private static func numbers<Bits: FixedWidthInteger & UnsignedInteger>(
    _ raw: [UInt8], _: Bits.Type
  ) -> [Bits] {
    let size = Bits.bitWidth / 8
    return stride(from: 0, to: raw.count - size + 1, by: size).map { at in
      (0..<size).reversed().reduce(Bits(0)) {
        size == 1 ? Bits(raw[at + $1]) : $0 << 8 | Bits(raw[at + $1])
      }
    }
  }

  private static func fromBytes(
    _ raw: [UInt8], _ type: ElementType, _ shape: [Int]
  ) throws -> Tensor {
    guard raw.count == shape.reduce(1, *) * type.byteCount else {
      throw NotMapped("raw data of \(raw.count) bytes for \(shape)")
    }
    switch type {
    case .float32:
      return Tensor(of: numbers(raw, UInt32.self).map(Float.init(bitPattern:)), shape: shape)
    case .float64:
      return Tensor(of: numbers(raw, UInt64.self).map(Double.init(bitPattern:)), shape: shape)
    case .float16, .bfloat16: return Tensor(bits: numbers(raw, UInt16.self), type, shape: shape)
    case .int8: return Tensor(of: raw.map(Int8.init(bitPattern:)), shape: shape)
    case .uint8: return Tensor(of: raw, shape: shape)
    case .int32:
      return Tensor(of: numbers(raw, UInt32.self).map(Int32.init(bitPattern:)), shape: shape)
    case .int64:
      return Tensor(of: numbers(raw, UInt64.self).map(Int64.init(bitPattern:)), shape: shape)
    case .bool: return Tensor(of: raw.map { $0 != 0 }, shape: shape)
    }
  }
}

struct ONNXAttribute {
  let message: ProtobufMessage
  var float: Float { message.floats(2).first ?? 0 }
  var int: Int { Int(message.integers(3).first ?? 0) }
  var string: String { message.string(4) }
  var ints: [Int] { message.integers(8).map(Int.init) }
  var floats: [Float] { message.floats(7) }
}

struct ONNXNode {
  let operation: String
  let domain: String
  let inputs: [String]
  let outputs: [String]
  let attributes: [String: ONNXAttribute]

  init(_ message: ProtobufMessage) {
    inputs = message.strings(1)
    outputs = message.strings(2)
    operation = message.string(4)
    domain = message.string(7)
    attributes = Dictionary(
      message.messages(5).map { ($0.string(1), ONNXAttribute(message: $0)) },
      uniquingKeysWith: { first, _ in first })
  }

  func int(_ name: String, _ value: Int) -> Int { attributes[name]?.int ?? value }
  func float(_ name: String, _ value: Float) -> Float { attributes[name]?.float ?? value }
  func string(_ name: String, _ value: String) -> String { attributes[name]?.string ?? value }
  func ints(_ name: String) -> [Int]? { attributes[name].map(\.ints) }
}

struct ONNXGraph {
  let nodes: [ONNXNode]
  let inputs: [String]
  let outputs: [String]
  let constants: [ProtobufMessage]
  let opset: Int

  init?(_ bytes: [UInt8]) {
    guard let model = ProtobufMessage(bytes[...]), let graph = model.messages(7).first else {
      return nil
    }
    nodes = graph.messages(1).map(ONNXNode.init)
    constants = graph.messages(5)
    inputs = graph.messages(11).map { $0.string(1) }
    outputs = graph.messages(12).map { $0.string(1) }
    opset =
      model.messages(8).filter { ["", "ai.onnx"].contains($0.string(1)) }
      .compactMap { $0.integers(2).first }.map(Int.init).first ?? 0
  }

  /// Every output, by running the nodes in order.
  func run(_ values: [Tensor?]) throws -> [Tensor] {
    var named: [String: Tensor] = [:]
    for (name, value) in zip(inputs, values) { named[name] = value }
    for constant in constants { named[constant.string(8)] = try ONNXTensor.read(constant) }
    for node in nodes {
      guard node.domain.isEmpty || node.domain == "ai.onnx",
        let operation = ONNXOperators.all[node.operation]
      else { throw NotMapped("\(node.domain)\(node.operation)") }
      let operands = node.inputs.map { $0.isEmpty ? nil : named[$0] }
      let results = try operation(ONNXCall(node: node, inputs: operands, opset: opset))
      for (name, result) in zip(node.outputs, results) { named[name] = result }
    }
    return try outputs.map { name in
      guard let value = named[name] else { throw NotMapped("output \(name)") }
      return value
    }
  }
}

/// One node with its operands.
struct ONNXCall {
  let node: ONNXNode
  let inputs: [Tensor?]
  let opset: Int

  /// An operand that has to be there.
  func input(_ index: Int) throws -> Tensor {
    guard index < inputs.count, let value = inputs[index] else {
      throw NotMapped("\(node.operation) without input \(index)")
    }
    return value
  }
  func optional(_ index: Int) -> Tensor? { index < inputs.count ? inputs[index] : nil }
  func integers(_ index: Int) -> [Int]? {
    optional(index).map {
      $0.converted(to: .int64).array(of: Int64.self).map(Int.init(truncatingIfNeeded:))
    }
  }
  func require(_ condition: Bool, _ why: String) throws {
    if !condition { throw NotMapped("\(node.operation): \(why)") }
  }
}

enum ONNXOperators {
  typealias Operation = @Sendable (ONNXCall) throws -> [Tensor]
  static let all: [String: Operation] =
    elementwise
    .merging(reductions) { $1 }.merging(moving) { $1 }.merging(layers) { $1 }
    .merging(indexing) { $1 }.merging(compound) { $1 }
}
