// Decimal text of numbers without a formatting library.

/// `x` with `digits` significant digits, without exponent between 1e-4 and 1e15.
///
/// Deterministic on every platform. NaN is "–", infinities "∞" and "−∞".
public func formatted(_ x: Double, digits: Int) -> String {
  if x.isNaN { return "–" }
  if x.isInfinite { return x > 0 ? "∞" : "−∞" }
  if x == 0 { return "0" }
  var exponent = 0
  var scaled = abs(x)
  while scaled >= 10, exponent < 400 {
    scaled /= 10
    exponent += 1
  }
  while scaled < 1, exponent > -400 {
    scaled *= 10
    exponent -= 1
  }
  if exponent > 15 || exponent < -4 {
    let head = fixed(scaled, decimals: max(digits - 1, 0))
    return (x < 0 ? "-" : "") + trimmed(head) + "e\(exponent)"
  }
  return trimmed(fixed(x, decimals: max(0, digits - 1 - exponent)))
}

/// `x` with exactly `decimals` digits after the point, halves away from zero.
public func fixed(_ x: Double, decimals: Int) -> String {
  if x.isNaN { return "–" }
  if x.isInfinite { return x > 0 ? "∞" : "−∞" }
  let places = min(max(decimals, 0), 15)
  var power = 1.0
  for _ in 0..<places { power *= 10 }
  let rounded = (abs(x) * power).rounded(.toNearestOrAwayFromZero)
  guard rounded < 9e18 else { return "\(x)" }
  let digits = String(UInt64(rounded))
  let padded =
    digits.utf8.count > places
    ? digits : String(repeating: "0", count: places + 1 - digits.utf8.count) + digits
  let sign = x < 0 && rounded > 0 ? "-" : ""
  if places == 0 { return sign + padded }
  let split = padded.index(padded.endIndex, offsetBy: -places)
  return sign + padded[..<split] + "." + padded[split...]
}

private func trimmed(_ text: String) -> String {
  guard text.contains(".") else { return text }
  var end = text.endIndex
  while text[text.index(before: end)] == "0" { end = text.index(before: end) }
  if text[text.index(before: end)] == "." { end = text.index(before: end) }
  return String(text[..<end])
}
