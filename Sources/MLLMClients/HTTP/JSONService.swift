// JSON requests that are no prompts: embeddings, files, batches. Retried as prompts are.

import Foundation

struct JSONService: Sendable {
  var base: URL
  var headers: [HTTPRequest.Header]
  var key: APIKey
  var keyPlacement: KeyPlacement
  var transport: any Transport
  var options: ClientOptions

  /// The same, for a request that must not be done twice: asked again only when it certainly was
  /// not done.
  var once: JSONService {
    var copy = self
    copy.onlyIfUndone = true
    return copy
  }

  /// The same, for answers of many megabytes.
  var large: JSONService {
    var copy = self
    copy.options.bounds.responseBytes = max(options.bounds.responseBytes, 2 << 30)
    copy.options.bounds.total = max(options.bounds.total, .seconds(3600))
    return copy
  }

  private var onlyIfUndone = false

  init(
    base: URL, headers: [HTTPRequest.Header] = [], key: APIKey, keyPlacement: KeyPlacement,
    transport: any Transport, options: ClientOptions
  ) {
    self.base = base
    self.headers = headers
    self.key = key
    self.keyPlacement = keyPlacement
    self.transport = transport
    self.options = options
  }

  /// A request's answer as JSON.
  func json(
    _ method: String, _ path: String, body: JSON? = nil
  ) async throws(ClientError) -> JSON {
    let bytes = try await bytes(method, path, body: body.map { RequestBody($0.bytes) })
    do {
      return try JSON(parsing: bytes)
    } catch {
      throw ClientError(.malformedReply, error.description)
    }
  }

  /// A request's answer as it is.
  func bytes(
    _ method: String, _ path: String, body: RequestBody? = nil,
    contentType: String = "application/json", more: [HTTPRequest.Header] = []
  ) async throws(ClientError) -> [UInt8] {
    try await response(method, path, body: body, contentType: contentType, more: more).bytes
  }

  func response(
    _ method: String, _ path: String, body: RequestBody? = nil,
    contentType: String = "application/json", more: [HTTPRequest.Header] = []
  ) async throws(ClientError) -> (headers: [String: String], bytes: [UInt8]) {
    var backoff = Backoff(options)
    while true {
      do throws(ClientError) {
        return try await exchange(method, path, body: body, contentType: contentType, more: more)
      } catch {
        if onlyIfUndone, !Self.isUndone(error) { throw error }
        try await backoff.pause(after: error, call: Call())
      }
    }
  }

  /// Whether a request was certainly turned away before anything was done.
  private static func isUndone(_ error: ClientError) -> Bool {
    if let status = error.status { return [408, 425, 429, 503, 529].contains(status) }
    return error.isUnsent
  }

  private func exchange(
    _ method: String, _ path: String, body: RequestBody?, contentType: String,
    more: [HTTPRequest.Header]
  ) async throws(ClientError) -> (headers: [String: String], bytes: [UInt8]) {
    let url = try address(path)
    var request = HTTPRequest(method: method, url: url, headers: headers + more, body: body)
    if body != nil { request.headers.append(HTTPRequest.Header("Content-Type", contentType)) }
    // A key goes to the base's own host alone.
    let key = url.host == base.host && url.port == base.port ? try await key.read() : nil
    if let key { request.headers.append(keyPlacement.header(for: key)) }
    request.bounds = options.bounds
    let response = try await transport.send(request)
    var bytes: [UInt8] = []
    do {
      for try await piece in response.body { bytes.append(contentsOf: piece) }
    } catch {
      throw (error as? ClientError) ?? ClientError(.transport, "the reply broke off")
    }
    if Task.isCancelled { throw ClientError(.cancelled, "cancelled while the reply was read") }
    guard (200..<300).contains(response.status) else {
      throw VendorFailure.decode(
        status: response.status, headers: response.headers,
        body: Redaction.removing(key, from: bytes) ?? bytes)
    }
    return (response.headers, bytes)
  }

  private func address(_ path: String) throws(ClientError) -> URL {
    guard let url = path.contains("://") ? URL(string: path) : base.below(path), let host = url.host
    else {
      throw ClientError(.invalidPrompt, "\(path) makes no address")
    }
    try RemoteClient.checkScheme(of: url, host: host, allowsPlainHTTP: options.allowsPlainHTTP)
    return url
  }
}
