// OpenAI's own service, by either of its interfaces.

public import Foundation

/// OpenAI's models.
///
/// Requests always say `"store": false`.
public struct OpenAI: PromptClient {
  /// Which of the two interfaces is spoken.
  public enum Interface: Sendable, Hashable {
    case responses, chatCompletions
  }

  var core: RemoteClient
  public var model: ModelProfile { core.model }

  /// - `model`: What is known of the model; `ModelTable.current.profile(…)` knows many.
  /// - `interface`: Responses unless seeds or stop texts are wanted, which it does not take.
  /// - `key`: By default from `OPENAI_API_KEY`.
  /// - `base`: The address, for other regions and proxies.
  public init(
    _ model: ModelProfile, interface: Interface = .responses,
    key: APIKey = .environment("OPENAI_API_KEY"), base: URL? = nil,
    transport: any Transport = URLSessionTransport.shared, options: ClientOptions = ClientOptions()
  ) {
    let wire: any Wire =
      switch interface {
      case .responses: ResponsesWire()
      case .chatCompletions: ChatWire(dialect: .openAI)
      }
    core = RemoteClient(
      wire: wire, base: base ?? DefaultAddress.openAI, headers: [], key: key,
      keyPlacement: .bearer, model: model, transport: transport, options: options)
  }

  /// A model by its name; what is known of it comes from `ModelTable.current`.
  public init(
    _ name: String, interface: Interface = .responses,
    key: APIKey = .environment("OPENAI_API_KEY"), options: ClientOptions = ClientOptions()
  ) {
    self.init(
      ModelTable.current.profile(name, vendor: .openAI), interface: interface, key: key,
      options: options)
  }

  public func record(of prompt: Prompt, replicate: Int) throws(ClientError) -> RequestRecord {
    try core.record(of: prompt, replicate: replicate)
  }

  public func reply(to prompt: Prompt, call: Call) async throws(ClientError) -> Reply {
    try await core.reply(to: prompt, call: call)
  }
}

/// The vendors' public addresses.
enum DefaultAddress {
  static let openAI = URL(filePath: "/").replacing("https://api.openai.com/v1")
  static let anthropic = URL(filePath: "/").replacing("https://api.anthropic.com/v1")
  static let gemini = URL(filePath: "/").replacing(
    "https://generativelanguage.googleapis.com/v1beta")
}

extension URL {
  /// The address that text spells, or `self` if it spells none.
  fileprivate func replacing(_ text: String) -> URL { URL(string: text) ?? self }
}
