// Foundation's URLSession behind the seam, with one long-lived session.

import Foundation
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Sends requests with Foundation's URLSession.
///
/// Copies share one session, which ends when the last copy is gone. Cookies, caches and automatic
/// redirects are off.
public struct URLSessionTransport: Transport {
  private let core: SessionCore

  /// - Parameters:
  ///   - connections: The most connections to one host at a time.
  ///   - uploads: The most large bodies on their way to one host at a time; the others wait with
  ///     nothing of them in memory. (On Apple platforms all go at once.)
  public init(connections: Int = 128, uploads: Int = 8) {
    precondition(connections > 0 && uploads > 0, "\(connections) connections, \(uploads) uploads")
    core = SessionCore(connections: connections, uploads: uploads)
  }

  /// The transport that clients share when they are given no other.
  public static let shared = URLSessionTransport()

  public func send(_ request: HTTPRequest) async throws(ClientError) -> HTTPResponse {
    var urlRequest = URLRequest(url: request.url)
    urlRequest.httpMethod = request.method
    urlRequest.timeoutInterval = 86400
    for header in request.headers {
      urlRequest.setValue(header.value, forHTTPHeaderField: header.name)
    }
    #if canImport(FoundationNetworking)
      guard let body = request.body, body.count > Self.streamedBytes else {
        urlRequest.httpBody = try request.body.map { body throws(ClientError) in
          Data(try body.joined())
        }
        return try await core.send(urlRequest, bounds: request.bounds)
      }
      // The length is known, so the body needs no chunked encoding: a blank header keeps libcurl
      // from adding one, and is itself not sent.
      urlRequest.setValue(String(body.count), forHTTPHeaderField: "Content-Length")
      urlRequest.setValue(" ", forHTTPHeaderField: "Transfer-Encoding")
      var bounds = request.bounds
      let pass = try await core.gate.enter(request.url, bounds: &bounds)
      defer { pass.leave() }
      let stream = BodyStream(body, pass: pass)
      urlRequest.httpBodyStream = stream
      do throws(ClientError) {
        return try await core.send(urlRequest, bounds: bounds)
      } catch {
        throw stream.failure ?? error
      }
    #else
      if let body = request.body { urlRequest.httpBody = Data(try body.joined()) }
      return try await core.send(urlRequest, bounds: request.bounds)
    #endif
  }

  /// Bodies larger than this are made while they are sent.
  private static let streamedBytes = 64 << 10
}

/// A session, its delegate, and the exchanges under way.
private final class SessionCore: Sendable {
  private let session: URLSession
  private let delegate: ExchangeDelegate
  let gate: UploadGate

  init(connections: Int, uploads: Int) {
    gate = UploadGate(limit: uploads)
    let configuration = URLSessionConfiguration.ephemeral
    configuration.httpMaximumConnectionsPerHost = connections
    configuration.httpCookieStorage = nil
    configuration.httpShouldSetCookies = false
    configuration.urlCache = nil
    configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
    configuration.timeoutIntervalForResource = 86400
    delegate = ExchangeDelegate()
    let queue = OperationQueue()
    queue.maxConcurrentOperationCount = 1
    session = URLSession(configuration: configuration, delegate: delegate, delegateQueue: queue)
  }

  deinit { session.invalidateAndCancel() }

  func send(
    _ request: URLRequest, bounds: HTTPRequest.Bounds
  ) async throws(ClientError) -> HTTPResponse {
    let task = session.dataTask(with: request)
    let exchange = Exchange(bounds: bounds)
    delegate.add(exchange, for: task)
    return try await exchange.head {
      task.resume()
      return { task.cancel() }
    }
  }
}

extension Exchange {
  fileprivate func receive(_ response: HTTPURLResponse) {
    var headers: [String: String] = [:]
    for (name, value) in response.allHeaderFields {
      headers["\(name)".lowercased()] = "\(value)"
    }
    receive(status: response.statusCode, headers: headers)
  }

  fileprivate func complete(_ error: (any Error)?) {
    guard let error else {
      end(nil)
      return
    }
    let code = (error as? URLError)?.code.rawValue ?? (error as NSError).code
    let kind: ClientError.Code = code == NSURLErrorTimedOut ? .timeout : .transport
    let connected = code != NSURLErrorCannotConnectToHost && code != NSURLErrorCannotFindHost
    end(
      ClientError(kind, "\(Self.words[code] ?? "the connection failed") (URL error \(code))")
        .with {
          $0.possiblyBilled = connected
          $0.isUnsent = !connected
        })
  }

  private static let words: [Int: String] = [
    NSURLErrorCannotConnectToHost: "can't connect", NSURLErrorCannotFindHost: "unknown host",
    NSURLErrorTimedOut: "timed out", NSURLErrorNetworkConnectionLost: "the connection was lost",
    NSURLErrorSecureConnectionFailed: "no secure connection",
    NSURLErrorServerCertificateUntrusted: "the certificate is not trusted",
  ]
}

/// Hands a session's events to the exchange that they belong to.
private final class ExchangeDelegate: NSObject, URLSessionDataDelegate, Sendable {
  private let exchanges = Mutex<[Int: Exchange]>([:])

  func add(_ exchange: Exchange, for task: URLSessionTask) {
    exchanges.withLock { $0[task.taskIdentifier] = exchange }
  }

  private func exchange(of task: URLSessionTask) -> Exchange? {
    exchanges.withLock { $0[task.taskIdentifier] }
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
  ) {
    if let response = response as? HTTPURLResponse { exchange(of: dataTask)?.receive(response) }
    completionHandler(.allow)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    exchange(of: dataTask)?.receive([UInt8](data))
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, didSendBodyData bytesSent: Int64,
    totalBytesSent: Int64, totalBytesExpectedToSend: Int64
  ) {
    exchange(of: task)?.sent()
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask,
    willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
    completionHandler: @escaping (URLRequest?) -> Void
  ) {
    completionHandler(nil)
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
  ) {
    let exchange = exchanges.withLock { $0.removeValue(forKey: task.taskIdentifier) }
    exchange?.complete(error)
  }
}
