// Python's pickle as data: a machine that builds values and executes nothing.
// Source: CPython's `Lib/pickletools.py`, which documents every opcode (protocols 0 to 5).

/// A value that a pickle describes. Calls are kept as data: what was to be called, with what.
enum PickleValue {
  case none
  case bool(Bool)
  case integer(Int)
  case real(Double)
  case string(String)
  case bytes([UInt8])
  /// What holds other values does so by reference: a pickle may share it, and may nest it as deep as
  /// the file is long.
  case tuple(PickleBox)
  case list(PickleBox)
  case dictionary(PickleBox)
  case global(String)
  /// What was to be called; the arguments are the box's values and the state its entries.
  case call(String, PickleBox)
  case persistent(PickleBox)
  case mark

  var string: String? {
    if case .string(let text) = self { return text }
    return nil
  }

  var integer: Int? {
    switch self {
    case .integer(let value): return value
    case .bool(let value): return value ? 1 : 0
    default: return nil
    }
  }

  var tuple: [PickleValue]? {
    switch self {
    case .tuple(let box), .list(let box): return box.values
    default: return nil
    }
  }

  var integers: [Int]? {
    guard let tuple else { return nil }
    var result: [Int] = []
    for value in tuple {
      guard let integer = value.integer else { return nil }
      result.append(integer)
    }
    return result
  }

  /// Keys and values of a dictionary, of an `OrderedDict`, or of an object's state.
  var entries: [(key: PickleValue, value: PickleValue)]? {
    switch self {
    case .dictionary(let box), .call(_, let box): return box.entries
    default: return nil
    }
  }
}

/// What a pickle may change after it was put on the stack.
final class PickleBox {
  var values: [PickleValue] = []
  var entries: [(key: PickleValue, value: PickleValue)] = []
}

/// Reads pickles without running any of the code that they name.
///
/// The values that it gives live until ``dismantle()``, which must be called: boxes may hold one another
/// in a circle, or in a chain too long to be released one inside the other.
struct PickleMachine {
  private var reader: ByteReader
  private var stack: [PickleValue] = []
  private var memo: [Int: PickleValue] = [:]
  /// Every box, in the order of making.
  private var boxes: [PickleBox] = []
  /// Entries that states may still add; a file cannot describe more than it has bytes.
  private var budget: Int

  init(_ bytes: [UInt8], at start: Int = 0) {
    reader = ByteReader(bytes, at: start, what: "pickle")
    budget = bytes.count
  }

  /// Lets go of everything that was read.
  mutating func dismantle() {
    for box in boxes {
      box.values = []
      box.entries = []
    }
    boxes = []
    stack = []
    memo = [:]
  }

  private mutating func box(_ values: [PickleValue] = []) -> PickleBox {
    let box = PickleBox()
    box.values = values
    boxes.append(box)
    return box
  }

  /// Where reading stopped: the next pickle of a legacy file begins here.
  var at: Int { reader.at }

  /// Reads one pickle.
  mutating func run() throws(NeuralCoreError) -> PickleValue {
    stack = []
    memo = [:]
    while true {
      let offset = reader.at
      let code = try reader.byte()
      if code == UInt8(ascii: ".") { return try pop() }
      do throws(NeuralCoreError) {
        if try !pushed(code) { try combined(code) }
      } catch {
        throw NeuralCoreError(error.code, error.detail, offset: error.offset ?? offset)
      }
    }
  }

  private func failure(_ what: String) -> NeuralCoreError {
    NeuralCoreError(.malformed, "pickle: \(what)", offset: reader.at)
  }

  private mutating func pop() throws(NeuralCoreError) -> PickleValue {
    guard let value = stack.popLast() else { throw failure("the stack is empty") }
    return value
  }

  private func top() throws(NeuralCoreError) -> PickleValue {
    guard let value = stack.last else { throw failure("the stack is empty") }
    return value
  }

