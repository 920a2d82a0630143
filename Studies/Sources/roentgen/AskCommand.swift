import ArgumentParser
import Foundation
import MLLMClients
import VolumeIO
import Windowing

struct AskCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ask", abstract: "Ask a model about scans.",
    discussion: """
      Shows slices of each scan (or a PNG or JPEG as it is) and a question to a
      model, and prints the answer as it comes. What was sent, tokens and cost
      follow on standard error.

      EXAMPLES
        roentgen ask case-017/ --model claude-haiku-4-5 "Is there a bleed?"
        roentgen ask head.nii.gz --window brain --slices 8 --model gpt-4o "?"
        roentgen ask x.png --endpoint http://127.0.0.1:11434/v1 \\
          --model llava "What is this?"
        roentgen ask x.png --model openai:gpt-4o --dry-run "What is this?"

      A model is NAME, or openai:NAME, anthropic:NAME or gemini:NAME; names that
      begin with claude or gemini tell their vendor, others are OpenAI's.
      Keys come from OPENAI_API_KEY, ANTHROPIC_API_KEY and GEMINI_API_KEY (or
      GOOGLE_API_KEY); for an --endpoint from ROENTGEN_API_KEY alone, and none
      is needed. Exit codes: 64 what was asked can't be sent, 65 a file can't be
      read, 69 the service has no answer, 75 the model declined or was cut.
      """)

  @Argument(help: "Scans: files, folders or archives; then the question.")
  var scansAndQuestion: [String]

  @Option(help: "The model: NAME, or VENDOR:NAME (openai, anthropic, gemini).")
  var model: String

  @Option(help: "An address that speaks Chat Completions, such as http://127.0.0.1:11434/v1.")
  var endpoint: String?

  @Option(help: "A window's name (brain, lung, …) or CENTER/WIDTH in the scan's units.")
  var window: String?

  @OptionGroup var input: ScanInput

  @Option(help: "How many slices of a volume to show, evenly spaced.")
  var slices = 8

  @Option(help: "The most tokens of answer.")
  var maxTokens = 1024

  @Option(help: "A journal to write the request and the reply to; asked again, it answers.")
  var journal: String?

  @Option(help: "Refuse to ask when it may cost more, in US dollars.")
  var maxCost: Double?

  @Flag(help: "Say what would be sent and what it may cost, and send nothing.")
  var dryRun = false

  func validate() throws {
    guard let question = scansAndQuestion.last, !question.isEmpty else {
      throw ValidationError("A question is needed.")
    }
    guard slices > 0 else { throw ValidationError("--slices \(slices): at least 1.") }
    guard maxTokens > 0 else { throw ValidationError("--max-tokens \(maxTokens): at least 1.") }
  }

  func run() async throws {
    do {
      try await ask()
    } catch let error as VolumeError {
      throw Failure.exit(Failure.dataError, "\(error)")
    } catch let error as WindowingError {
      throw Failure.exit(Failure.dataError, "\(error)")
    } catch let error as ClientError {
      throw Failure.exit(Self.code(of: error), explanation(of: error))
    }
  }

  /// Whose word it is that there is no answer: the prompt's, a file's, or the service's.
  private static func code(of error: ClientError) -> Int32 {
    switch error.code {
    case .unsupported, .invalidPrompt, .budget, .limit: Failure.usage
    case .invalidImage, .burnedInText, .journal: Failure.dataError
    default: Failure.unavailable
    }
  }

  /// What went wrong, and what to look at, in one line without any key.
  private func explanation(of error: ClientError) -> String {
    let said = error.vendorMessage.map { ": \($0)" } ?? ""
    switch error.code {
    case .authentication, .permission:
      let names = keyNames.joined(separator: " or ")
      return "\(host) refuses the key in \(names) (HTTP \(error.status ?? 0))\(said)"
    case .missingKey:
      return "\(error.detail): \(host) wants a key for \(model)"
    case .transport, .timeout:
      return "\(host) can't be reached: \(error.detail)"
    case .notFound:
      return "\(host) knows no \(model) (HTTP \(error.status ?? 0))\(said)"
    default:
      return "\(error)\(said)"
    }
  }

  private enum Vendor: String, CaseIterable {
    case openai, anthropic, gemini
  }

  /// Who serves the model, named before a colon or told by its name; and the name alone.
  private var service: (vendor: Vendor, model: String) {
    for vendor in Vendor.allCases where model.lowercased().hasPrefix(vendor.rawValue + ":") {
      return (vendor, String(model.dropFirst(vendor.rawValue.count + 1)))
    }
    if model.hasPrefix("claude") { return (.anthropic, model) }
    if model.hasPrefix("gemini") { return (.gemini, model) }
    return (.openai, model)
  }

  /// The environment's names of the key that is sent.
  private var keyNames: [String] {
    if endpoint != nil { return ["ROENTGEN_API_KEY"] }
    switch service.vendor {
    case .openai: return ["OPENAI_API_KEY"]
    case .anthropic: return ["ANTHROPIC_API_KEY"]
    case .gemini: return ["GEMINI_API_KEY", "GOOGLE_API_KEY"]
    }
  }

  private var host: String {
    if let endpoint { return URL(string: endpoint)?.host ?? endpoint }
    switch service.vendor {
    case .openai: return "api.openai.com"
    case .anthropic: return "api.anthropic.com"
    case .gemini: return "generativelanguage.googleapis.com"
    }
  }

  private func ask() async throws {
    let question = scansAndQuestion.last ?? ""
    var parts: [Part] = []
    var notes: [String] = []
    for path in scansAndQuestion.dropLast() { parts += try self.parts(of: path, notes: &notes) }
    parts.append(.text(question))
    let prompt = Prompt(turns: [Turn(.user, parts)]).decoding { $0.maxTokens = maxTokens }
    let client = try client()
    let estimate = Estimate(of: prompt, model: client.model)
    notes.append(
      "\(prompt.images.count) picture\(prompt.images.count == 1 ? "" : "s"), about \(estimate.inputTokens) input tokens, "
        + "at most \(estimate.cost.map { "\($0) US dollars" } ?? "an unknown cost")")
    if let maxCost {
      guard let cost = estimate.cost, cost <= Decimal(maxCost) else {
        throw ClientError(.budget, "it may cost more than \(maxCost) US dollars")
      }
    }
    if dryRun {
      for note in notes { tell(note) }
      return
    }
    let reply = try await reply(to: prompt, from: client)
    for note in notes { tell(note) }
    for warning in reply.warnings { tell("warning: \(warning)") }
    switch reply.outcome {
    case .answered: break
    case .refused(let refusal): tell("refused: \(refusal.explanation)")
    case .blocked(let block): tell("blocked (\(block.stage.rawValue)): \(block.reason)")
    case .truncated: tell("cut at the token limit; see --max-tokens")
    case .malformed(let malformation): tell("malformed: \(malformation.detail)")
    case .failed(let error): throw error
    }
    let usage = reply.usage
    let cost = client.model.price?.cost(of: usage).map { "\($0) US dollars" } ?? "cost unknown"
    tell(
      "\(reply.model ?? model): \(usage.input ?? 0) tokens in, \(usage.output ?? 0) out, \(cost), "
        + "\(reply.evidence.latency)")
    guard case .answered = reply.outcome else { throw ExitCode(Failure.temporary) }
  }

  private func reply(to prompt: Prompt, from client: any PromptClient) async throws -> Reply {
    guard let journal else {
      var call = Call()
      call.onText = { print($0, terminator: "") }
      call.onWait = { tellLong($0) }
      let reply = try await client.reply(to: prompt, call: call)
      print()
      return reply
    }
    var runner = Runner(client, journal: try Journal(URL(fileURLWithPath: journal)))
    runner.onWait = { _, _, wait in tellLong(wait) }
    let results = try await runner.allResults(of: [Case("ask", prompt)])
    guard let result = results.first else { throw ClientError(.cancelled, "no result") }
    let reply = try result.result.get()
    print(reply.text)
    if result.fromJournal { tell("from the journal: nothing was sent") }
    return reply
  }

  private func client() throws -> any PromptClient {
    // Someone waits at the keyboard: a few tries, then the word.
    var options = ClientOptions()
    options.retry.attempts = 3
    if let endpoint {
      guard let base = URL(string: endpoint), base.host != nil else {
        throw ClientError(.invalidPrompt, "\(endpoint) is no address")
      }
      let key = APIKey.environment("ROENTGEN_API_KEY")
      // A key goes to another machine's server only when it is named for it.
      let named = ProcessInfo.processInfo.environment["ROENTGEN_API_KEY"] != nil
      return OpenAICompatible(
        base: base, model: model, key: named ? key : .none, options: options)
    }
    let (vendor, name) = service
    switch vendor {
    case .openai: return OpenAI(name, options: options)
    case .anthropic: return Anthropic(name, options: options)
    case .gemini: return Gemini(name, options: options)
    }
  }

  /// A picture as it is, or slices of a volume with their places.
  private func parts(of path: String, notes: inout [String]) throws -> [Part] {
    let name = URL(fileURLWithPath: path).lastPathComponent
    if let handle = FileHandle(forReadingAtPath: path) {
      let head = (try? handle.read(upToCount: 16)).flatMap { $0 } ?? Data()
      try? handle.close()
      if MediaType(of: [UInt8](head)) != nil {
        return [.image(try Image(file: URL(fileURLWithPath: path)))]
      }
    }
    let (volume, said) = try input.read(path)
    notes += said.map { "\(name): \($0)" }
    let count = try volume.geometry.sliceCount(.axial)
    let shown = try volume.slices(.axial, [.evenly(slices)])
    var parts: [Part] = []
    let tone = try tone().resolved(for: volume)
    for slice in shown {
      let png = try volume.axial(slice, through: tone).png()
      parts.append(.text("Axial slice \(slice + 1) of \(count):"))
      parts.append(.image(Image(png: png)))
    }
    notes.append("\(name): \(shown.count) of \(count) slices")
    return parts
  }

  private func tone() throws -> Tone {
    guard let window else { return .file() }
    guard let tone = Tone(named: window) else {
      throw ClientError(
        .invalidPrompt,
        "--window \(window): neither CENTER/WIDTH nor a name that roentgen window --list knows")
    }
    return tone
  }
}

/// A line on standard error.
private func tell(_ line: String) {
  FileHandle.standardError.write(Data("\(line)\n".utf8))
}

/// A wait that someone at a keyboard would wonder about.
private func tellLong(_ wait: CallWait) {
  if wait.duration >= .seconds(3) { tell("\(wait)") }
}
