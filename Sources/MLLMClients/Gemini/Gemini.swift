// Google's own service.

public import Foundation

/// Google's Gemini models, by generateContent, which keeps nothing on the server.
public struct Gemini: PromptClient {
  var core: RemoteClient
  public var model: ModelProfile { core.model }

  /// - `key`: By default from `GEMINI_API_KEY` or `GOOGLE_API_KEY`; sent as a header, never in the
  ///   address.
  /// - `base`: The address with the interface's version, by default `…/v1beta`.
  public init(
    _ model: ModelProfile, key: APIKey = .environment("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    base: URL? = nil, transport: any Transport = URLSessionTransport.shared,
    options: ClientOptions = ClientOptions()
  ) {
    let address = base ?? DefaultAddress.gemini
    let isGemini3 = !["gemini-1", "gemini-2"].contains { model.name.hasPrefix($0) }
    core = RemoteClient(
      wire: GeminiWire(
        resolutionPerPart: isGemini3 && !address.path.hasSuffix("/v1")),
      base: address, headers: [], key: key, keyPlacement: .header("x-goog-api-key"), model: model,
      transport: transport, options: options)
  }

  /// A model by its name; what is known of it comes from `ModelTable.current`.
  public init(
    _ name: String, key: APIKey = .environment("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    options: ClientOptions = ClientOptions()
  ) {
    self.init(ModelTable.current.profile(name, vendor: .gemini), key: key, options: options)
  }

  public func record(of prompt: Prompt, replicate: Int) throws(ClientError) -> RequestRecord {
    try core.record(of: prompt, replicate: replicate)
  }

  public func reply(to prompt: Prompt, call: Call) async throws(ClientError) -> Reply {
    try await core.reply(to: prompt, call: call)
  }
}
