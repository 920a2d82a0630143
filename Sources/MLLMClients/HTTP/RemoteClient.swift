// One exchange with a vendor, and the loop around it: the part that all vendors share.

import Foundation

/// A vendor's format, an address, and how to behave.
struct RemoteClient: Sendable {
  var wire: any Wire
  var base: URL
  /// Headers that carry no key and are part of what is sent.
  var headers: [HTTPRequest.Header]
  var key: APIKey
  var keyPlacement: KeyPlacement
  var model: ModelProfile
  var transport: any Transport
  var options: ClientOptions

  struct Plan {
    let url: URL
    let body: RequestBody
    let stream: Bool
    let warnings: [Warning]
  }

  func plan(_ prompt: Prompt, stream: Bool) throws(ClientError) -> Plan {
    var warnings: [Warning] = []
    try Preflight(model: model, options: options).check(prompt, warnings: &warnings)
    let body = try wire.body(for: prompt, model: model, stream: stream, warnings: &warnings)
    if options.strictParameters,
      let dropped = warnings.first(where: { $0.code == .parameterDropped })
    {
      throw ClientError(.unsupported, dropped.detail)
    }
    if options.checksLimits, let most = model.limits.requestBytes, body.count > most {
      throw ClientError(.limit, "a request of \(body.count) bytes, at most \(most) are taken")
    }
    return Plan(
      url: try address(wire.path(model: model, stream: stream)), body: body, stream: stream,
      warnings: warnings)
  }

  /// The address of a path below the base, its scheme checked.
  func address(_ path: String) throws(ClientError) -> URL {
    guard let url = base.below(path), let host = url.host else {
      throw ClientError(.invalidPrompt, "\(path) makes no address below the base")
    }
    try Self.checkScheme(of: url, host: host, allowsPlainHTTP: options.allowsPlainHTTP)
    return url
  }

  static func checkScheme(
    of url: URL, host: String, allowsPlainHTTP: Bool
  ) throws(ClientError) {
    // Addresses are written to journals.
    guard url.user == nil, url.password == nil else {
      throw ClientError(.insecure, "an address to \(host) with a name or password in it")
    }
    switch url.scheme?.lowercased() {
    case "https": return
    case "http" where allowsPlainHTTP || isLoopback(host): return
    case "http": throw ClientError(.insecure, "plain HTTP to \(host): only TLS leaves this machine")
    default: throw ClientError(.insecure, "scheme \(url.scheme ?? "none"), https expected")
    }
  }

