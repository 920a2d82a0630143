// JSON requests that are no prompts: embeddings, files, batches. Retried as prompts are.

import Foundation

struct JSONService: Sendable {
  var base: URL
  var headers: [HTTPRequest.Header] = []
  var key: APIKey
  var keyPlacement: KeyPlacement
  var transport: any Transport
  var options: ClientOptions

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
        return try await once(method, path, body: body, contentType: contentType, more: more)
      } catch {
        try await backoff.pause(after: error, call: Call())
      }
    }
  }

  private func once(
    _ method: String, _ path: String, body: RequestBody?, contentType: String,
    more: [HTTPRequest.Header]
  ) async throws(ClientError) -> (headers: [String: String], bytes: [UInt8]) {
    let url = try address(path)
    var request = HTTPRequest(method: method, url: url, headers: headers + more, body: body)
    if body != nil { request.headers.append(HTTPRequest.Header("Content-Type", contentType)) }
    // A key goes to the base's own host alone.
    if url.host == base.host, let key = try await key.read() {
      request.headers.append(keyPlacement.header(for: key))
    }
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
        status: response.status, headers: response.headers, body: bytes)
    }
    return (response.headers, bytes)
  }

  private func address(_ path: String) throws(ClientError) -> URL {
    let root = base.absoluteString
    let text = path.contains("://") ? path : root.hasSuffix("/") ? root + path : root + "/" + path
    guard let url = URL(string: text), let host = url.host else {
      throw ClientError(.invalidPrompt, "\(path) makes no address")
    }
    try RemoteClient.checkScheme(of: url, host: host, allowsPlainHTTP: options.allowsPlainHTTP)
    return url
  }
}
