// How a client behaves, whatever the vendor.

/// How a client behaves, whatever the vendor.
public struct ClientOptions: Sendable {
  /// When to ask again.
  public var retry = RetryPolicy()
  /// Bounds on what one exchange may cost.
  public var bounds = HTTPRequest.Bounds()
  /// Whether to ask for the reply in pieces. The final reply is the same.
  public var streams = false
  /// Whether a parameter that the model refuses is an error; otherwise it is left out, and the
  /// reply's warnings say so.
  public var strictParameters = false
  /// Whether the model's limits are checked before sending.
  public var checksLimits = true
  /// What to do with pictures that may have text burned in.
  public var burnedInText = BurnedInPolicy.warn
  /// Whether plain HTTP to another machine is allowed. To this machine it always is.
  public var allowsPlainHTTP = false
  /// Other hosts that a redirect may lead to. They get the prompt, but never the key.
  public var redirectHosts: Set<String> = []
  /// What time is told by; tests bring their own.
  public var clock: any Clock<Duration> = ContinuousClock()
  /// Where chance comes from, 0..<1; tests bring their own.
  public var random: @Sendable () -> Double = { Double.random(in: 0..<1) }

  public init() {}

  /// What to do with pictures that may have text burned in.
  public enum BurnedInPolicy: Sendable, Hashable {
    case allow
    /// Send, and warn about pictures said to have some.
    case warn
    /// Refuse pictures said to have some.
    case block
    /// Refuse pictures not said to have none.
    case blockUnknown
  }
}

/// What one call brings besides the prompt.
public struct Call: Sendable {
  /// Which repeat of the same question this is; repeats have keys of their own.
  public var replicate = 0
  /// When to give up, retries included.
  public var deadline: ContinuousClock.Instant?
  /// Gets the answer's text as it comes; asks for a stream.
  public var onText: (@Sendable (String) -> Void)?
  /// Is asked before every attempt, with its number; throwing ends the call.
  public var onSend: (@Sendable (Int) async throws(ClientError) -> Void)?
  /// Is told of every attempt, before the next one begins.
  public var onAttempt: (@Sendable (Attempt) async throws(ClientError) -> Void)?
  /// Holds attempts back to keep to rates.
  public var governor: RateGovernor?
  /// Is told when the call has to wait.
  public var onWait: (@Sendable (CallWait) -> Void)?

  public init(replicate: Int = 0, deadline: ContinuousClock.Instant? = nil) {
    self.replicate = replicate
    self.deadline = deadline
  }
}

/// A wait that a call is in, told when it begins.
public struct CallWait: Sendable, Hashable {
  /// Why there is a wait. Open: new reasons break nobody's `switch`.
  public struct Reason: RawRepresentable, Sendable, Hashable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// An attempt failed, and the next one is due after the wait.
    public static let retry = Reason(rawValue: "retry")
    /// The vendor asked for a wait so long that the call is parked; it costs no attempt.
    public static let parked = Reason(rawValue: "parked")
    /// All calls are held back: by the vendor's word, its headers, or the rates to keep.
    public static let held = Reason(rawValue: "held")
  }

  public let reason: Reason
  /// How long, as far as is known.
  public let duration: Duration
  /// Attempts made so far.
  public let attempts: Int
  /// The failure before the wait, if there was one.
  public let error: ClientError?
}

extension CallWait: CustomStringConvertible {
  public var description: String {
    let seconds = (duration.seconds * 10).rounded() / 10
    return "\(reason.rawValue) for \(seconds) s" + (error.map { " after \($0)" } ?? "")
  }
}

/// One request and what came of it.
public struct Attempt: Sendable {
  /// From 1.
  public let number: Int
  public let result: Result<Reply, ClientError>
  public let record: RequestRecord
}
