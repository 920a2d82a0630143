// One line of a journal: one attempt, all that was sent and all that came back.

import Foundation

/// One attempt: what was asked, what came back, and what became of it.
///
/// A line of the journal is one JSON object; unknown members are kept out of the way of readers.
public struct JournalRecord: Sendable {
  /// The hash over everything that was sent.
  public var key: Digest
  /// The caller's name for the case; never sent.
  public var name: String
  public var replicate: Int
  public var attempt: Int
  /// When the request was sent, as ISO 8601.
  public var time: String
  public var api: API
  public var url: String
  /// The model asked.
  public var model: String
  /// The request's body, pictures as `sha256:…`, the files beside the journal.
  public var request: [UInt8]
  public var status: Int
  public var contentType: String
  public var requestID: String?
  /// The response's body, byte for byte.
  public var response: [UInt8]
  public var outcome: OutcomeKind
  /// The model that answered.
  public var answeredBy: String?
  public var vendorStop: String?
  public var usage: Usage
  /// Seconds.
  public var latency: Double
  /// The failure, for an attempt that brought no reply.
  public var error: String?
  public var possiblyBilled: Bool
  /// The form that the answer was to have, so that a journal can be read again by itself.
  public var format: AnswerFormat?
  /// Whether it went through a batch interface, at a batch's price.
  public var batched = false
}

extension JournalRecord {
  init(_ attempt: Attempt, name: String, format: AnswerFormat?) {
    let record = attempt.record
    let reply = try? attempt.result.get()
    var failure: ClientError?
    if case .failure(let error) = attempt.result { failure = error }
    self.init(
      key: record.key, name: name, replicate: record.replicate, attempt: attempt.number,
      time: (reply?.evidence.time ?? Date()).formatted(.iso8601), api: record.api,
      url: record.url, model: record.model, request: record.body,
      status: reply?.evidence.status ?? failure?.status ?? 0,
      contentType: reply?.evidence.contentType ?? "",
      requestID: reply?.evidence.requestID ?? failure?.requestID,
      response: reply?.evidence.response ?? failure?.response ?? [],
      outcome: reply?.outcome.kind ?? .failed, answeredBy: reply?.model,
      vendorStop: reply?.vendorStop, usage: reply?.usage ?? Usage(),
      latency: reply?.evidence.latency.seconds ?? 0, error: failure?.description,
      possiblyBilled: failure?.possiblyBilled ?? false, format: format)
  }

