// From a response's bytes to a decoded reply, whole or in pieces, by what the bytes are.

/// Reads a response's body.
struct ReplyReader: Sendable {
  let wire: any Wire
  var onText: (@Sendable (String) -> Void)?

  /// The bytes, and what they say.
  struct Collected: Sendable {
    var bytes: [UInt8]
    var decoded: Result<Decoded, ClientError>
  }

  /// Reads to the end.
  ///
  /// - Throws: `ClientError` when the connection fails. What is wrong with the bytes is in `decoded`.
  func read(_ response: HTTPResponse) async throws(ClientError) -> Collected {
    let streamed =
      (200..<300).contains(response.status)
      && (response.headers["content-type"] ?? "").lowercased().hasPrefix("text/event-stream")
    var bytes: [UInt8] = []
    var reading = StreamReading(assembler: wire.makeAssembler())
    do {
      for try await piece in response.body {
        bytes.append(contentsOf: piece)
        guard streamed else { continue }
        reading.push(piece, onText: onText)
        if reading.hasFailed {
          response.cancel()
          break
        }
      }
    } catch let error as ClientError {
      throw error.with { $0.response = Array(bytes.prefix(65536)) }
    } catch {
      throw ClientError(.transport, "the reply broke off").with { $0.possiblyBilled = true }
    }
    if Task.isCancelled { throw ClientError(.cancelled, "cancelled while the reply was read") }
    guard (200..<300).contains(response.status) else {
      return Collected(bytes: bytes, decoded: .failure(ClientError(.malformedReply, "no reply")))
    }
    // A whole reply that only says that it is a stream is read as what it is.
    let first = bytes.first { $0 > 0x20 }
    if streamed, first != UInt8(ascii: "{"), first != UInt8(ascii: "[") {
      return Collected(bytes: bytes, decoded: reading.finish(onText: onText))
    }
    // A server that does not stream gives its text at once.
    let decoded = Self.decode(bytes, wire: wire)
    if let text = try? decoded.get().text, !text.isEmpty { onText?(text) }
    return Collected(bytes: bytes, decoded: decoded)
  }

  /// Decodes a whole body, whatever form it has.
  static func decode(_ bytes: [UInt8], wire: any Wire) -> Result<Decoded, ClientError> {
    let first = bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    do throws(ClientError) {
      switch first {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        let json = try parse(bytes)
        if case .array(let items) = json { return try decode(items, wire: wire) }
        if let failure = VendorFailure.inStream(json) { return .failure(failure) }
        return .success(try wire.decode(json))
      case UInt8(ascii: "d"), UInt8(ascii: "e"), UInt8(ascii: ":"), 0xEF:
        var reading = StreamReading(assembler: wire.makeAssembler())
        reading.push(bytes, onText: nil)
        return reading.finish(onText: nil)
      case nil: throw ClientError(.malformedReply, "an empty reply")
      default: throw ClientError(.malformedReply, "a reply that is no JSON")
      }
    } catch {
      return .failure(error)
    }
  }

  private static func parse(_ bytes: [UInt8]) throws(ClientError) -> JSON {
    do {
      return try JSON(parsing: bytes)
    } catch {
      throw ClientError(.malformedReply, error.description)
    }
  }

  /// Gemini's stream without `alt=sse` is one JSON array of what would be events.
  private static func decode(
    _ items: [JSON], wire: any Wire
  ) throws(ClientError) -> Result<Decoded, ClientError> {
    var assembler = wire.makeAssembler()
    for item in items { _ = try assembler.add(ServerEvent(name: nil, data: item.bytes)) }
    return .success(try assembler.finish())
  }
}

/// A stream on its way: the first thing that is wrong ends it.
private struct StreamReading {
  private var splitter = EventSplitter()
  private var assembler: any StreamAssembler
  private var failure: ClientError?

  init(assembler: any StreamAssembler) { self.assembler = assembler }

  var hasFailed: Bool { failure != nil }

  mutating func push(_ bytes: [UInt8], onText: (@Sendable (String) -> Void)?) {
    guard failure == nil else { return }
    for event in splitter.push(bytes) { take(event, onText: onText) }
  }

  mutating func take(_ event: ServerEvent, onText: (@Sendable (String) -> Void)?) {
    guard failure == nil, !event.data.isEmpty else { return }
    do throws(ClientError) {
      if let text = try assembler.add(event) { onText?(text) }
    } catch {
      failure = error
    }
  }

  mutating func finish(onText: (@Sendable (String) -> Void)?) -> Result<Decoded, ClientError> {
    if let last = splitter.finish() { take(last, onText: onText) }
    if let failure { return .failure(failure) }
    do throws(ClientError) {
      return .success(try assembler.finish())
    } catch {
      return .failure(error)
    }
  }
}
