// One table for rescale, window, inversion and any VOI function: a slice is shown in one pass
// over its stored samples.

internal import CWindowKernels
internal import VolumeIO

/// A complete tone, ready to show rescaled values: no statistics are missing any more.
struct Shader: Sendable {
  enum Kind: Sendable {
    case window(Window)
    case lookup(DisplayHints.LookupTable)
    case curve(ToneCurve)
  }

  var kind: Kind
  /// White stands for low values: MONOCHROME1.
  var isInverted: Bool
  /// Each slice is stretched over the range that its window leaves.
  var stretchesSlice: Bool

  /// - Throws: What ``Tone/resolved(for:channel:)`` throws.
  init(_ tone: Tone, for volume: Volume, channel: Int) throws(WindowingError) {
    isInverted = volume.display.isInverted
    stretchesSlice = false
    switch try tone.resolved(for: volume, channel: channel) {
    case .window(let window): kind = .window(window)
    case .lookup(let table): kind = .lookup(table)
    case .curve(let curve): kind = .curve(curve)
    case .sliceRange(let window):
      kind = .window(window)
      stretchesSlice = true
    default: throw WindowingError(.statistics, "the tone was not resolved")
    }
  }

  /// The fraction between black and white of a rescaled value; NaN is black, inverted or not.
  func fraction(_ value: Double) -> Double {
    guard !value.isNaN else { return 0 }
    let plain =
      switch kind {
      case .window(let window): window.fraction(value)
      case .lookup(let table): table.fraction(value)
      case .curve(let curve): curve.fraction(value)
      }
    return isInverted ? 1 - plain : plain
  }

  func level(_ value: Double) -> UInt8 {
    UInt8((fraction(value) * 255 + 0.5).rounded(.down))
  }

  /// Whether levels never fall and never rise again: a table can then be filled from its ends.
  var isMonotone: Bool {
    if case .lookup = kind { return false }
    return true
  }
}

/// The level of every stored value of an 8- or 16-bit type.
struct LevelTable<Sample: TableSample>: Sendable {
  /// Indexed by the sample's bit pattern.
  private(set) var levels: [UInt8]
  /// The largest stored value up to which all have the level of the lowest one.
  private(set) var low: Sample
  /// The smallest stored value from which all have the level of the highest one.
  private(set) var high: Sample
  /// Levels from `low` on, for look-ups by vectors; empty where they do not reach `high`, or where
  /// there are no such vectors.
  private(set) var narrow: [UInt8] = []

  /// - Complexity: O(*values between black and white*) evaluations of the tone, and one fill.
  init(shader: Shader, volume: Volume) {
    self.init(plain: shader, volume: volume)
    let step = Int(CWK_STEP)
    let entries = (Int(high) - Int(low) + step) / step * step
    guard Sample.tableSize == 65_536, entries <= Int(CWK_MOST), cwk_looks_up() != 0 else { return }
    narrow = (0..<entries).map {
      levels[Sample(clamping: Int(low) + $0).tableIndex]
    }
  }

  private init(plain shader: Shader, volume: Volume) {
    let first = shader.level(volume.rescaled(Sample.min.asDouble))
    let last = shader.level(volume.rescaled(Sample.max.asDouble))
    levels = [UInt8](repeating: first, count: Sample.tableSize ?? 1)
    low = Sample.min
    high = Sample.max
    let isMonotone = shader.isMonotone && volume.display.modalityLUT == nil
    if isMonotone {
      low = Self.last(below: Sample.max) {
        shader.level(volume.rescaled($0.asDouble)) == first
      }
      if first == last {
        low = Sample.max
        return
      }
      let before = Self.last(below: Sample.max) {
        shader.level(volume.rescaled($0.asDouble)) != last
      }
      high = before &+ 1
    }
    var value = low
    while value < high {
      levels[value.tableIndex] = shader.level(volume.rescaled(value.asDouble))
      value &+= 1
    }
    while true {
      levels[value.tableIndex] = isMonotone ? last : shader.level(volume.rescaled(value.asDouble))
      if value == Sample.max { break }
      value &+= 1
    }
    if !isMonotone { tightenEnds() }
  }

  /// The last value for which a condition holds that holds for `min` and, once false, stays so.
  private static func last(below end: Sample, where holds: (Sample) -> Bool) -> Sample {
    var low = Int(Sample.min)
    var high = Int(end)
    while low < high {
      let middle = (low + high + 1) >> 1
      if holds(Sample(truncatingIfNeeded: middle)) { low = middle } else { high = middle - 1 }
    }
    return Sample(truncatingIfNeeded: low)
  }

  private mutating func tightenEnds() {
    let first = levels[Sample.min.tableIndex]
    let last = levels[Sample.max.tableIndex]
    low = Sample.min
    while low < Sample.max, levels[(low &+ 1).tableIndex] == first { low &+= 1 }
    high = Sample.max
    while high > low, levels[(high &- 1).tableIndex] == last { high &-= 1 }
  }
}
