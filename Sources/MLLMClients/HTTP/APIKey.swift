// Keys: read where they are used, shown nowhere.

import class Foundation.FileManager
import struct Foundation.FileAttributeKey
import class Foundation.NSNumber
import class Foundation.ProcessInfo
import struct Foundation.URL

/// Where a key comes from. The key itself is read for each request and kept nowhere.
public struct APIKey: Sendable {
  private enum Source: Sendable {
    case none
    case environment([String])
    case file(String)
    case closure(@Sendable () async throws -> String)
  }

  private let source: Source

  /// No key: servers on this machine want none.
  public static let none = APIKey(source: .none)

  /// The first of these environment variables that is set.
  public static func environment(_ names: String...) -> APIKey {
    APIKey(source: .environment(names))
  }

  /// The first line of a file that only its owner may read (mode 0600 or 0400).
  public static func file(_ path: String) -> APIKey { APIKey(source: .file(path)) }

  /// Whatever a closure gives: a keychain, a vault, a token that is renewed.
  public static func provided(
    by closure: @escaping @Sendable () async throws -> String
  ) -> APIKey {
    APIKey(source: .closure(closure))
  }

  /// Whether a key can be had, as far as can be told without reading one.
  public var isAvailable: Bool {
    switch source {
    case .none, .closure: true
    case .environment(let names):
      names.contains { !(ProcessInfo.processInfo.environment[$0] ?? "").isEmpty }
    case .file(let path): FileManager.default.isReadableFile(atPath: path)
    }
  }

  /// Reads the key; nil when none is wanted.
  ///
  /// - Throws: `ClientError` with `.missingKey`, or `.insecure` for a file that others can read.
  func read() async throws(ClientError) -> String? {
    let text: String
    switch source {
    case .none: return nil
    case .environment(let names):
      let environment = ProcessInfo.processInfo.environment
      guard let found = names.compactMap({ environment[$0] }).first(where: { !$0.isEmpty }) else {
        throw ClientError(.missingKey, "\(names.joined(separator: " or ")) is not set")
      }
      text = found
    case .file(let path): text = try Self.readFile(path)
    case .closure(let closure):
      do {
        text = try await closure()
      } catch {
        throw ClientError(.missingKey, "the key's provider failed: \(type(of: error))")
      }
    }
    let key = text.filter { !$0.isWhitespace }
    guard !key.isEmpty, key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw ClientError(.missingKey, "the key is empty or not plain ASCII")
    }
    return key
  }

  private static func readFile(_ path: String) throws(ClientError) -> String {
    let name = URL(fileURLWithPath: path).lastPathComponent
    guard
      let attributes = try? FileManager.default.attributesOfItem(atPath: path),
      let data = FileManager.default.contents(atPath: path)
    else { throw ClientError(.missingKey, "key file \(name) can't be read") }
    let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
    guard mode & 0o077 == 0 else {
      throw ClientError(
        .insecure, "key file \(name) has mode \(String(mode & 0o777, radix: 8)), 600 expected")
    }
    return String(decoding: data.prefix { $0 != 0x0A }, as: UTF8.self)
  }
}

extension APIKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String {
    switch source {
    case .none: "no key"
    case .environment(let names): "key from \(names.joined(separator: " or "))"
    case .file: "key from a file"
    case .closure: "key from a closure"
    }
  }

  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["key": "•••"]) }
}
