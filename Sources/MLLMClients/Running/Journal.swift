// An append-only journal of every attempt: what makes a run resumable and a score checkable.

public import Foundation

/// A journal: one JSON line for each attempt, on the disk before the next one begins.
///
/// The file is locked while it is open; a second process is refused. A last line that a crash tore
/// is cut off when the journal is opened. Pictures lie beside it, once each, in a folder named
/// after the journal with `.pictures` added, under their SHA-256.
public actor Journal {
  /// Where a record lies in the file, and what became of it.
  public struct Entry: Sendable, Hashable {
    public let outcome: OutcomeKind
    public let name: String
    let offset: Int
    let length: Int
  }

  private let file: JournalFile
  private let pictures: URL?
  private var entries: [Digest: [Entry]] = [:]
  private var stored: Set<Digest> = []
  private var pending: [(line: [UInt8], key: Digest, outcome: OutcomeKind, name: String)] = []
  private var waiters: [CheckedContinuation<ClientError?, Never>] = []
  private var isFlushing = false
  private static let disk = DispatchQueue(label: "journal", attributes: .concurrent)

  /// Bytes of a torn last line that were cut off on opening.
  public nonisolated let repairedBytes: Int

  /// Opens a journal, or begins one.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - keepsPictures: Whether the pictures sent are stored beside it.
  /// - Throws: `ClientError` with `.journal` when the file is in use or can't be read, or holds a
  ///   line that is no record; the error names the line and its offset.
  public init(_ url: URL, keepsPictures: Bool = true) throws(ClientError) {
    file = try JournalFile(path: url.path)
    pictures = keepsPictures ? URL(fileURLWithPath: url.path + ".pictures") : nil
    var scanner = JournalScanner(size: file.size)
    while let part = scanner.next {
      try scanner.push(try file.read(at: part.lowerBound, count: part.count))
    }
    switch try scanner.finish() {
    case .whole: repairedBytes = 0
    case .unended:
      repairedBytes = 0
      _ = try file.append([0x0A])
    case .torn(let start):
      repairedBytes = file.size - start
      try file.truncate(to: start)
    }
    entries = scanner.entries
  }

  /// The records of a journal's file, in the order written, without opening it for writing: a run
  /// may go on meanwhile, and the file may be read-only. A torn last line is left out.
  ///
  /// - Throws: `ClientError` with `.journal` when the file can't be read, or holds a line that is no
  ///   record; the error names the line.
  public static func records(in url: URL) throws(ClientError) -> [JournalRecord] {
    let name = url.lastPathComponent
    guard let bytes = try? Data(contentsOf: url) else {
      throw ClientError(.journal, "\(name) can't be read")
    }
    var records: [JournalRecord] = []
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() where !line.isEmpty {
      do throws(ClientError) {
        records.append(try JournalRecord(line: Array(line)))
      } catch {
        let isTorn = index == lines.count - 1 && zip(line, JournalRecord.opening).allSatisfy(==)
        guard isTorn else {
          throw ClientError(.journal, "line \(index + 1) of \(name): \(error.detail)")
        }
      }
    }
    return records
  }

  /// The number of questions that have a record.
  public var count: Int { entries.count }

  /// The keys that have a record of one of these outcomes.
  public func keys(_ outcomes: Set<OutcomeKind>) -> Set<Digest> {
    Set(entries.filter { $0.value.contains { outcomes.contains($0.outcome) } }.keys)
  }

  /// The last record of a question with one of these outcomes, or nil.
  public func record(
    for key: Digest, outcomes: Set<OutcomeKind> = [.answered]
  ) throws(ClientError) -> JournalRecord? {
    guard let entry = entries[key]?.last(where: { outcomes.contains($0.outcome) }) else {
      return nil
    }
    return try JournalRecord(line: file.read(at: entry.offset, count: entry.length))
  }

  /// Every record, in the order written.
  public func records() throws(ClientError) -> [JournalRecord] {
    var all: [JournalRecord] = []
    for entry in entries.values.flatMap({ $0 }).sorted(by: { $0.offset < $1.offset }) {
      all.append(try JournalRecord(line: file.read(at: entry.offset, count: entry.length)))
    }
    return all
  }

  /// Writes an attempt, and returns when it is on the disk.
  ///
  /// Attempts that end at the same time share one `fsync`.
  ///
  /// - `name`: The caller's name for the case.
  /// - `format`: The form that the answer was to have.
  /// - `batched`: Whether it went through a batch interface, at a batch's price.
  public func append(
    _ attempt: Attempt, name: String = "", format: AnswerFormat? = nil, batched: Bool = false
  ) async throws(ClientError) {
    for image in attempt.record.images { try await store(image) }
    var record = JournalRecord(attempt, name: name, format: format)
    record.batched = batched
    try await append(record)
  }

  func append(_ record: JournalRecord) async throws(ClientError) {
    pending.append((record.line + [0x0A], record.key, record.outcome, record.name))
    if isFlushing {
      if let error = await withCheckedContinuation({ waiters.append($0) }) { throw error }
      return
    }
    isFlushing = true
    var own: ClientError?
    var first = true
    while !pending.isEmpty {
      let batch = pending
      let waiting = first ? [] : waiters
      if !first { waiters = [] }
      pending = []
      let error = await flush(batch)
      if first { own = error }
      first = false
      for waiter in waiting { waiter.resume(returning: error) }
    }
    isFlushing = false
    if let own { throw own }
  }

  private func flush(
    _ batch: [(line: [UInt8], key: Digest, outcome: OutcomeKind, name: String)]
  ) async -> ClientError? {
    let bytes = batch.flatMap(\.line)
    let file = file
    let result: Result<Int, ClientError> = await withCheckedContinuation { continuation in
      Self.disk.async {
        do throws(ClientError) {
          continuation.resume(returning: .success(try file.append(bytes)))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    switch result {
    case .failure(let error): return error
    case .success(var offset):
      for item in batch {
        entries[item.key, default: []].append(
          Entry(
            outcome: item.outcome, name: item.name, offset: offset, length: item.line.count - 1))
        offset += item.line.count
      }
      return nil
    }
  }

  /// Copies the pictures of another journal.
  func copyPictures(of shard: URL) throws(ClientError) {
    let folder = URL(fileURLWithPath: shard.path + ".pictures")
    guard let pictures,
      let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
    else { return }
    do {
      try FileManager.default.createDirectory(
        at: pictures, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      for name in names where !name.hasPrefix(".") {
        let target = pictures.appendingPathComponent(name)
        guard !FileManager.default.fileExists(atPath: target.path) else { continue }
        try FileManager.default.copyItem(at: folder.appendingPathComponent(name), to: target)
      }
    } catch {
      throw ClientError(.journal, "the pictures of \(shard.lastPathComponent) can't be copied")
    }
  }

  /// Stores a picture beside the journal, once.
  private func store(_ image: Image) async throws(ClientError) {
    guard let pictures, image.remote == nil else { return }
    let digest = try image.digest()
    guard stored.insert(digest).inserted else { return }
    let url = pictures.appendingPathComponent("\(digest).\(image.mediaType.fileExtension)")
    let bytes = try image.bytes()
    do {
      try FileManager.default.createDirectory(
        at: pictures, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
      if !FileManager.default.fileExists(atPath: url.path) {
        try Data(bytes).write(to: url, options: .atomic)
      }
    } catch {
      stored.remove(digest)
      throw ClientError(.journal, "the picture \(digest) can't be stored")
    }
  }
}
