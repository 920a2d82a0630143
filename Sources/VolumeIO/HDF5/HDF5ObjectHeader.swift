// Object headers, versions 1 and 2 (IV.A.1), and the messages in them.

/// The messages of one object: a group or a dataset.
struct HDF5ObjectHeader: Sendable {
  struct Message: Sendable {
    var type: Int
    var isShared: Bool
    var block: HDF5Block
  }

  private(set) var messages: [Message] = []

  /// - Throws: `limit` for a header of more than 100,000 messages or 10,000 continuations.
  init(_ source: HDF5Source, at address: Int) throws(VolumeError) {
    var start = try source.upTo(address, 16, "object header")
    if try start.bytes(4, "object header").elementsEqual("OHDR".utf8) {
      try readTwo(source, address)
    } else {
      try readOne(source, address)
    }
  }

  func first(_ type: Int) -> Message? { messages.first { $0.type == type } }

  private mutating func add(_ message: Message) throws(VolumeError) {
    guard messages.count < 100_000 else {
      throw VolumeError(.limit, "more than 100000 messages", field: "object header")
    }
    messages.append(message)
  }

  private mutating func readOne(_ source: HDF5Source, _ address: Int) throws(VolumeError) {
    var head = try source.block(address, 16, "object header")
    guard try head.byte("version") == 1 else {
      throw head.malformed("no object header of version 1 or 2", "object header")
    }
    head.skip(7)
    let size = try head.four("header size")
    var queue = [(address + 16, size)]
    var done = 0
    while done < queue.count {
      guard queue.count < 10_000 else {
        throw VolumeError(.limit, "too many continuations", field: "object header")
      }
      var block = try source.block(queue[done].0, queue[done].1, "object header")
      done += 1
      while block.left >= 8 {
        let type = try block.two("message type")
        let length = try block.two("message size")
        let flags = try block.byte("message flags")
        block.skip(3)
        let body = try message(block.bytes(length, "message"), block)
        if type == 0x10 {
          var body = body
          guard let next = try body.address("continuation") else { continue }
          queue.append((next, try body.length("continuation")))
        } else {
          try add(Message(type: type, isShared: flags & 2 != 0, block: body))
        }
      }
    }
  }

  private func message(_ bytes: [UInt8], _ block: HDF5Block) throws(VolumeError) -> HDF5Block {
    HDF5Block(
      reader: ByteReader(
        bytes, .little, base: block.reader.base + block.position - bytes.count),
      addressSize: block.addressSize, lengthSize: block.lengthSize)
  }

  private mutating func readTwo(_ source: HDF5Source, _ address: Int) throws(VolumeError) {
    var head = try source.upTo(address, 64, "object header")
    head.skip(4)
    guard try head.byte("version") == 2 else {
      throw head.malformed("no object header of version 2", "object header")
    }
    let flags = try head.byte("flags")
    if flags & 0x20 != 0 { head.skip(16) }
    if flags & 0x10 != 0 { head.skip(4) }
    let size = try head.integer(1 << (flags & 3), "chunk size")
    var queue = [(address + head.position, size, false)]
    var done = 0
    while done < queue.count {
      guard queue.count < 10_000 else {
        throw VolumeError(.limit, "too many continuations", field: "object header")
      }
      var block = try source.block(queue[done].0, queue[done].1, "object header")
      var end = queue[done].1
      if queue[done].2 {
        try block.signature("OCHK")
        end -= 4
      }
      done += 1
      let overhead = flags & 4 != 0 ? 6 : 4
      while end - block.position >= overhead {
        let type = try block.byte("message type")
        let length = try block.two("message size")
        let isShared = try block.byte("message flags") & 2 != 0
        if flags & 4 != 0 { block.skip(2) }
        guard length <= end - block.position else { break }
        var body = try message(block.bytes(length, "message"), block)
        if type == 0x10 {
          guard let next = try body.address("continuation") else { continue }
          queue.append((next, try body.length("continuation"), true))
        } else {
          try add(Message(type: type, isShared: isShared, block: body))
        }
      }
    }
  }

  /// The body of a message, followed to where it is when it is shared with other objects (IV.A.2.s).
  func body(_ message: Message, _ source: HDF5Source) throws(VolumeError) -> HDF5Block {
    guard message.isShared else { return message.block }
    var block = message.block
    let version = try block.byte("shared message")
    let kind = try block.byte("shared message")
    if version == 1 { block.skip(6) }
    guard version < 3 || kind == 2, let address = try block.address("shared message") else {
      throw VolumeError(.unsupported, "a message shared through a heap", field: "object header")
    }
    let other = try HDF5ObjectHeader(source, at: address)
    guard let found = other.first(message.type), !found.isShared else {
      throw block.malformed("no such message where it is shared", "shared message")
    }
    return found.block
  }
}
