// OpenAI's Batch interface: a file of lines goes up, files of lines come down.
// Source: PyPI openai 3.54.0 `types/batch.py`, `batch_create_params.py`, `file_create_params.py`.

import Foundation

struct OpenAIBatch: BatchService {
  let core: RemoteClient
  /// The path that each line names.
  let endpoint: String

  var limits: BatchLimits { BatchLimits(requests: 50_000, bytes: 200_000_000) }

  func submit(_ requests: [BatchRequest]) async throws(ClientError) -> String {
    let boundary = "roentgen-" + String(requests[0].key.prefix(24))
    var parts: [RequestBody.BodyPart] = [
      .text("--\(boundary)\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"),
      .text(
        "--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"batch.jsonl\""
          + "\r\nContent-Type: application/jsonl\r\n\r\n"),
    ]
    for request in requests {
      parts.append(
        .text(
          #"{"custom_id":"\#(request.key)","method":"POST","url":"\#(endpoint)","body":"#))
      parts.append(.body(request.body))
      parts.append(.text("}\n"))
    }
    parts.append(.text("\r\n--\(boundary)--\r\n"))
    let bytes = try await core.service.bytes(
      "POST", "files", body: try RequestBody.joined(parts),
      contentType: "multipart/form-data; boundary=\(boundary)")
    guard let file = (try? JSON(parsing: bytes))?["id"]?.string else {
      throw ClientError(.malformedReply, "an uploaded file without a name")
    }
    let batch = try await core.service.once.json(
      "POST", "batches",
      body: [
        "input_file_id": .string(file), "endpoint": .string(endpoint),
        "completion_window": "24h",
      ])
    guard let id = batch["id"]?.string else {
      throw ClientError(.malformedReply, "a batch without a name")
    }
    return id
  }

  func refresh(_ part: inout BatchState.Part) async throws(ClientError) {
    guard let id = part.id else { return }
    let batch = try await core.service.json("GET", "batches/\(id)")
    part.vendorStatus = batch["status"]?.string
    part.results = [batch["output_file_id"], batch["error_file_id"]].compactMap { $0?.string }
    switch part.vendorStatus {
    case "completed", "expired", "cancelled": part.status = .ended
    case "failed":
      part.status = .failed
      let first = batch["errors"]?["data"]?[0]
      part.error = [first?["code"]?.string, first?["message"]?.string].compactMap { $0 }
        .joined(separator: ": ")
    default: break
    }
  }

  func results(
    of part: BatchState.Part
  ) async throws(ClientError) -> [(String, Result<JSON, ClientError>)] {
    var found: [(String, Result<JSON, ClientError>)] = []
    for file in part.results {
      let bytes = try await core.service.large.bytes("GET", "files/\(file)/content")
      for line in try JSONLines.parse(bytes) {
        guard let key = line["custom_id"]?.string else { continue }
        let response = line["response"]
        let status = response?["status_code"]?.integer ?? 0
        if let body = response?["body"], (200..<300).contains(status) {
          found.append((key, .success(body)))
        } else if let body = response?["body"] {
          found.append(
            (key, .failure(VendorFailure.decode(status: status, headers: [:], body: body.bytes))))
        } else {
          let code = line["error"]?["code"]?.string ?? "unknown"
          found.append(
            (key, .failure(ClientError(.batch, code).with { $0.vendorCode = code })))
        }
      }
    }
    return found
  }
}

enum JSONLines {
  /// The values of lines, blank ones skipped.
  static func parse(_ bytes: [UInt8]) throws(ClientError) -> [JSON] {
    var values: [JSON] = []
    for line in bytes.split(separator: 0x0A) where line.contains(where: { $0 > 0x20 }) {
      do {
        values.append(try JSON(parsing: line))
      } catch {
        throw ClientError(.malformedReply, "a line of the results is no JSON (\(error.detail))")
      }
    }
    return values
  }
}
