// Numbers as text, the same on every platform.

/// A number with a fixed count of decimals, rounded to nearest.
package func fixed(_ value: Double, _ decimals: Int) -> String {
  guard value.isFinite, value.magnitude < 1e15 else { return shortest(value) }
  var scale = 1
  for _ in 0..<decimals { scale *= 10 }
  let (whole, overflow) = scale.multipliedReportingOverflow(by: Int(value.magnitude))
  guard !overflow, whole < 1 << 53 else { return shortest(value) }
  let units = Int((value.magnitude * Double(scale)).rounded())
  let sign = value < 0 && units > 0 ? "−" : ""
  guard decimals > 0 else { return "\(sign)\(units)" }
  let digits = String(units % scale)
  let zeros = String(repeating: "0", count: decimals - digits.count)
  return "\(sign)\(units / scale).\(zeros)\(digits)"
}

/// A number in the fewest digits: whole numbers without a point, others to four decimals or as they
/// print.
package func shortest(_ value: Double) -> String {
  if value.isFinite, value == value.rounded(), value.magnitude < 1e15 {
    return (value < 0 ? "−" : "") + "\(Int(value.magnitude))"
  }
  if value.isFinite, value.magnitude >= 0.001, value.magnitude < 1e9 {
    var text = fixed(value, 4)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }
  return "\(value)"
}

package func text(_ size: SIMD3<Int>) -> String { "\(size.x)×\(size.y)×\(size.z)" }

package func text(_ vector: SIMD3<Double>) -> String {
  "(\(shortest(vector.x)), \(shortest(vector.y)), \(shortest(vector.z)))"
}

/// A count of bytes in decimal units, such as `17.8 MB`.
package func text(bytes: Int) -> String {
  let units = ["B", "kB", "MB", "GB", "TB"]
  var (value, unit) = (Double(bytes), 0)
  while value >= 999.95, unit < units.count - 1 {
    value /= 1000
    unit += 1
  }
  return unit == 0 ? "\(bytes) B" : "\(fixed(value, 1)) \(units[unit])"
}
