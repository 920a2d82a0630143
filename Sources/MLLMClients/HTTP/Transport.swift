// The seam between the vendors' formats and the network: one method.

public import struct Foundation.URL

/// An HTTP request.
public struct HTTPRequest: Sendable {
  public var method: String
  public var url: URL
  /// Names in any case; keys are among the values, so a request is never printed.
  public var headers: [Header]
  public var body: RequestBody?
  /// Bounds on what the other side may cost.
  public var bounds: Bounds

  public struct Header: Sendable, Hashable {
    public let name: String
    public let value: String
    /// Whether the value is a key: never shown, and dropped when the host changes.
    public let secret: Bool

    public init(_ name: String, _ value: String, secret: Bool = false) {
      self.name = name
      self.value = value
      self.secret = secret
    }
  }

  /// Bounds on what the other side may cost.
  public struct Bounds: Sendable, Hashable {
    /// The longest silence, connecting included.
    public var idle: Duration
    /// The longest whole exchange.
    public var total: Duration
    /// The most bytes of a response, after decompression.
    public var responseBytes: Int

    public init(
      idle: Duration = .seconds(120), total: Duration = .seconds(900),
      responseBytes: Int = 64 << 20
    ) {
      self.idle = idle
      self.total = total
      self.responseBytes = responseBytes
    }
  }

  public init(
    method: String = "POST", url: URL, headers: [Header] = [], body: RequestBody? = nil,
    bounds: Bounds = Bounds()
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.bounds = bounds
  }
}

extension HTTPRequest: CustomStringConvertible, CustomReflectable {
  public var description: String { "\(method) \(url.host ?? "?")\(url.path)" }
  public var customMirror: Mirror { Mirror(self, children: ["request": description]) }
}

extension HTTPRequest.Header: CustomStringConvertible, CustomReflectable {
  public var description: String { "\(name): \(secret ? "•••" : value)" }
  public var customMirror: Mirror { Mirror(self, children: ["header": description]) }
}

/// The head of an HTTP response, and its body as it comes.
public struct HTTPResponse: Sendable {
  public let status: Int
  /// Names in lower case.
  public let headers: [String: String]
  /// The body's bytes, decompressed, in pieces of any size. Ends with `ClientError` when the
  /// connection breaks, a bound is passed, or the task is cancelled.
  public let body: AsyncThrowingStream<[UInt8], any Error>
  /// Ends the exchange before the body's end.
  public let cancel: @Sendable () -> Void

  public init(
    status: Int, headers: [String: String], body: AsyncThrowingStream<[UInt8], any Error>,
    cancel: @escaping @Sendable () -> Void = {}
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.cancel = cancel
  }

  /// A response that is there at once, in pieces of at most `chunk` bytes.
  public init(status: Int, headers: [String: String], bytes: [UInt8], chunk: Int = .max) {
    precondition(chunk > 0, "pieces of \(chunk) bytes")
    let stream = AsyncThrowingStream<[UInt8], any Error> { continuation in
      var at = 0
      while at < bytes.count {
        let end = chunk < bytes.count - at ? at + chunk : bytes.count
        continuation.yield(Array(bytes[at..<end]))
        at = end
      }
      continuation.finish()
    }
    self.init(status: status, headers: headers, body: stream)
  }
}

/// Sends requests.
public protocol Transport: Sendable {
  /// Sends one request, and returns when the response's head is there.
  ///
  /// Redirects are returned, not followed. Cancelling the task, or calling the
  /// response's `cancel`, ends the exchange.
  /// - Throws: `ClientError` with `.transport`, `.timeout`, `.cancelled` or `.invalidImage`.
  func send(_ request: HTTPRequest) async throws(ClientError) -> HTTPResponse
}