  private mutating func popMark() throws(NeuralCoreError) -> [PickleValue] {
    guard
      let mark = stack.lastIndex(where: { if case .mark = $0 { true } else { false } })
    else { throw failure("no mark on the stack") }
    let values = Array(stack[(mark + 1)...])
    stack.removeSubrange(mark...)
    return values
  }

  private mutating func line() throws(NeuralCoreError) -> String {
    var bytes: [UInt8] = []
    while true {
      let byte = try reader.byte()
      if byte == 10 { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(byte)
    }
  }

  private mutating func text(_ length: Int) throws(NeuralCoreError) -> PickleValue {
    .string(String(decoding: try reader.take(length), as: UTF8.self))
  }

  private mutating func length8() throws(NeuralCoreError) -> Int {
    try reader.count("length", upTo: reader.bytes.count)
  }

  /// Opcodes that put a new value on the stack; false for the others.
  private mutating func pushed(_ code: UInt8) throws(NeuralCoreError) -> Bool {
    switch code {
    case UInt8(ascii: "N"): stack.append(.none)
    case 0x88: stack.append(.bool(true))
    case 0x89: stack.append(.bool(false))
    case UInt8(ascii: "("): stack.append(.mark)
    case UInt8(ascii: "K"): stack.append(.integer(Int(try reader.byte())))
    case UInt8(ascii: "M"): stack.append(.integer(Int(try reader.integer(UInt16.self))))
    case UInt8(ascii: "J"): stack.append(.integer(Int(try reader.integer(Int32.self))))
    case UInt8(ascii: "I"):
      let text = try line()
      switch text {
      case "00": stack.append(.bool(false))
      case "01": stack.append(.bool(true))
      default: stack.append(.integer(Int(text) ?? 0))
      }
    case UInt8(ascii: "L"):
      let text = try line()
      stack.append(.integer(Int(text.hasSuffix("L") ? String(text.dropLast()) : text) ?? 0))
    case 0x8A: try long(Int(try reader.byte()))
    case 0x8B: try long(Int(try reader.integer(UInt32.self)))
    case UInt8(ascii: "G"):
      var bits: UInt64 = 0
      for byte in try reader.take(8) { bits = bits << 8 | UInt64(byte) }
      stack.append(.real(Double(bitPattern: bits)))
    case UInt8(ascii: "F"): stack.append(.real(Double(try line()) ?? .nan))
    case UInt8(ascii: "X"), UInt8(ascii: "T"):
      stack.append(try text(Int(try reader.integer(UInt32.self))))
    case 0x8C, UInt8(ascii: "U"): stack.append(try text(Int(try reader.byte())))
    case 0x8D: stack.append(try text(try length8()))
    case UInt8(ascii: "V"), UInt8(ascii: "S"): stack.append(.string(try line()))
    case UInt8(ascii: "C"): stack.append(.bytes(Array(try reader.take(Int(try reader.byte())))))
    case UInt8(ascii: "B"):
      stack.append(.bytes(Array(try reader.take(Int(try reader.integer(UInt32.self))))))
    case 0x8E, 0x96: stack.append(.bytes(Array(try reader.take(try length8()))))
    case UInt8(ascii: ")"): stack.append(.tuple(box()))
    case UInt8(ascii: "]"), 0x8F: stack.append(.list(box()))
    case UInt8(ascii: "}"): stack.append(.dictionary(box()))
    case UInt8(ascii: "c"):
      let module = try line()
      stack.append(.global("\(module).\(try line())"))
    case UInt8(ascii: "h"): try recall(Int(try reader.byte()))
    case UInt8(ascii: "j"): try recall(Int(try reader.integer(UInt32.self)))
    case UInt8(ascii: "g"): try recall(Int(try line()) ?? -1)
    default: return false
    }
    return true
  }

  private mutating func long(_ length: Int) throws(NeuralCoreError) {
    let bytes = try reader.take(length)
    var value: UInt64 = 0
    for (index, byte) in bytes.prefix(8).enumerated() { value |= UInt64(byte) << (8 * index) }
    if let last = bytes.last, length < 8, last & 0x80 != 0 { value |= ~0 << (8 * length) }
    stack.append(.integer(Int(truncatingIfNeeded: value)))
  }

  private mutating func recall(_ key: Int) throws(NeuralCoreError) {
    guard let value = memo[key] else { throw failure("nothing was remembered as \(key)") }
    stack.append(value)
  }

  /// Opcodes that work on what is on the stack.
  private mutating func combined(_ code: UInt8) throws(NeuralCoreError) {
    switch code {
    case 0x80: _ = try reader.byte()
    case 0x95: _ = try reader.take(8)
    case UInt8(ascii: "q"): memo[Int(try reader.byte())] = try top()
    case UInt8(ascii: "r"): memo[Int(try reader.integer(UInt32.self))] = try top()
    case UInt8(ascii: "p"): memo[Int(try line()) ?? -1] = try top()
    case 0x94: memo[memo.count] = try top()
    case UInt8(ascii: "0"): _ = try pop()
    case UInt8(ascii: "1"): _ = try popMark()
    case UInt8(ascii: "2"): stack.append(try top())
    case UInt8(ascii: "t"): stack.append(.tuple(box(try popMark())))
    case 0x85...0x87:
      let count = Int(code) - 0x84
      guard stack.count >= count else { throw failure("the stack is empty") }
      let values = Array(stack.suffix(count))
      stack.removeLast(count)
      stack.append(.tuple(box(values)))
    case UInt8(ascii: "l"):
      stack.append(.list(box(try popMark())))
    case UInt8(ascii: "d"):
      let values = try popMark()
      let made = PickleValue.dictionary(box())
      try set(values, on: made)
      stack.append(made)
    case UInt8(ascii: "a"):
      let value = try pop()
      try append([value], to: try top())
    case UInt8(ascii: "e"), 0x90:
      let values = try popMark()
      try append(values, to: try top())
    case UInt8(ascii: "s"):
      let value = try pop()
      let key = try pop()
      try set([key, value], on: try top())
    case UInt8(ascii: "u"):
      let values = try popMark()
      try set(values, on: try top())
    case 0x93:
      guard let name = try pop().string, let module = try pop().string else {
        throw failure("a global without its name")
      }
      stack.append(.global("\(module).\(name)"))
    case UInt8(ascii: "R"), 0x81:
      let arguments = try pop().tuple
      guard case .global(let name) = try pop(), let arguments else {
        throw failure("a call of something that is no global")
      }
      stack.append(.call(name, box(arguments)))
    case 0x92:
      _ = try pop()
      let arguments = try pop().tuple ?? []
      guard case .global(let name) = try pop() else { throw failure("an object of no class") }
      stack.append(.call(name, box(arguments)))
    case UInt8(ascii: "b"):
      let state = try pop()
      if case .call(_, let box) = try top() {
        let entries = state.entries ?? []
        budget -= entries.count
        guard budget >= 0 else {
          throw NeuralCoreError(.limit, "pickle: states add more entries than the file has bytes")
        }
        box.entries += entries
      }
    case UInt8(ascii: "Q"):
      stack.append(.persistent(box([try pop()])))
    default:
      throw NeuralCoreError(
        .unsupported, "pickle: opcode 0x\(String(code, radix: 16))", offset: reader.at - 1)
    }
  }

  private func append(_ values: [PickleValue], to target: PickleValue) throws(NeuralCoreError) {
    switch target {
    case .list(let box), .call(_, let box): box.values += values
    default: throw failure("an append to something that is no list")
    }
  }

  private func set(_ values: [PickleValue], on target: PickleValue) throws(NeuralCoreError) {
    guard values.count % 2 == 0 else { throw failure("a key without its value") }
    switch target {
    case .dictionary(let box), .call(_, let box):
      for index in stride(from: 0, to: values.count, by: 2) {
        box.entries.append((values[index], values[index + 1]))
      }
    default: throw failure("an item set on something that is no dictionary")
    }
  }
}
