// The conversation with run.py: one command a line in, one time a line out.

/// One piece of work that a command line names.
public typealias Work = (_ arguments: [String]) throws -> Double

/// Reads commands (`WORK ARG…`, separated by tabs) from standard input until it ends, runs each
/// once and prints what it returns: seconds, or `error: …` on one line.
public func serve(_ works: [String: Work]) {
  while let line = readLine() {
    let words = line.split(separator: "\t").map(String.init)
    guard let name = words.first else { continue }
    guard let work = works[name] else {
      report("error: no work named \(name); there are \(works.keys.sorted())")
      continue
    }
    do {
      report(String(try work(Array(words.dropFirst()))))
    } catch {
      report("error: \(error)")
    }
  }
}

/// The seconds that `body` takes.
public func seconds(_ body: () throws -> Void) rethrows -> Double {
  let clock = ContinuousClock()
  let elapsed = try clock.measure(body)
  let (whole, atto) = elapsed.components
  return Double(whole) + Double(atto) * 1e-18
}

/// Keeps the optimiser from removing a result that nobody reads.
@inline(never)
public func keep<T>(_ value: T) { withExtendedLifetime(value) {} }

private func report(_ text: String) {
  print(text.split(separator: "\n", omittingEmptySubsequences: true).joined(separator: " "))
  flush()
}
