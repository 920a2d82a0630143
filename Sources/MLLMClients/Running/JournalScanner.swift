// Reads a journal's file in parts, keeping where each record lies and nothing of what it holds.

struct JournalScanner {
  enum End: Hashable {
    case whole
    /// The last line is a whole record without its line end.
    case unended
    /// The last line is torn; it begins here.
    case torn(at: Int)
  }

  private let size: Int
  private var offset = 0
  private var line: [UInt8] = []
  private var lineStart = 0
  private var lineNumber = 1
  private(set) var entries: [Digest: [Journal.Entry]] = [:]

  init(size: Int) { self.size = size }

  /// The next part to read.
  var next: Range<Int>? {
    offset < size ? offset..<min(offset + 1 << 20, size) : nil
  }

  mutating func push(_ bytes: [UInt8]) throws(ClientError) {
    var start = 0
    while let end = bytes[start...].firstIndex(of: 0x0A) {
      line.append(contentsOf: bytes[start..<end])
      try endLine()
      start = end + 1
      lineStart = offset + start
    }
    line.append(contentsOf: bytes[start...])
    offset += bytes.count
  }

  private mutating func endLine() throws(ClientError) {
    defer {
      line.removeAll(keepingCapacity: true)
      lineNumber += 1
    }
    guard !line.isEmpty else { return }
    do throws(ClientError) {
      try take()
    } catch {
      throw ClientError(
        .journal, "line \(lineNumber) at byte \(lineStart) can't be read: \(error.detail)")
    }
  }

  private mutating func take() throws(ClientError) {
    let record = try JournalRecord(line: line)
    entries[record.key, default: []].append(
      Journal.Entry(
        outcome: record.outcome, name: record.name, offset: lineStart, length: line.count))
  }

  mutating func finish() throws(ClientError) -> End {
    guard !line.isEmpty else { return .whole }
    do throws(ClientError) {
      try take()
      return .unended
    } catch {
      // Only what began as a record is cut off; a file of another kind is left as it is.
      guard zip(line, JournalRecord.opening).allSatisfy(==) else {
        throw ClientError(
          .journal, "line \(lineNumber) at byte \(lineStart) can't be read: \(error.detail)")
      }
      return .torn(at: lineStart)
    }
  }
}
