// Where a batch stands: a small file that outlives the process.

import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Where a batch run stands.
public struct BatchState: Sendable, Hashable, Codable {
  /// One batch at the vendor.
  public struct Part: Sendable, Hashable, Codable {
    public enum Status: String, Sendable, Hashable, Codable {
      /// Being submitted. Found after a crash, it means that the vendor may or may not have the
      /// batch: it is never submitted again unasked.
      case submitting
      case running
      /// Done at the vendor; results can be collected.
      case ended
      /// Refused or lost as a whole.
      case failed
    }

    public var status: Status
    /// The vendor's name for it.
    public var id: String?
    /// The keys of its requests.
    public var keys: [String]
    /// Where the vendor keeps the results: files or addresses.
    public var results: [String]
    /// The vendor's word for the status.
    public var vendorStatus: String?
    public var error: String?
    /// 0 for the first submission of these requests.
    public var round: Int
  }

  /// A request of the run.
  public struct Item: Sendable, Hashable, Codable {
    public var name: String
    public var replicate: Int
  }

  public var parts: [Part] = []
  /// By key.
  public var items: [String: Item] = [:]

  /// Whether nothing is left to wait for.
  public var isSettled: Bool { !parts.contains { $0.status == .running } }

  static func load(_ url: URL) throws(ClientError) -> BatchState {
    guard FileManager.default.fileExists(atPath: url.path) else { return BatchState() }
    do {
      return try JSONDecoder().decode(BatchState.self, from: Data(contentsOf: url))
    } catch {
      throw ClientError(.batch, "\(url.lastPathComponent) is no batch state")
    }
  }

  /// Writes the state beside the file, waits until it is on the disk, and puts it in its place.
  func save(_ url: URL) throws(ClientError) {
    let beside = url.appendingPathExtension("new")
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      try encoder.encode(self).write(to: beside)
      let handle = try FileHandle(forWritingTo: beside)
      try handle.synchronize()
      try handle.close()
    } catch {
      throw ClientError(.batch, "\(url.lastPathComponent) can't be written")
    }
    guard unsafe rename(beside.path, url.path) == 0 else {
      throw ClientError(.batch, "\(url.lastPathComponent) can't be written")
    }
  }
}
