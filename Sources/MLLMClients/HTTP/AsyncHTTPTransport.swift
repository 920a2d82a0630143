// SwiftNIO's HTTP client behind the seam; compiled only where the trait `AsyncHTTPClient` is on.
// Source: async-http-client 1.37.0, `HTTPClient.execute(_:deadline:)`.

#if AsyncHTTPClient
  public import AsyncHTTPClient
  import Foundation
  import NIOCore
  import NIOHTTP1
  import NIOHTTPCompression
  import NIOPosix

  /// Sends requests with async-http-client: HTTP/1.1 and HTTP/2 over SwiftNIO.
  ///
  /// A request's body is made while it is sent, a piece at a time, as fast as the other side takes
  /// it. Copies share one client, which ends when the last copy is gone. Redirects are returned,
  /// not followed, whatever `configure` says.
  public struct AsyncHTTPTransport: Transport {
    private let core: ClientCore

    /// - Parameters:
    ///   - connections: The most connections to one host at a time.
    ///   - uploads: The most large bodies on their way to one host at a time; the others wait with
    ///     nothing of them in memory.
    ///   - configure: Changes the client's configuration: proxies, certificates, timeouts.
    public init(
      connections: Int = 128, uploads: Int = 8,
      configure: (inout HTTPClient.Configuration) -> Void = { _ in }
    ) {
      precondition(connections > 0 && uploads > 0, "\(connections) connections, \(uploads) uploads")
      var configuration = HTTPClient.Configuration()
      configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
      configuration.connectionPool.retryConnectionEstablishment = false
      // Bounds of a request are kept by its exchange; this one only keeps a bomb from going off.
      configuration.decompression = .enabled(limit: .size(1 << 30))
      configure(&configuration)
      configuration.redirectConfiguration = .disallow
      core = ClientCore(configuration, uploads: uploads)
    }

    /// A transport to share.
    public static let shared = AsyncHTTPTransport()

    public func send(_ request: HTTPRequest) async throws(ClientError) -> HTTPResponse {
      var bounds = request.bounds
      var pass: UploadGate.Pass?
      if let body = request.body, body.count > Self.largeBytes {
        pass = try await core.gate.enter(request.url, bounds: &bounds)
      }
      defer { pass?.leave() }
      let exchange = Exchange(bounds: bounds)
      let client = core.client
      let outgoing = Self.outgoing(request, exchange: exchange, pass: pass)
      return try await exchange.head {
        let work = Task { await Self.run(outgoing, client: client, exchange: exchange) }
        return { work.cancel() }
      }
    }

    private static let largeBytes = 64 << 10

    private static func outgoing(
      _ request: HTTPRequest, exchange: Exchange, pass: UploadGate.Pass?
    ) -> HTTPClientRequest {
      var outgoing = HTTPClientRequest(url: request.url.absoluteString)
      outgoing.method = HTTPMethod(rawValue: request.method)
      for header in request.headers { outgoing.headers.add(name: header.name, value: header.value) }
      if let body = request.body {
        outgoing.body = .stream(
          BodyBuffers(body: body, exchange: exchange, pass: pass), length: .known(Int64(body.count))
        )
      }
      return outgoing
    }

    private static func run(
      _ request: HTTPClientRequest, client: HTTPClient, exchange: Exchange
    ) async {
      do {
        let response = try await client.execute(request, deadline: .distantFuture)
        var headers: [String: String] = [:]
        for (name, value) in response.headers {
          let name = name.lowercased()
          headers[name] = headers[name].map { "\($0), \(value)" } ?? value
        }
        exchange.receive(status: Int(response.status.code), headers: headers)
        for try await buffer in response.body { exchange.receive(Array(buffer.readableBytesView)) }
        exchange.end(nil)
      } catch {
        exchange.end(Self.failure(error))
      }
    }

    /// Whether the system says that there was nobody to connect to; an address in numbers fails so.
    private static func isRefusedConnection(_ error: any Error) -> Bool {
      guard let code = (error as? IOError)?.errnoCode else { return false }
      return [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL].contains(code)
    }

    /// A failure in the library's words; nothing of the request is in it.
    private static func failure(_ error: any Error) -> ClientError {
      if let error = error as? ClientError { return error }
      if error is CancellationError {
        return ClientError(.cancelled, "cancelled while waiting for the reply")
      }
      guard let known = error as? HTTPClientError else {
        let unreached = error is NIOConnectionError || isRefusedConnection(error)
        return ClientError(
          .transport, unreached ? "can't connect" : "the connection failed (\(type(of: error)))"
        ).with {
          $0.possiblyBilled = !unreached
          $0.isUnsent = unreached
        }
      }
      switch known {
      case .connectTimeout, .tlsHandshakeTimeout, .socksHandshakeTimeout,
        .httpProxyHandshakeTimeout, .getConnectionFromPoolTimeout:
        return ClientError(.timeout, "timed out (\(known.shortDescription))")
          .with { $0.isUnsent = true }
      case .readTimeout, .writeTimeout, .deadlineExceeded:
        return ClientError(.timeout, "timed out (\(known.shortDescription))")
          .with { $0.possiblyBilled = true }
      case .cancelled: return ClientError(.cancelled, "cancelled while waiting for the reply")
      case .remoteConnectionClosed:
        return ClientError(.transport, "the connection was lost").with { $0.possiblyBilled = true }
      default:
        return ClientError(.transport, "the connection failed (\(known.shortDescription))")
          .with { $0.possiblyBilled = true }
      }
    }
  }

  /// A client that is shut down with its last user.
  private final class ClientCore: Sendable {
    let client: HTTPClient
    let gate: UploadGate

    init(_ configuration: HTTPClient.Configuration, uploads: Int) {
      gate = UploadGate(limit: uploads)
      client = HTTPClient(
        eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }

    deinit { client.shutdown(queue: .global()) { _ in } }
  }

  /// A body as buffers, each made when it is asked for.
  private struct BodyBuffers: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    /// The bytes made at a time.
    static let bytes = 128 << 10

    let body: RequestBody
    let exchange: Exchange
    let pass: UploadGate.Pass?

    func makeAsyncIterator() -> Iterator {
      Iterator(reader: BodyReader(body), left: body.count, exchange: exchange, pass: pass)
    }

    struct Iterator: AsyncIteratorProtocol {
      var reader: BodyReader
      var left: Int
      let exchange: Exchange
      let pass: UploadGate.Pass?

      mutating func next() async throws -> ByteBuffer? {
        guard left > 0 else {
          pass?.leave()
          return nil
        }
        exchange.sent()
        let capacity = left < BodyBuffers.bytes ? left : BodyBuffers.bytes
        var buffer = ByteBufferAllocator().buffer(capacity: capacity)
        let count = try unsafe buffer.writeWithUnsafeMutableBytes(
          minimumWritableBytes: capacity
        ) { room in
          try unsafe reader.read(into: room.bindMemory(to: UInt8.self))
        }
        left -= count
        return count > 0 ? buffer : nil
      }
    }
  }
#endif
