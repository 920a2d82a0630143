import ArgumentParser
import Foundation

/// An exit code of sysexits(3) with one line on standard error.
struct Failure: Error {
  /// The options do not fit together (EX_USAGE).
  static let usage: Int32 = 64
  /// The input is not what it should be (EX_DATAERR).
  static let dataError: Int32 = 65
  /// A service is not to be had (EX_UNAVAILABLE).
  static let unavailable: Int32 = 69
  /// The output cannot be made (EX_CANTCREAT).
  static let cannotCreate: Int32 = 73
  /// Stopped, to be tried again (EX_TEMPFAIL).
  static let temporary: Int32 = 75

  /// Says why on standard error, in one line, and returns what ends the command with the code.
  static func exit(_ code: Int32, _ why: some CustomStringConvertible) -> ExitCode {
    let line = why.description.split(whereSeparator: \.isNewline).joined(separator: " ")
    FileHandle.standardError.write(Data("roentgen: \(line)\n".utf8))
    return ExitCode(code)
  }
}
