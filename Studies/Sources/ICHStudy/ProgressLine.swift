import Foundation
import Synchronization

/// One line of progress with the time left, on standard error: redrawn on a terminal, every few
/// seconds elsewhere.
public final class ProgressLine: Sendable {
  private struct State {
    var stage = ""
    var began = ContinuousClock.now
    var shown = ContinuousClock.now - .seconds(60)
  }

  private let state = Mutex(State())
  private let isTerminal: Bool
  private let isQuiet: Bool

  public init(quiet: Bool = false) {
    isTerminal = isatty(2) == 1
    isQuiet = quiet
  }

  /// Begins a stage and says so.
  public func stage(_ name: String) {
    state.withLock {
      $0.stage = name
      $0.began = .now
      $0.shown = .now - .seconds(60)
    }
    say(name)
  }

  /// A line that stays.
  public func say(_ text: String) {
    guard !isQuiet else { return }
    put((isTerminal ? "\r\u{1B}[K" : "") + text + "\n")
  }

  /// How far the stage is: `done` of `all`, and what else is worth knowing.
  public func update(_ done: Int, of all: Int, _ more: String = "") {
    guard !isQuiet, all > 0 else { return }
    let line: String? = state.withLock { state in
      let now = ContinuousClock.now
      let pause: Duration = isTerminal ? .milliseconds(200) : .seconds(5)
      guard now - state.shown >= pause || done == all else { return nil }
      state.shown = now
      let elapsed = (now - state.began).inSeconds
      let left = done > 0 ? elapsed / Double(done) * Double(all - done) : 0
      let rest = done < all ? ", \(Self.spoken(left)) left" : ", took \(Self.spoken(elapsed))"
      return "  \(done)/\(all)\(rest)\(more.isEmpty ? "" : " · " + more)"
    }
    guard let line else { return }
    put(isTerminal ? "\r\u{1B}[K" + line + (done == all ? "\n" : "") : line + "\n")
  }

  private func put(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }

  static func spoken(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    return "\(whole / 60) min \(whole % 60) s"
  }
}

extension Duration {
  /// This duration in seconds.
  var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
