// Days of the Gregorian calendar, counted; for moving dates by a number of days.
// Source: Howard Hinnant, “chrono-Compatible Low-Level Date Algorithms”.

enum CalendarDay {
  /// The day's number; 0 is 1970-01-01.
  static func number(year: Int, month: Int, day: Int) -> Int {
    let y = month <= 2 ? year - 1 : year
    let era = (y >= 0 ? y : y - 399) / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// Year, month and day of a day's number.
  static func date(_ number: Int) -> (year: Int, month: Int, day: Int) {
    let z = number + 719_468
    let era = (z >= 0 ? z : z - 146_096) / 146_097
    let dayOfEra = z - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let m = (5 * dayOfYear + 2) / 153
    let month = m < 10 ? m + 3 : m - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * m + 2) / 5 + 1)
  }

  /// `YYYYMMDD` and what follows it, moved by days; emptied where it is no date.
  static func shifted(_ text: [UInt8], by days: Int) -> [UInt8] {
    var digits = text
    // ACR-NEMA wrote dots between year, month and day.
    if text.count >= 10, text[4] == 0x2E, text[7] == 0x2E {
      digits = Array(text[0..<4] + text[5..<7] + text[8...])
    }
    guard digits.count >= 8, digits.prefix(8).allSatisfy({ (0x30...0x39).contains($0) }) else {
      return []
    }
    func value(_ range: Range<Int>) -> Int { range.reduce(0) { $0 * 10 + Int(digits[$1] & 15) } }
    let (month, day) = (value(4..<6), value(6..<8))
    guard (1...12).contains(month), (1...31).contains(day) else { return [] }
    let moved = date(number(year: value(0..<4), month: month, day: day) + days)
    func padded(_ value: Int, _ count: Int) -> [UInt8] {
      let text = "\(max(0, value))"
      return Array((String(repeating: "0", count: max(0, count - text.count)) + text).utf8)
    }
    return padded(moved.year, 4) + padded(moved.month, 2) + padded(moved.day, 2) + digits[8...]
  }
}
