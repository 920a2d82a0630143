// Planes of coefficients and samples, and their memory.

internal import Synchronization

/// A rectangle of coefficients or samples.
struct J2KPlane<Value: J2KNumber>: Sendable {
  let rect: J2KRect
  var values: [Value]

  /// All zeros.
  init(rect: J2KRect) {
    self.rect = rect
    values = Value.take(rect.width * rect.height)
  }

  /// No values, in place of a plane that was taken away.
  static var none: J2KPlane { J2KPlane(rect: J2KRect()) }

  /// Gives the memory back for other planes.
  consuming func keep() {
    Value.keep(values)
  }
}

/// A number of a plane: integers of the reversible path, reals of the other.
protocol J2KNumber: Numeric, Sendable {
  /// So many zeros.
  static func take(_ count: Int) -> [Self]
  /// Keeps memory that nobody needs any more.
  static func keep(_ values: consuming [Self])
}

private let spareIntegers = J2KSpareMemory<Int32>()
private let spareReals = J2KSpareMemory<Float>()

extension Int32: J2KNumber {
  static func take(_ count: Int) -> [Int32] { spareIntegers.take(count) }
  static func keep(_ values: consuming [Int32]) { spareIntegers.keep(values) }
}

extension Float: J2KNumber {
  static func take(_ count: Int) -> [Float] { spareReals.take(count) }
  static func keep(_ values: consuming [Float]) { spareReals.keep(values) }
}

/// Memory of planes that is used again.
///
/// The slices of a series have one size, and taking fresh memory for each costs a tenth of the time,
/// most of it in the system's page faults. Planes of `leastValues` to `mostValues` numbers in all are
/// kept.
private struct J2KSpareMemory<Value: Numeric & Sendable>: ~Copyable, Sendable {
  private struct Kept {
    var arrays: [[Value]] = []
    var count = 0
  }

  private let kept = Mutex<Kept>(Kept())

  private static var leastValues: Int { 1 << 13 }
  private static var mostValues: Int { 1 << 21 }

  func take(_ count: Int) -> [Value] {
    guard count >= Self.leastValues else { return [Value](repeating: 0, count: count) }
    let found = kept.withLock { kept -> [Value]? in
      guard let index = kept.arrays.lastIndex(where: { $0.count == count }) else { return nil }
      kept.count -= count
      return kept.arrays.remove(at: index)
    }
    guard var values = found else { return [Value](repeating: 0, count: count) }
    var all = values.mutableSpan
    all.update(repeating: 0)
    return values
  }

  func keep(_ values: consuming [Value]) {
    let count = values.count
    guard count >= Self.leastValues, count <= Self.mostValues else { return }
    kept.withLock { [values] kept in
      // The oldest make room.
      while kept.count + count > Self.mostValues, !kept.arrays.isEmpty {
        kept.count -= kept.arrays.removeFirst().count
      }
      kept.arrays.append(values)
      kept.count += count
    }
  }
}
