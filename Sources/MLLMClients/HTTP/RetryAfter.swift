// How long a vendor asks to wait: in seconds, in milliseconds, as a date, or in a body.
// Sources: RFC 9110 section 10.2.3 (Retry-After), section 5.6.7 (dates).

import struct Foundation.Date
import class Foundation.DateFormatter
import struct Foundation.Locale
import struct Foundation.TimeZone

enum RetryAfter {
  /// The wait that headers ask for, or nil; past dates are zero.
  static func duration(in headers: [String: String], now: Date = Date()) -> Duration? {
    if let text = headers["retry-after-ms"], let value = Double(text), value.isFinite, value >= 0 {
      return .milliseconds(min(value, 1e9))
    }
    guard let text = headers["retry-after"] else { return nil }
    if let value = Double(text) {
      return value.isFinite && value >= 0 ? .seconds(min(value, 1e6)) : nil
    }
    guard let date = date(text) else { return nil }
    return .seconds(max(0, min(date.timeIntervalSince(now), 1e6)))
  }

  /// An HTTP date in any of the three forms.
  static func date(_ text: String) -> Date? {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(secondsFromGMT: 0)
    for format in [
      "EEE, dd MMM yyyy HH:mm:ss zzz", "EEEE, dd-MMM-yy HH:mm:ss zzz", "EEE MMM d HH:mm:ss yyyy",
    ] {
      formatter.dateFormat = format
      if let date = formatter.date(from: text) { return date }
    }
    return nil
  }

  /// A span such as `34s`, `1.5s`, `6m0s`, `20ms`, as rate-limit headers and Google's bodies write.
  static func span(_ text: String) -> Duration? {
    var total = 0.0
    var rest = Substring(text)
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isNumber || $0 == "." }
      guard let value = Double(digits) else { return nil }
      rest = rest.dropFirst(digits.count)
      let unit = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(unit.count)
      switch unit {
      case "h": total += value * 3600
      case "m": total += value * 60
      case "s": total += value
      case "ms": total += value / 1000
      case "us", "µs": total += value / 1e6
      default: return nil
      }
    }
    return total.isFinite && total < 1e7 ? .seconds(total) : nil
  }
}
