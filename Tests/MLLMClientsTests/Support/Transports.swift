// The transports that this build has: all that is said of one holds for the others.

import MLLMClients
import Testing

/// A transport by its name, for tests that are run over each.
struct NamedTransport: Sendable, CustomTestStringConvertible {
  let name: String
  let transport: any Transport

  var testDescription: String { name }

  static var all: [NamedTransport] {
    var all = [NamedTransport(name: "URLSession", transport: URLSessionTransport.shared)]
    #if AsyncHTTPClient
      all.append(NamedTransport(name: "AsyncHTTPClient", transport: AsyncHTTPTransport.shared))
    #endif
    return all
  }
}