  static func isLoopback(_ host: String) -> Bool {
    let plain = host.trimmingPrefix("[").prefix { $0 != "]" }
    if plain == "localhost" || plain == "::1" { return true }
    let parts = plain.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  func record(of prompt: Prompt, replicate: Int) throws(ClientError) -> RequestRecord {
    // Asked for in pieces or whole, it is the same question: the key is the whole one's.
    let plan = try plan(prompt, stream: false)
    return RequestRecord(
      api: wire.api, model: model.name, method: "POST", url: plan.url.absoluteString,
      headers: headers.map { "\($0.name.lowercased()): \($0.value)" },
      body: try plan.body.skeleton(), replicate: replicate, images: plan.body.images)
  }

  func reply(to prompt: Prompt, call: Call) async throws(ClientError) -> Reply {
    let plan = try plan(prompt, stream: options.streams || call.onText != nil)
    let record =
      call.onAttempt == nil ? nil : try record(of: prompt, replicate: call.replicate)
    var backoff = Backoff(options)
    let input = Estimate.inputTokens(of: prompt, model: model)
    let output = prompt.decoding.maxTokens.map { model.outputTokens(forAnswer: $0) } ?? 0
    while true {
      let number = backoff.attempts + 1
      if Task.isCancelled { throw ClientError(.cancelled, "cancelled before attempt \(number)") }
      try await call.onSend?(number)
      let permit = try await call.governor?.acquire(
        tokens: input, output: output, deadline: call.deadline
      ) { wait in
        guard wait > .seconds(1) else { return }
        call.onWait?(CallWait(reason: .held, duration: wait, attempts: number - 1, error: nil))
      }
      do throws(ClientError) {
        var reply = try await attempt(plan, prompt: prompt, call: call, permit: permit)
        reply.evidence.attempts = number
        reply.warnings = plan.warnings + reply.warnings
        if let record {
          reply.evidence.key = record.key
          reply.evidence.request = record.body
        }
        await call.governor?.release(permit, reply: reply)
        if let record {
          try await call.onAttempt?(
            Attempt(number: number, result: .success(reply), record: record))
        }
        return reply
      } catch {
        await call.governor?.release(permit, error: error)
        if error.code == .journal { throw error }
        if let record {
          try await call.onAttempt?(
            Attempt(number: number, result: .failure(error), record: record))
        }
        try await backoff.pause(after: error, call: call)
      }
    }
  }

  /// One exchange.
  private func attempt(
    _ plan: Plan, prompt: Prompt, call: Call, permit: RateGovernor.Permit?
  ) async throws(ClientError) -> Reply {
    var request = HTTPRequest(url: plan.url, headers: headers, body: plan.body)
    request.headers.append(HTTPRequest.Header("Content-Type", "application/json"))
    if plan.stream { request.headers.append(HTTPRequest.Header("Accept", "text/event-stream")) }
    let key = try await key.read()
    if let key { request.headers.append(keyPlacement.header(for: key)) }
    request.bounds = options.bounds
    if let deadline = call.deadline {
      request.bounds.total = min(request.bounds.total, deadline - .now)
      guard request.bounds.total > .zero else {
        throw ClientError(.timeout, "the deadline has passed")
      }
    }
    let time = Date()
    let started = ContinuousClock.now
    let response = try await send(request)
    await call.governor?.observe(headers: response.headers, permit: permit)
    let collected: ReplyReader.Collected
    do throws(ClientError) {
      collected = try await ReplyReader(wire: wire, onText: call.onText).read(response)
        .without(key, wire: wire)
    } catch {
      throw error.with { $0.response = Redaction.removing(key, from: $0.response) ?? $0.response }
    }
    var reply = try Self.judge(
      collected, response: response, wire: wire, format: prompt.format)
    reply.evidence = Reply.Evidence(
      response: collected.bytes, contentType: response.headers["content-type"] ?? "",
      status: response.status,
      requestID: response.headers["x-request-id"] ?? response.headers["request-id"],
      latency: ContinuousClock.now - started, time: time)
    reply.warnings += Aftercheck.warnings(for: reply, prompt: prompt, model: model)
    return reply
  }

  /// A reply out of what was collected, or the failure that it tells.
  static func judge(
    _ collected: ReplyReader.Collected, response: HTTPResponse, wire: any Wire,
    format: AnswerFormat?
  ) throws(ClientError) -> Reply {
    guard (200..<300).contains(response.status) else {
      let error = VendorFailure.decode(
        status: response.status, headers: response.headers, body: collected.bytes)
      guard let block = VendorFailure.block(in: error) else { throw error }
      return Reply(
        outcome: .blocked(block), text: "", stopReason: .filtered, vendorStop: error.vendorCode)
    }
    do throws(ClientError) {
      let decoded = try collected.decoded.get()
      if let failure = decoded.failure { throw failure }
      return decoded.reply(format: format)
    } catch {
      throw error.with {
        $0.status = $0.status ?? response.status
        $0.response = Array(collected.bytes.prefix(65536))
        $0.requestID = response.headers["x-request-id"] ?? response.headers["request-id"]
        $0.possiblyBilled = true
      }
    }
  }

  /// Sends, and follows redirects that stay on the host or lead to a named one.
  private func send(_ request: HTTPRequest) async throws(ClientError) -> HTTPResponse {
    var request = request
    for _ in 0..<4 {
      let response = try await transport.send(request)
      guard [301, 302, 303, 307, 308].contains(response.status) else { return response }
      guard [307, 308].contains(response.status), let location = response.headers["location"],
        let url = URL(string: location, relativeTo: request.url)?.absoluteURL, let host = url.host
      else {
        throw ClientError(.insecure, "a redirect (\(response.status)) that loses the request")
      }
      try Self.checkScheme(of: url, host: host, allowsPlainHTTP: options.allowsPlainHTTP)
      if host != request.url.host || url.port != request.url.port {
        guard options.redirectHosts.contains(host) else {
          throw ClientError(.insecure, "a redirect to \(host), which is not named")
        }
        request.headers.removeAll(where: \.secret)
      }
      request.url = url
    }
    throw ClientError(.transport, "more than 3 redirects")
  }
}

/// Where a request carries its key.
public enum KeyPlacement: Sendable, Hashable {
  /// `Authorization: Bearer …`
  case bearer
  /// A header of that name: `x-api-key`, `api-key`, `x-goog-api-key`.
  case header(String)

  func header(for key: String) -> HTTPRequest.Header {
    switch self {
    case .bearer: HTTPRequest.Header("Authorization", "Bearer \(key)", secret: true)
    case .header(let name): HTTPRequest.Header(name, key, secret: true)
    }
  }
}
