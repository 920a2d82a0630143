// The little of protobuf's wire format that ONNX files need.
// Source: https://protobuf.dev/programming-guides/encoding/

/// A message as its fields in order.
struct ProtobufMessage {
  enum Value {
    case integer(UInt64)
    case bits32(UInt32)
    case bytes(ArraySlice<UInt8>)
  }

  private(set) var fields: [(number: Int, value: Value)] = []

  /// `nil` when the bytes are no message.
  init?(_ bytes: ArraySlice<UInt8>) {
    var at = bytes.startIndex
    func varint() -> UInt64? {
      var value: UInt64 = 0
      for shift in stride(from: 0, to: 64, by: 7) {
        guard at < bytes.endIndex else { return nil }
        let byte = bytes[at]
        at += 1
        value |= UInt64(byte & 0x7F) << UInt64(shift)
        if byte < 0x80 { return value }
      }
      return nil
    }
    while at < bytes.endIndex {
      guard let tag = varint() else { return nil }
      switch tag & 7 {
      case 0:
        guard let value = varint() else { return nil }
        fields.append((Int(tag >> 3), .integer(value)))
      case 1, 5:
        let size = tag & 7 == 1 ? 8 : 4
        guard bytes.endIndex - at >= size else { return nil }
        let raw = bytes[at..<(at + size)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        at += size
        fields.append((Int(tag >> 3), size == 4 ? .bits32(UInt32(raw)) : .integer(raw)))
      case 2:
        guard let size = varint(), size <= UInt64(bytes.endIndex - at) else { return nil }
        fields.append((Int(tag >> 3), .bytes(bytes[at..<(at + Int(size))])))
        at += Int(size)
      default: return nil
      }
    }
  }

  func integers(_ number: Int) -> [Int64] {
    fields.filter { $0.number == number }.flatMap { field -> [Int64] in
      switch field.value {
      case .integer(let value): return [Int64(bitPattern: value)]
      case .bits32: return []
      case .bytes(let packed):
        var values: [Int64] = []
        var value: UInt64 = 0
        var shift: UInt64 = 0
        for byte in packed {
          value |= shift < 64 ? UInt64(byte & 0x7F) << shift : 0
          shift += 7
          if byte < 0x80 {
            values.append(Int64(bitPattern: value))
            value = 0
            shift = 0
          }
        }
        return values
      }
    }
  }

  func floats(_ number: Int) -> [Float] {
    fields.filter { $0.number == number }.flatMap { field -> [Float] in
      switch field.value {
      case .bits32(let bits): return [Float(bitPattern: bits)]
      case .integer: return []
      case .bytes(let packed):
        return stride(from: packed.startIndex, to: packed.endIndex - 3, by: 4).map { at in
          Float(
            bitPattern: packed[at..<(at + 4)].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
        }
      }
    }
  }

  func bytes(_ number: Int) -> [ArraySlice<UInt8>] {
    fields.compactMap { field in
      if field.number == number, case .bytes(let value) = field.value { return value }
      return nil
    }
  }

  func string(_ number: Int) -> String {
    String(decoding: bytes(number).first ?? [], as: UTF8.self)
  }
  func strings(_ number: Int) -> [String] {
    bytes(number).map { String(decoding: $0, as: UTF8.self) }
  }
  func messages(_ number: Int) -> [ProtobufMessage] {
    bytes(number).compactMap { ProtobufMessage($0) }
  }
}
