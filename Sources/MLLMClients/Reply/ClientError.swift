// Why there is no reply.

/// A request that brought no reply: what kind of failure, and what is known of it.
///
/// No key, and no part of a prompt, is ever in an error.
public struct ClientError: Error, Hashable, Sendable {
  /// The kind of failure: a struct with statics, so that a new kind breaks nobody's `switch`.
  public struct Code: RawRepresentable, Hashable, Sendable, Codable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    init(_ rawValue: String) { self.rawValue = rawValue }

    // Before anything is sent.
    /// The model can't take what the prompt holds: a picture, a parameter.
    public static let unsupported = Code("unsupported")
    /// Beyond a limit of the model: pictures, pixels, bytes, tokens.
    public static let limit = Code("limit")
    /// Bytes that are no picture of the declared type, or can't be read.
    public static let invalidImage = Code("invalid-image")
    /// A prompt that no vendor could answer: no user turn, a reserved member.
    public static let invalidPrompt = Code("invalid-prompt")
    /// No key where one was to be found.
    public static let missingKey = Code("missing-key")
    /// Plain HTTP to another machine, a redirect to an unnamed one, a key file others can read.
    public static let insecure = Code("insecure")
    /// Text may be burned into a picture, and the client is told not to send such.
    public static let burnedInText = Code("burned-in-text")
    /// The budget is spent, or the price of the model is not known.
    public static let budget = Code("budget")
    // On the way.
    /// No connection, or one that broke.
    public static let transport = Code("transport")
    /// A deadline passed.
    public static let timeout = Code("timeout")
    /// The caller stopped waiting.
    public static let cancelled = Code("cancelled")
    /// A reply larger than the client takes.
    public static let tooLarge = Code("too-large")
    /// A stream that ended before its last event.
    public static let streamEnded = Code("stream-ended")
    /// A reply that is not what the vendor's interface promises.
    public static let malformedReply = Code("malformed-reply")
    // The vendor said no.
    public static let invalidRequest = Code("invalid-request")
    public static let authentication = Code("authentication")
    public static let permission = Code("permission")
    public static let notFound = Code("not-found")
    public static let rateLimited = Code("rate-limited")
    /// No credit left, or a daily quota used up: asking again today is no use.
    public static let quota = Code("quota")
    public static let overloaded = Code("overloaded")
    public static let server = Code("server")
    /// More tokens than the model's context holds.
    public static let contextOverflow = Code("context-overflow")
    // Evidence.
    /// A recorded client was asked what its journal does not hold.
    public static let notRecorded = Code("not-recorded")
    /// The journal can't be read, written or locked.
    public static let journal = Code("journal")
    /// A batch that the vendor refused or lost.
    public static let batch = Code("batch")
  }

  public let code: Code
  /// What happened, in one line.
  public let detail: String
  /// The HTTP status, when there was one.
  public var status: Int?
  /// The vendor's own code or type: `insufficient_quota`, `overloaded_error`.
  public var vendorCode: String?
  /// The vendor's own message.
  public var vendorMessage: String?
  /// The vendor's name for this request, for a support ticket.
  public var requestID: String?
  /// How long the vendor asked to wait.
  public var retryAfter: Duration?
  /// Whether asking again may help; nil leaves it to the code and status.
  public var retryable: Bool?
  /// Whether the vendor may have done the work and charged for it.
  public var possiblyBilled = false
  /// Whether the request certainly never left this machine: no connection was made.
  public var isUnsent = false
  /// What came back, cut at 64 kB.
  public var response: [UInt8] = []

  public init(_ code: Code, _ detail: String) {
    self.code = code
    self.detail = detail
  }
}

extension ClientError: CustomStringConvertible {
  public var description: String {
    var line = "\(code.rawValue): \(detail)"
    if let status { line += " (HTTP \(status)" + (vendorCode.map { ", \($0)" } ?? "") + ")" }
    if let requestID { line += " [\(requestID)]" }
    return line
  }
}

extension ClientError {
  /// The same failure with more known about it.
  func with(_ change: (inout ClientError) -> Void) -> ClientError {
    var copy = self
    change(&copy)
    return copy
  }
}
