// What each vendor's batch interface must do, and the parts that a long list is cut into.

/// One request of a batch.
struct BatchRequest: Sendable {
  /// What the vendor is told as its name: a hash, never a patient's or a file's name.
  let key: String
  let item: Case
  let body: RequestBody
  let record: RequestRecord
}

/// A vendor's batch interface.
protocol BatchService: Sendable {
  var limits: BatchLimits { get }
  /// Submits, and returns the vendor's name for the batch.
  func submit(_ requests: [BatchRequest]) async throws(ClientError) -> String
  func refresh(_ part: inout BatchState.Part) async throws(ClientError)
  /// Each request's whole reply, or why there is none.
  func results(
    of part: BatchState.Part
  ) async throws(ClientError) -> [(String, Result<JSON, ClientError>)]
}

/// The most that one batch may hold.
struct BatchLimits: Sendable {
  var requests: Int
  var bytes: Int

  /// Cuts a list into parts within the limits, in order.
  func split(_ all: [BatchRequest]) -> [[BatchRequest]] {
    var parts: [[BatchRequest]] = []
    var part: [BatchRequest] = []
    var size = 0
    for request in all {
      let bytes = request.body.count + 256
      if !part.isEmpty, part.count == requests || size + bytes > self.bytes {
        parts.append(part)
        part = []
        size = 0
      }
      part.append(request)
      size += bytes
    }
    if !part.isEmpty { parts.append(part) }
    return parts
  }
}

extension RequestBody {
  /// Bodies one after the other, text between them.
  static func joined(_ parts: [BodyPart]) throws(ClientError) -> RequestBody {
    var pieces: [Piece] = []
    for part in parts {
      switch part {
      case .text(let text): pieces.append(.bytes(Array(text.utf8)))
      case .body(let body): pieces += body.pieces
      }
    }
    return try RequestBody(pieces: pieces)
  }

  enum BodyPart {
    case text(String)
    case body(RequestBody)
  }
}

extension RemoteClient {
  /// The same address and key, for requests that are no prompts.
  var service: JSONService {
    JSONService(
      base: base, headers: headers, key: key, keyPlacement: keyPlacement, transport: transport,
      options: options)
  }
}
