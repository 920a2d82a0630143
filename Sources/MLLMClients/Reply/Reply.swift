// What came back, with its evidence.

public import struct Foundation.Date

/// A model's reply and everything needed to judge it later.
public struct Reply: Sendable {
  /// What became of the question; for free text, the text.
  public var outcome: Outcome<String>
  /// All that the model wrote as its answer, whatever the outcome.
  public var text: String
  /// Thoughts that came apart from the answer, or stripped from it.
  public var thinking: String
  /// Tools that the model asked for; their arguments are JSON text.
  public var toolCalls: [ToolCall]
  /// Why it stopped.
  public var stopReason: StopReason
  /// Why it stopped, in the vendor's word, or nil when it told none.
  public var vendorStop: String?
  /// The model that answered, as it names itself: aliases move, dated names don't.
  public var model: String?
  /// The vendor's name for this reply.
  public var id: String?
  /// OpenAI's mark of the configuration that served it.
  public var systemFingerprint: String?
  public var usage: Usage
  /// What the client changed or noticed: a parameter left out, an image not counted.
  public var warnings: [Warning]
  /// What was sent and received.
  public var evidence: Evidence

  /// What was sent and received, byte for byte.
  public struct Evidence: Sendable, Hashable {
    /// The hash of all that was sent; see `RequestRecord`.
    public var key: Digest?
    /// The request's body with each picture as `sha256:…`; empty when no one asked for it.
    public var request: [UInt8]
    /// The response's body.
    public var response: [UInt8]
    public var contentType: String
    public var status: Int
    /// The vendor's name for the request.
    public var requestID: String?
    /// From the first byte sent to the last received, of the attempt that succeeded.
    public var latency: Duration
    /// When the request was sent.
    public var time: Date?
    /// Attempts made, this one included.
    public var attempts: Int

    public init(
      key: Digest? = nil, request: [UInt8] = [], response: [UInt8] = [], contentType: String = "",
      status: Int = 0, requestID: String? = nil, latency: Duration = .zero, time: Date? = nil,
      attempts: Int = 1
    ) {
      self.key = key
      self.request = request
      self.response = response
      self.contentType = contentType
      self.status = status
      self.requestID = requestID
      self.latency = latency
      self.time = time
      self.attempts = attempts
    }
  }

  public init(
    outcome: Outcome<String>, text: String, thinking: String = "", toolCalls: [ToolCall] = [],
    stopReason: StopReason = .finished, vendorStop: String? = nil, model: String? = nil,
    id: String? = nil, systemFingerprint: String? = nil, usage: Usage = Usage(),
    warnings: [Warning] = [], evidence: Evidence = Evidence()
  ) {
    self.outcome = outcome
    self.text = text
    self.thinking = thinking
    self.toolCalls = toolCalls
    self.stopReason = stopReason
    self.vendorStop = vendorStop
    self.model = model
    self.id = id
    self.systemFingerprint = systemFingerprint
    self.usage = usage
    self.warnings = warnings
    self.evidence = evidence
  }
}

/// A tool that the model asked for.
public struct ToolCall: Sendable, Hashable {
  public var name: String
  /// JSON text, as the model wrote it.
  public var arguments: String

  public init(name: String, arguments: String) {
    self.name = name
    self.arguments = arguments
  }
}

/// Something that a client changed or noticed, and did not hide.
public struct Warning: Sendable, Hashable, CustomStringConvertible {
  public struct Code: RawRepresentable, Hashable, Sendable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    init(_ rawValue: String) { self.rawValue = rawValue }

    /// A parameter that the model refuses was left out.
    public static let parameterDropped = Code("parameter-dropped")
    /// A parameter was changed to what the model takes.
    public static let parameterChanged = Code("parameter-changed")
    /// Another model answered than was asked.
    public static let otherModel = Code("other-model")
    /// Too few input tokens for the pictures sent: the server may have dropped them.
    public static let picturesMissing = Code("pictures-missing")
    /// Text may be burned into a picture.
    public static let burnedInText = Code("burned-in-text")
    /// The model is to be shut down.
    public static let deprecated = Code("deprecated")
  }

  public let code: Code
  public let detail: String

  public init(_ code: Code, _ detail: String) {
    self.code = code
    self.detail = detail
  }

  public var description: String { "\(code.rawValue): \(detail)" }
}
