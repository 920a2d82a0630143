// Memory of frames and planes, for the next ones of the same size.

internal import Synchronization

/// Memory of arrays that is used again.
///
/// The slices of a series have one size, and taking fresh memory for each costs a tenth of the time of
/// its decoding and more, most of it in the system's page faults. Arrays from `leastCount` numbers on
/// are kept, of `mostCount` numbers in all.
struct SpareMemory<Value: Numeric & Sendable>: ~Copyable, Sendable {
  private struct Kept {
    var arrays: [[Value]] = []
    var count = 0
  }

  private let kept = Mutex<Kept>(Kept())

  private static var leastCount: Int { 1 << 13 }
  private static var mostCount: Int { 1 << 22 }

  /// So many zeros.
  func take(_ count: Int) -> [Value] {
    guard count >= Self.leastCount else { return [Value](repeating: 0, count: count) }
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

  /// Keeps memory that nobody needs any more; the oldest makes room.
  func keep(_ values: consuming [Value]) {
    let count = values.count
    guard count >= Self.leastCount, count <= Self.mostCount else { return }
    kept.withLock { [values] kept in
      while kept.count + count > Self.mostCount, !kept.arrays.isEmpty {
        kept.count -= kept.arrays.removeFirst().count
      }
      kept.arrays.append(values)
      kept.count += count
    }
  }
}

/// A number whose arrays are used again.
protocol SpareNumber: Numeric, Sendable {
  /// So many zeros.
  static func take(_ count: Int) -> [Self]
  /// Keeps memory that nobody needs any more.
  static func keep(_ values: consuming [Self])
}

private let spareBytes = SpareMemory<UInt8>()
private let spareWords = SpareMemory<UInt16>()
private let spareIntegers = SpareMemory<Int32>()
private let spareReals = SpareMemory<Float>()

extension UInt8: SpareNumber {
  static func take(_ count: Int) -> [UInt8] { spareBytes.take(count) }
  static func keep(_ values: consuming [UInt8]) { spareBytes.keep(values) }
}

extension UInt16: SpareNumber {
  static func take(_ count: Int) -> [UInt16] { spareWords.take(count) }
  static func keep(_ values: consuming [UInt16]) { spareWords.keep(values) }
}

extension Int32: SpareNumber {
  static func take(_ count: Int) -> [Int32] { spareIntegers.take(count) }
  static func keep(_ values: consuming [Int32]) { spareIntegers.keep(values) }
}

extension Float: SpareNumber {
  static func take(_ count: Int) -> [Float] { spareReals.take(count) }
  static func keep(_ values: consuming [Float]) { spareReals.keep(values) }
}

extension DecodedFrame {
  /// Gives the samples' memory back for other frames.
  consuming func keep() {
    switch samples {
    case .uint8(let values): UInt8.keep(values)
    case .uint16(let values): UInt16.keep(values)
    default: return
    }
  }
}
