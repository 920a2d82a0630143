// The few functions of the C library's mathematics that the layer needs, in one place.

#if canImport(Glibc)
  private import Glibc
  private typealias C = LibraryNames
  private enum LibraryNames {
    static func exp(_ x: Double) -> Double { Glibc.exp(x) }
    static func log(_ x: Double) -> Double { Glibc.log(x) }
    static func log1p(_ x: Double) -> Double { Glibc.log1p(x) }
    static func expm1(_ x: Double) -> Double { Glibc.expm1(x) }
    static func pow(_ x: Double, _ y: Double) -> Double { Glibc.pow(x, y) }
    static func erfc(_ x: Double) -> Double { Glibc.erfc(x) }
    static func atan(_ x: Double) -> Double { Glibc.atan(x) }
    static func tanh(_ x: Double) -> Double { Glibc.tanh(x) }
    static func sin(_ x: Double) -> Double { Glibc.sin(x) }
    static func cos(_ x: Double) -> Double { Glibc.cos(x) }
  }
#elseif canImport(Musl)
  private import Musl
  private typealias C = LibraryNames
  private enum LibraryNames {
    static func exp(_ x: Double) -> Double { Musl.exp(x) }
    static func log(_ x: Double) -> Double { Musl.log(x) }
    static func log1p(_ x: Double) -> Double { Musl.log1p(x) }
    static func expm1(_ x: Double) -> Double { Musl.expm1(x) }
    static func pow(_ x: Double, _ y: Double) -> Double { Musl.pow(x, y) }
    static func erfc(_ x: Double) -> Double { Musl.erfc(x) }
    static func atan(_ x: Double) -> Double { Musl.atan(x) }
    static func tanh(_ x: Double) -> Double { Musl.tanh(x) }
    static func sin(_ x: Double) -> Double { Musl.sin(x) }
    static func cos(_ x: Double) -> Double { Musl.cos(x) }
  }
#else
  private import Darwin
  private typealias C = LibraryNames
  private enum LibraryNames {
    static func exp(_ x: Double) -> Double { Darwin.exp(x) }
    static func log(_ x: Double) -> Double { Darwin.log(x) }
    static func log1p(_ x: Double) -> Double { Darwin.log1p(x) }
    static func expm1(_ x: Double) -> Double { Darwin.expm1(x) }
    static func pow(_ x: Double, _ y: Double) -> Double { Darwin.pow(x, y) }
    static func erfc(_ x: Double) -> Double { Darwin.erfc(x) }
    static func atan(_ x: Double) -> Double { Darwin.atan(x) }
    static func tanh(_ x: Double) -> Double { Darwin.tanh(x) }
    static func sin(_ x: Double) -> Double { Darwin.sin(x) }
    static func cos(_ x: Double) -> Double { Darwin.cos(x) }
  }
#endif

func exp(_ x: Double) -> Double { C.exp(x) }
func log(_ x: Double) -> Double { C.log(x) }
func log1p(_ x: Double) -> Double { C.log1p(x) }
func expm1(_ x: Double) -> Double { C.expm1(x) }
func pow(_ x: Double, _ y: Double) -> Double { C.pow(x, y) }
func erfc(_ x: Double) -> Double { C.erfc(x) }
func atan(_ x: Double) -> Double { C.atan(x) }
func tanh(_ x: Double) -> Double { C.tanh(x) }
func sin(_ x: Double) -> Double { C.sin(x) }
func cos(_ x: Double) -> Double { C.cos(x) }

/// The inverse hyperbolic tangent, for Fisher's z transform.
func atanh(_ x: Double) -> Double { 0.5 * (log1p(x) - log1p(-x)) }

/// A sum with Neumaier's compensation, so that a million terms lose no digits.
struct CompensatedSum {
  private var total = 0.0
  private var compensation = 0.0

  mutating func add(_ x: Double) {
    let next = total + x
    if next.isFinite {
      compensation += abs(total) >= abs(x) ? (total - next) + x : (x - next) + total
    }
    total = next
  }

  var value: Double { total.isFinite ? total + compensation : total }
}

extension Sequence where Element == Double {
  /// The compensated sum of the elements.
  func compensatedSum() -> Double {
    var sum = CompensatedSum()
    for x in self { sum.add(x) }
    return sum.value
  }
}

extension Collection where Element == Double {
  /// The arithmetic mean, `nil` of nothing.
  func mean() -> Double? { isEmpty ? nil : compensatedSum() / Double(count) }

  /// The sample standard deviation (`n − 1`), `nil` below two values.
  func standardDeviation() -> Double? {
    guard count > 1, let mean = mean() else { return nil }
    let squares = lazy.map { ($0 - mean) * ($0 - mean) }.compensatedSum()
    return (squares / Double(count - 1)).squareRoot()
  }
}
