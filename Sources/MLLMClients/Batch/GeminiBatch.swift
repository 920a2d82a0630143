// Gemini's batch mode: small batches inline, large ones as a file.
// Source: PyPI google-genai 3.4.0 `batches.py`, `files.py`; ai.google.dev "Batch Mode", "Files".

import Foundation

struct GeminiBatch: BatchService {
  let core: RemoteClient

  var limits: BatchLimits { BatchLimits(requests: 50_000, bytes: 2_000_000_000) }
  private static let inlineBytes = 18_000_000
  private static let inlineRequests = 500

  func submit(_ requests: [BatchRequest]) async throws(ClientError) -> String {
    let size = requests.reduce(0) { $0 + $1.body.count + 256 }
    let inline = size <= Self.inlineBytes && requests.count <= Self.inlineRequests
    let body = inline ? try inlineBody(requests) : try await fileBody(requests)
    let path = core.wire.path(model: core.model, stream: false)
      .replacing(":generateContent", with: ":batchGenerateContent")
    let bytes = try await core.service.once.bytes("POST", path, body: body)
    guard let name = (try? JSON(parsing: bytes))?["name"]?.string else {
      throw ClientError(.malformedReply, "a batch without a name")
    }
    return name
  }

  private func inlineBody(_ requests: [BatchRequest]) throws(ClientError) -> RequestBody {
    var parts: [RequestBody.BodyPart] = [
      .text(#"{"batch":{"displayName":"roentgen","inputConfig":{"requests":{"requests":["#)
    ]
    for (index, request) in requests.enumerated() {
      parts.append(.text((index > 0 ? "," : "") + #"{"request":"#))
      parts.append(.body(request.body))
      parts.append(.text(#","metadata":{"key":"\#(request.key)"}}"#))
    }
    parts.append(.text("]}}}}"))
    return try RequestBody.joined(parts)
  }

  private func fileBody(_ requests: [BatchRequest]) async throws(ClientError) -> RequestBody {
    var parts: [RequestBody.BodyPart] = []
    for request in requests {
      parts.append(.text(#"{"key":"\#(request.key)","request":"#))
      parts.append(.body(request.body))
      parts.append(.text("}\n"))
    }
    let name = try await upload(try RequestBody.joined(parts))
    let json: JSON = [
      "batch": ["displayName": "roentgen", "inputConfig": ["fileName": .string(name)]]
    ]
    return RequestBody(json.bytes)
  }

  /// The address without its path, for uploads and downloads, and the version in its path.
  private func place(_ prefix: String, _ path: String) -> String {
    var text = core.base.absoluteString
    if text.hasSuffix("/") { text.removeLast() }
    let version = core.base.path
    if text.hasSuffix(version) { text.removeLast(version.count) }
    return text + "/" + prefix + version + "/" + path
  }

  private func upload(_ body: RequestBody) async throws(ClientError) -> String {
    let start: JSON = ["file": ["display_name": "roentgen-batch"]]
    let opened = try await core.service.response(
      "POST", place("upload", "files"), body: RequestBody(start.bytes),
      more: [
        HTTPRequest.Header("X-Goog-Upload-Protocol", "resumable"),
        HTTPRequest.Header("X-Goog-Upload-Command", "start"),
        HTTPRequest.Header("X-Goog-Upload-Header-Content-Length", String(body.count)),
        HTTPRequest.Header("X-Goog-Upload-Header-Content-Type", "application/jsonl"),
      ])
    guard let address = opened.headers["x-goog-upload-url"] else {
      throw ClientError(.malformedReply, "an upload without an address")
    }
    let bytes = try await core.service.bytes(
      "POST", address, body: body, contentType: "application/jsonl",
      more: [
        HTTPRequest.Header("X-Goog-Upload-Offset", "0"),
        HTTPRequest.Header("X-Goog-Upload-Command", "upload, finalize"),
      ])
    guard let name = (try? JSON(parsing: bytes))?["file"]?["name"]?.string else {
      throw ClientError(.malformedReply, "an uploaded file without a name")
    }
    return name
  }

  func refresh(_ part: inout BatchState.Part) async throws(ClientError) {
    guard let id = part.id else { return }
    let batch = try await core.service.json("GET", id)
    part.vendorStatus = batch["metadata"]?["state"]?.string
    if let error = batch["error"] {
      part.status = .failed
      part.error = error["message"]?.string
      return
    }
    let state = part.vendorStatus?.split(separator: "_").last
    switch state {
    case "FAILED": part.status = .failed
    case "SUCCEEDED", "EXPIRED", "CANCELLED": part.status = .ended
    default: if batch["done"]?.bool == true { part.status = .ended }
    }
    if let file = Self.output(of: batch)?["responsesFile"]?.string { part.results = [file] }
  }

  /// Where the results are: the operation's response, or, as the SDK reads, its metadata.
  private static func output(of batch: JSON) -> JSON? {
    let places = [batch["response"], batch["metadata"]?["output"]]
    return places.compactMap { $0 }.first {
      $0["responsesFile"] != nil || $0["inlinedResponses"] != nil
    }
  }

  func results(
    of part: BatchState.Part
  ) async throws(ClientError) -> [(String, Result<JSON, ClientError>)] {
    if let file = part.results.first {
      let path = place("download", "\(file):download?alt=media")
      return try JSONLines.parse(try await core.service.large.bytes("GET", path)).compactMap {
        line in
        line["key"]?.string.map { ($0, Self.result(line)) }
      }
    }
    guard let id = part.id else { return [] }
    let batch = try await core.service.large.json("GET", id)
    let inlined = Self.output(of: batch)?["inlinedResponses"]?["inlinedResponses"]?.array ?? []
    return inlined.enumerated().compactMap { index, line in
      // Results come in the order of the requests; the key is taken where it is told.
      let key =
        line["metadata"]?["key"]?.string
        ?? (part.keys.indices.contains(index) ? part.keys[index] : nil)
      return key.map { ($0, Self.result(line)) }
    }
  }

  private static func result(_ line: JSON) -> Result<JSON, ClientError> {
    if let response = line["response"] { return .success(response) }
    return .failure(
      VendorFailure.inStream(line)?.with { $0.possiblyBilled = false }
        ?? ClientError(.batch, "neither a response nor an error"))
  }
}
