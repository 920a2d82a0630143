// Vectors for texts, for retrieval and for text reasoning.
// Sources: PyPI openai 3.54.0 `embedding_create_params.py`; google-genai 3.4.0 `batchEmbedContents`.

public import Foundation

/// Makes vectors of texts, by OpenAI's interface (and all that speak it) or by Gemini's.
public struct Embedder: Sendable {
  public enum Interface: Sendable, Hashable {
    /// `POST {base}/embeddings`
    case openAI
    /// `POST {base}/models/{model}:batchEmbedContents`
    case gemini
  }

  private let interface: Interface
  private let remote: JSONService
  private let model: String
  private let dimensions: Int?

  /// - `model`: The name that is sent.
  /// - `dimensions`: How long the vectors shall be, where the model lets one choose.
  public init(
    _ interface: Interface, model: String, key: APIKey, base: URL? = nil, dimensions: Int? = nil,
    transport: any Transport = URLSessionTransport.shared, options: ClientOptions = ClientOptions()
  ) {
    self.interface = interface
    self.model = model
    self.dimensions = dimensions
    switch interface {
    case .openAI:
      remote = JSONService(
        base: base ?? DefaultAddress.openAI, key: key, keyPlacement: .bearer,
        transport: transport, options: options)
    case .gemini:
      remote = JSONService(
        base: base ?? DefaultAddress.gemini, key: key, keyPlacement: .header("x-goog-api-key"),
        transport: transport, options: options)
    }
  }

  /// The texts' vectors, in the texts' order, asked for in requests of at most `batch` texts.
  ///
  /// - Throws: `ClientError`; `.malformedReply` when the number or length of vectors is wrong.
  public func vectors(of texts: [String], batch: Int = 100) async throws(ClientError) -> [[Float]] {
    precondition(batch > 0, "batches of \(batch)")
    var all: [[Float]] = []
    var start = 0
    while start < texts.count {
      let part = Array(texts[start..<min(start + batch, texts.count)])
      let vectors = try await request(part)
      guard vectors.count == part.count, Set(vectors.map(\.count)).count == 1,
        vectors.first?.isEmpty == false,
        all.first.map({ $0.count == vectors[0].count }) ?? true
      else {
        throw ClientError(
          .malformedReply, "\(vectors.count) vectors for \(part.count) texts, or unequal lengths")
      }
      all += vectors
      start += batch
    }
    return all
  }

  private func request(_ texts: [String]) async throws(ClientError) -> [[Float]] {
    switch interface {
    case .openAI:
      var body: JSON = [
        "model": .string(model), "input": .array(texts.map { .string($0) }),
        "encoding_format": "float",
      ]
      if let dimensions { body.set("dimensions", .integer(dimensions)) }
      let json = try await remote.json("POST", "embeddings", body: body)
      let items = (json["data"]?.array ?? []).enumerated()
        .map { ($0.element["index"]?.integer ?? $0.offset, $0.element) }
        .sorted { $0.0 < $1.0 }
      guard items.map(\.0) == Array(0..<items.count) else {
        throw ClientError(.malformedReply, "vectors of texts that were not sent, or two of one")
      }
      return try items.map { item throws(ClientError) in try Self.floats(item.1["embedding"]) }
    case .gemini:
      let requests = texts.map { text -> JSON in
        var request: JSON = [
          "model": .string("models/\(model)"), "content": ["parts": [["text": .string(text)]]],
        ]
        if let dimensions { request.set("outputDimensionality", .integer(dimensions)) }
        return request
      }
      let json = try await remote.json(
        "POST", "models/\(model):batchEmbedContents", body: ["requests": .array(requests)])
      return try (json["embeddings"]?.array ?? []).map { item throws(ClientError) in
        try Self.floats(item["values"])
      }
    }
  }

  private static func floats(_ json: JSON?) throws(ClientError) -> [Float] {
    let items = json?.array ?? []
    let numbers = items.compactMap(\.double).map(Float.init)
    guard numbers.count == items.count, numbers.allSatisfy(\.isFinite) else {
      throw ClientError(.malformedReply, "a vector holds what is no number")
    }
    return numbers
  }
}
