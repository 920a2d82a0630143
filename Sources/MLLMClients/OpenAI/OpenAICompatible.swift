// Any server that speaks Chat Completions: Ollama, vLLM, llama.cpp, LM Studio, Azure, and others.

public import struct Foundation.URL

/// A server that speaks OpenAI's Chat Completions.
public struct OpenAICompatible: PromptClient {
  /// Where servers differ.
  public struct Dialect: Sendable, Hashable {
    public enum Structured: Sendable, Hashable {
      /// `response_format` with a JSON schema.
      case schema
      /// `response_format` of type `json_object`; the prompt must say which JSON.
      case jsonObject
      /// Nothing is sent; the prompt must say the form, and the lenient chain reads it.
      case none
    }

    /// `max_tokens`, or `max_completion_tokens` for OpenAI's own.
    public var tokensField = "max_tokens"
    public var systemRole = "system"
    public var structured = Structured.schema
    /// Whether `"store": false` is sent.
    public var sendsStore = false
    /// Whether `prompt_cache_breakpoint` is understood.
    public var cacheBreakpoints = false
    /// Whether a stream must end with `[DONE]`; otherwise a finish reason is enough.
    public var endsWithDone = false
    /// Whether `"detail": "original"` is understood; otherwise `high` is sent for it.
    public var originalDetail = false
    /// The path that the lines of a batch name, such as `/v1/chat/completions`, where the host has
    /// OpenAI's `files` and `batches` beside Chat Completions; most servers have not.
    public var batchEndpoint: String?

    public init() {}

    /// OpenAI's own Chat Completions.
    public static var openAI: Dialect {
      var dialect = Dialect()
      dialect.tokensField = "max_completion_tokens"
      dialect.systemRole = "developer"
      dialect.sendsStore = true
      dialect.cacheBreakpoints = true
      dialect.endsWithDone = true
      dialect.originalDetail = true
      dialect.batchEndpoint = "/v1/chat/completions"
      return dialect
    }

    func detail(_ detail: Image.Detail) -> String {
      detail == .original && !originalDetail ? "high" : detail.rawValue
    }
  }

  var core: RemoteClient
  public let dialect: Dialect
  public var model: ModelProfile { core.model }

  /// - `base`: The address before `chat/completions`, such as `http://127.0.0.1:11434/v1`.
  /// - `model`: The name that is sent.
  /// - `key`: Where the key comes from.
  /// - `keyPlacement`: Where the request carries it; `.header("api-key")` for Azure.
  /// - `headers`: More headers, without keys.
  public init(
    base: URL, model: ModelProfile, key: APIKey = .none, keyPlacement: KeyPlacement = .bearer,
    headers: [String: String] = [:], dialect: Dialect = Dialect(),
    transport: any Transport = URLSessionTransport.shared, options: ClientOptions = ClientOptions()
  ) {
    self.dialect = dialect
    core = RemoteClient(
      wire: ChatWire(dialect: dialect), base: base,
      headers: headers.sorted { $0.key < $1.key }.map { HTTPRequest.Header($0.key, $0.value) },
      key: key, keyPlacement: keyPlacement, model: model, transport: transport, options: options)
  }

  /// A model by its name alone, of which nothing is known: nothing is refused on its account.
  public init(
    base: URL, model: String, key: APIKey = .none, options: ClientOptions = ClientOptions()
  ) {
    self.init(base: base, model: ModelProfile(name: model), key: key, options: options)
  }

  public func record(of prompt: Prompt, replicate: Int) throws(ClientError) -> RequestRecord {
    try core.record(of: prompt, replicate: replicate)
  }

  public func reply(to prompt: Prompt, call: Call) async throws(ClientError) -> Reply {
    try await core.reply(to: prompt, call: call)
  }
}