  /// How every line begins.
  static let opening = Array(#"{"v":1,"key":""#.utf8)

  /// The record as one line of JSON, without its line end.
  var line: [UInt8] {
    var members: [JSON.Member] = []
    func add(_ key: String, _ value: JSON?) {
      if let value { members.append(JSON.Member(key, value)) }
    }
    add("v", 1)
    add("key", .string(key.description))
    add("name", .string(name))
    add("replicate", .integer(replicate))
    add("attempt", .integer(attempt))
    add("time", .string(time))
    add("api", .string(api.rawValue))
    add("url", .string(url))
    add("model", .string(model))
    add("outcome", .string(outcome.rawValue))
    add("status", .integer(status))
    add("contentType", .string(contentType))
    add("requestID", requestID.map { .string($0) })
    add("answeredBy", answeredBy.map { .string($0) })
    add("stop", vendorStop.map { .string($0) })
    add("usage", usageJSON)
    add("latency", .number(latency))
    add("error", error.map { .string($0) })
    if possiblyBilled { add("possiblyBilled", true) }
    if batched { add("batched", true) }
    if let format {
      var form: JSON = ["name": .string(format.name), "schema": format.schema]
      if let labels = format.labels { form.set("labels", .array(labels.map { .string($0) })) }
      add("format", form)
    }
    Self.add("request", request, to: &members)
    Self.add("response", response, to: &members)
    return JSON.object(members).bytes
  }

  private var usageJSON: JSON {
    var usage: [JSON.Member] = []
    let buckets: [(String, Int?)] = [
      ("uncachedInput", self.usage.uncachedInput), ("cacheRead", self.usage.cacheRead),
      ("cacheWrite", self.usage.cacheWrite), ("cacheWriteLong", self.usage.cacheWriteLong),
      ("output", self.usage.output), ("reasoning", self.usage.reasoning),
    ]
    for (name, value) in buckets {
      if let value { usage.append(JSON.Member(name, .integer(value))) }
    }
    return .object(usage)
  }

  /// Bytes as text where they are text, else as base64 under another name.
  private static func add(_ key: String, _ bytes: [UInt8], to members: inout [JSON.Member]) {
    if let text = String(validating: bytes, as: UTF8.self) {
      members.append(JSON.Member(key, .string(text)))
    } else {
      let text = String(decoding: Base64.encode(bytes), as: UTF8.self)
      members.append(JSON.Member(key + "64", .string(text)))
    }
  }

  /// Reads a line.
  ///
  /// - Throws: `ClientError` with `.journal` for a line that is no record of this version.
  init(line: [UInt8]) throws(ClientError) {
    let json: JSON
    do {
      json = try JSON(parsing: line)
    } catch {
      throw ClientError(.journal, error.description)
    }
    guard json["v"]?.integer == 1, let key = json["key"]?.string.flatMap(Digest.init),
      let outcome = json["outcome"]?.string.flatMap(OutcomeKind.init)
    else { throw ClientError(.journal, "no record of version 1") }
    let usage = json["usage"]
    var format: AnswerFormat?
    if let form = json["format"], let schema = form["schema"], schema["type"] == "object" {
      format = AnswerFormat(
        name: form["name"]?.string ?? "answer", schema: schema,
        labels: form["labels"]?.array?.compactMap(\.string))
    }
    self.init(
      key: key, name: json["name"]?.string ?? "", replicate: json["replicate"]?.integer ?? 0,
      attempt: json["attempt"]?.integer ?? 1, time: json["time"]?.string ?? "",
      api: API(rawValue: json["api"]?.string ?? ""), url: json["url"]?.string ?? "",
      model: json["model"]?.string ?? "", request: Self.bytes("request", in: json),
      status: json["status"]?.integer ?? 0, contentType: json["contentType"]?.string ?? "",
      requestID: json["requestID"]?.string, response: Self.bytes("response", in: json),
      outcome: outcome, answeredBy: json["answeredBy"]?.string, vendorStop: json["stop"]?.string,
      usage: Usage(
        uncachedInput: usage?["uncachedInput"]?.integer, cacheRead: usage?["cacheRead"]?.integer,
        cacheWrite: usage?["cacheWrite"]?.integer,
        cacheWriteLong: usage?["cacheWriteLong"]?.integer, output: usage?["output"]?.integer,
        reasoning: usage?["reasoning"]?.integer),
      latency: json["latency"]?.double ?? 0, error: json["error"]?.string,
      possiblyBilled: json["possiblyBilled"]?.bool ?? false, format: format,
      batched: json["batched"]?.bool ?? false)
  }

  private static func bytes(_ key: String, in json: JSON) -> [UInt8] {
    if let text = json[key]?.string { return Array(text.utf8) }
    if let text = json[key + "64"]?.string { return Base64.decode(Array(text.utf8)) ?? [] }
    return []
  }

  /// Reads the reply again from the recorded bytes, without any network.
  ///
  /// - Parameter format: Another form to read the answer by; nil takes the recorded one.
  /// - Throws: `ClientError` with `.notRecorded` when the attempt brought no reply, or `.journal`
  ///   for an interface that this version does not know.
  public func reply(format: AnswerFormat? = nil) throws(ClientError) -> Reply {
    guard outcome != .failed else {
      throw ClientError(.notRecorded, "the attempt failed: \(error ?? "unknown")")
    }
    guard let wire = api.wire else {
      throw ClientError(.journal, "unknown interface \(api.rawValue)")
    }
    let response = HTTPResponse(
      status: status, headers: ["content-type": contentType], bytes: [])
    let collected = ReplyReader.Collected(
      bytes: self.response, decoded: ReplyReader.decode(self.response, wire: wire))
    var reply = try RemoteClient.judge(
      collected, response: response, wire: wire, format: format ?? self.format)
    reply.evidence = Reply.Evidence(
      key: key, request: request, response: self.response, contentType: contentType,
      status: status, requestID: requestID, latency: .seconds(latency),
      time: try? Date(time, strategy: .iso8601), attempts: attempt)
    return reply
  }
}
