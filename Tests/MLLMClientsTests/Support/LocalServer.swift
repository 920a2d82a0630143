// Servers on this machine that tests talk to: Python programs, on a free port of the loopback.

import Foundation
import MLLMClients
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A server in a process of its own, ended with the last reference.
final class LocalServer: Sendable {
  let port: Int
  private let process: Process

  /// Starts a program; `arguments` is given the port. Nil when it can't be started, and says why.
  init?(
    _ name: String, needs module: String? = nil, anyPython: Bool = false,
    arguments: (Int) -> [String]
  ) async {
    guard let python = Self.python ?? (anyPython ? Self.systemPython : nil) else {
      print("skipped: no Python (ROENTGEN_PYTHON); \(name): 1 group of checks did not run")
      return nil
    }
    if let module, !Self.run(python, ["-c", "import \(module)"]) {
      print("skipped: no Python module \(module); \(name): 1 group of checks did not run")
      return nil
    }
    guard let port = Self.freePort() else { return nil }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = arguments(port)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    self.port = port
    self.process = process
    for _ in 0..<600 {
      if Self.canConnect(to: port) { return }
      if !process.isRunning { break }
      try? await Task.sleep(for: .milliseconds(100))
    }
    kill(process.processIdentifier, SIGKILL)
    Issue.record("\(name) did not start")
    return nil
  }

  deinit { kill(process.processIdentifier, SIGKILL) }

  var base: URL { url("") }

  func url(_ path: String) -> URL {
    guard let url = URL(string: "http://127.0.0.1:\(port)\(path)") else {
      preconditionFailure("no address: \(path)")
    }
    return url
  }

  /// A request past the library, for a server's own pages.
  func get(_ path: String, method: String = "GET", body: String? = nil) async throws -> JSON {
    var request = HTTPRequest(method: method, url: url(path))
    if let body {
      request.body = RequestBody(Array(body.utf8))
      request.headers = [HTTPRequest.Header("Content-Type", "application/json")]
    }
    let response = try await URLSessionTransport.shared.send(request)
    var bytes: [UInt8] = []
    for try await piece in response.body { bytes += piece }
    return try JSON(parsing: bytes)
  }

  static var python: String? {
    let path = ProcessInfo.processInfo.environment["ROENTGEN_PYTHON"]
    return path.flatMap { FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil }
  }

  private static var systemPython: String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .map { "\($0)/python3" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// The folder with the judges that others wrote.
  static var judges: String {
    ProcessInfo.processInfo.environment["ROENTGEN_WIRE_TOOLS"] ?? "../shared/wire-tools"
  }

  static func run(_ program: String, _ arguments: [String]) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  private static func loopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port)).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }

  private static func streamSocket() -> Int32 {
    #if canImport(Glibc)
      socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      socket(AF_INET, SOCK_STREAM, 0)
    #endif
  }

  static func freePort() -> Int? {
    let descriptor = streamSocket()
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var address = loopback(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let done = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    return done ? Int(UInt16(bigEndian: address.sin_port)) : nil
  }

  private static func canConnect(to port: Int) -> Bool {
    let descriptor = streamSocket()
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = loopback(port)
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
