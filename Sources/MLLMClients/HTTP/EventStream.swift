// Server-sent events, from bytes in pieces of any size.
// Source: WHATWG HTML, section 9.2.6 "Interpreting an event stream".

/// One event.
struct ServerEvent: Sendable, Hashable {
  var name: String?
  var data: [UInt8]
}

/// Splits bytes into events: lines end with CR, LF or CRLF, a blank line ends an event.
struct EventSplitter {
  private var line: [UInt8] = []
  private var event = ServerEvent(name: nil, data: [])
  private var hasData = false
  private var afterCR = false
  private var atStart = true
  private(set) var bufferedBytes = 0

  /// The events that these bytes complete.
  mutating func push(_ bytes: [UInt8]) -> [ServerEvent] {
    var events: [ServerEvent] = []
    var start = bytes.startIndex
    if afterCR, bytes.first == 0x0A { start += 1 }
    if !bytes.isEmpty { afterCR = false }
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 0x0A || byte == 0x0D {
        line.append(contentsOf: bytes[start..<index])
        if let event = endLine() { events.append(event) }
        if byte == 0x0D {
          if index + 1 == bytes.count {
            afterCR = true
          } else if bytes[index + 1] == 0x0A {
            index += 1
          }
        }
        start = index + 1
      }
      index += 1
    }
    if start < bytes.count { line.append(contentsOf: bytes[start...]) }
    bufferedBytes = line.count + event.data.count
    return events
  }

  /// An event that the end of the stream left without its blank line. The standard drops it; some
  /// servers end their last event so, and a vendor's end mark must not be lost to that.
  mutating func finish() -> ServerEvent? {
    if !line.isEmpty { _ = endLine() }
    return endLine()
  }

  private mutating func endLine() -> ServerEvent? {
    defer { line.removeAll(keepingCapacity: true) }
    if atStart {
      atStart = false
      if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
    }
    if line.isEmpty {
      defer {
        event = ServerEvent(name: nil, data: [])
        hasData = false
      }
      return hasData ? event : nil
    }
    let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
    var value = line[min(colon + 1, line.endIndex)...]
    if value.first == UInt8(ascii: " ") { value.removeFirst() }
    let field = line[..<colon]
    if field.elementsEqual("data".utf8) {
      if hasData { event.data.append(0x0A) }
      event.data.append(contentsOf: value)
      hasData = true
    } else if field.elementsEqual("event".utf8) {
      event.name = String(decoding: value, as: UTF8.self)
    }
    return nil
  }
}
