// Anthropic's own service.

public import Foundation

/// Anthropic's models, by the Messages interface.
public struct Anthropic: PromptClient {
  var core: RemoteClient
  public var model: ModelProfile { core.model }

  /// The interface's versions.
  public struct Version: RawRepresentable, Sendable, Hashable, ExpressibleByStringLiteral {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(stringLiteral value: String) { rawValue = value }

    /// Takes sampling parameters, from models that do.
    public static let v2023 = Version(rawValue: "2023-06-01")
    /// Refuses sampling parameters of any value.
    public static let v2026 = Version(rawValue: "2026-10-21")
  }

  /// - `key`: By default from `ANTHROPIC_API_KEY`.
  /// - `version`: The interface's version.
  /// - `betas`: Names for the `anthropic-beta` header.
  public init(
    _ model: ModelProfile, key: APIKey = .environment("ANTHROPIC_API_KEY"),
    version: Version = .v2023, betas: [String] = [], base: URL? = nil,
    transport: any Transport = URLSessionTransport.shared, options: ClientOptions = ClientOptions()
  ) {
    var headers = [HTTPRequest.Header("anthropic-version", version.rawValue)]
    if !betas.isEmpty {
      headers.append(HTTPRequest.Header("anthropic-beta", betas.joined(separator: ",")))
    }
    core = RemoteClient(
      wire: MessagesWire(takesSampling: version == .v2023),
      base: base ?? DefaultAddress.anthropic, headers: headers, key: key,
      keyPlacement: .header("x-api-key"), model: model, transport: transport, options: options)
  }

  /// A model by its name; what is known of it comes from `ModelTable.current`.
  public init(
    _ name: String, key: APIKey = .environment("ANTHROPIC_API_KEY"),
    options: ClientOptions = ClientOptions()
  ) {
    self.init(
      ModelTable.current.profile(name, vendor: .anthropic), key: key, options: options)
  }

  public func record(of prompt: Prompt, replicate: Int) throws(ClientError) -> RequestRecord {
    try core.record(of: prompt, replicate: replicate)
  }

  public func reply(to prompt: Prompt, call: Call) async throws(ClientError) -> Reply {
    try await core.reply(to: prompt, call: call)
  }
}
