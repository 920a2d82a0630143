// All that was sent, in the form that is kept: pictures by hash, keys never.

/// All that a client sends for a prompt, pictures as `sha256:…` and keys left out.
public struct RequestRecord: Sendable, Hashable {
  public let api: API
  /// The model asked.
  public let model: String
  public let method: String
  public let url: String
  /// Headers that change what is answered, such as an interface's version.
  public let headers: [String]
  /// The body, without the switch that asks for a stream, each picture's base64 replaced by `sha256:` and the digest of its bytes.
  public let body: [UInt8]
  /// Which repeat of the same question this is.
  public let replicate: Int
  /// The pictures sent.
  public let images: [Image]
  /// SHA-256 over all of the above, the pictures through their digests.
  public let key: Digest

  init(
    api: API, model: String, method: String, url: String, headers: [String], body: [UInt8],
    replicate: Int, images: [Image]
  ) {
    self.api = api
    self.model = model
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.replicate = replicate
    self.images = images
    var hash = SHA256()
    for part in [api.rawValue, method, url] + headers + [String(replicate)] {
      hash.update(part)
      hash.update([0])
    }
    hash.update(body)
    key = Digest(bytes: hash.finish())
  }
}
