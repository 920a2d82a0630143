// Anthropic's Message Batches.
// Source: PyPI anthropic 2.12.0 `types/messages/batch_create_params.py`, `message_batch.py`.

struct AnthropicBatch: BatchService {
  let core: RemoteClient

  var limits: BatchLimits { BatchLimits(requests: 100_000, bytes: 256_000_000) }

  func submit(_ requests: [BatchRequest]) async throws(ClientError) -> String {
    var parts: [RequestBody.BodyPart] = [.text(#"{"requests":["#)]
    for (index, request) in requests.enumerated() {
      parts.append(.text((index > 0 ? "," : "") + #"{"custom_id":"\#(request.key)","params":"#))
      parts.append(.body(request.body))
      parts.append(.text("}"))
    }
    parts.append(.text("]}"))
    let bytes = try await core.service.once.bytes(
      "POST", "messages/batches", body: try RequestBody.joined(parts))
    guard let id = (try? JSON(parsing: bytes))?["id"]?.string else {
      throw ClientError(.malformedReply, "a batch without a name")
    }
    return id
  }

  func refresh(_ part: inout BatchState.Part) async throws(ClientError) {
    guard let id = part.id else { return }
    let batch = try await core.service.json("GET", "messages/batches/\(id)")
    part.vendorStatus = batch["processing_status"]?.string
    if part.vendorStatus == "ended" { part.status = .ended }
  }

  func results(
    of part: BatchState.Part
  ) async throws(ClientError) -> [(String, Result<JSON, ClientError>)] {
    guard let id = part.id else { return [] }
    let bytes = try await core.service.large.bytes(
      "GET", "messages/batches/\(id)/results")
    return try JSONLines.parse(bytes).compactMap { line in
      guard let key = line["custom_id"]?.string, let result = line["result"] else { return nil }
      let type = result["type"]?.string ?? "unknown"
      if type == "succeeded", let message = result["message"] { return (key, .success(message)) }
      if type == "errored", let error = result["error"] {
        let failure = VendorFailure.inStream(error) ?? ClientError(.batch, "errored")
        return (key, .failure(failure.with { $0.possiblyBilled = false }))
      }
      return (key, .failure(ClientError(.batch, type).with { $0.vendorCode = type }))
    }
  }
}
