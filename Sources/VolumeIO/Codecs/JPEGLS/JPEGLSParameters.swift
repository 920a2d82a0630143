// Presets and derived parameters of JPEG-LS.
// Source: ITU-T T.87 A.2.1, C.2.4.1.1.

/// The coding parameters of a stream: LSE's, or the defaults of its precision.
struct JPEGLSPresets: Sendable, Hashable {
  /// 0 stands for "the default".
  var maximum = 0
  var threshold1 = 0
  var threshold2 = 0
  var threshold3 = 0
  var reset = 0
}

/// What a scan decodes with.
struct JPEGLSParameters: Sendable, Hashable {
  let maximum: Int32
  let near: Int32
  let threshold1: Int32
  let threshold2: Int32
  let threshold3: Int32
  let reset: Int32
  /// RANGE: the count of quantised errors.
  let range: Int32
  /// qbpp: bits of an escaped error.
  let errorBits: Int
  /// LIMIT: the longest code.
  let limit: Int

  /// - Throws: `.malformed` where presets are outside T.87's table C.1.
  init(
    _ presets: JPEGLSPresets, precision: Int, near: Int, offset: Int
  ) throws(VolumeError) {
    let maximum = presets.maximum == 0 ? (1 << precision) - 1 : presets.maximum
    guard maximum < 1 << precision, near <= min(255, maximum / 2) else {
      throw VolumeError(
        .malformed, "MAXVAL \(maximum), NEAR \(near) of \(precision) bits", offset: offset,
        field: "LSE MAXVAL, SOS NEAR")
    }
    func clamped(_ value: Int, atLeast low: Int) -> Int {
      value > maximum || value < low ? low : value
    }
    let basic = (3, 7, 21)
    var defaults = (0, 0, 0)
    if maximum >= 128 {
      let factor = (min(maximum, 4095) + 128) / 256
      defaults.0 = clamped(factor * (basic.0 - 2) + 2 + 3 * near, atLeast: near + 1)
      defaults.1 = clamped(factor * (basic.1 - 3) + 3 + 5 * near, atLeast: defaults.0)
      defaults.2 = clamped(factor * (basic.2 - 4) + 4 + 7 * near, atLeast: defaults.1)
    } else {
      let factor = 256 / (maximum + 1)
      defaults.0 = clamped(max(2, basic.0 / factor + 3 * near), atLeast: near + 1)
      defaults.1 = clamped(max(3, basic.1 / factor + 5 * near), atLeast: defaults.0)
      defaults.2 = clamped(max(4, basic.2 / factor + 7 * near), atLeast: defaults.1)
    }
    let t1 = presets.threshold1 == 0 ? defaults.0 : presets.threshold1
    let t2 = presets.threshold2 == 0 ? defaults.1 : presets.threshold2
    let t3 = presets.threshold3 == 0 ? defaults.2 : presets.threshold3
    let reset = presets.reset == 0 ? 64 : presets.reset
    guard near + 1 <= t1, t1 <= t2, t2 <= t3, t3 <= maximum || maximum < near + 1, reset >= 3,
      reset <= max(255, maximum)
    else {
      throw VolumeError(
        .malformed,
        "thresholds \(t1), \(t2), \(t3), RESET \(reset) with MAXVAL \(maximum), NEAR \(near)",
        offset: offset, field: "LSE")
    }
    self.maximum = Int32(maximum)
    self.near = Int32(near)
    threshold1 = Int32(t1)
    threshold2 = Int32(t2)
    threshold3 = Int32(t3)
    self.reset = Int32(reset)
    let range = (maximum + 2 * near) / (2 * near + 1) + 1
    self.range = Int32(range)
    errorBits = Self.bits(range)
    let sampleBits = max(2, Self.bits(maximum + 1))
    limit = 2 * (sampleBits + max(8, sampleBits))
  }

  /// ⌈log₂ n⌉.
  private static func bits(_ n: Int) -> Int { Int.bitWidth - (n - 1).leadingZeroBitCount }

  /// The region −4...4 of each difference −MAXVAL...MAXVAL of two samples.
  func gradientRegions() -> [Int8] {
    let stops = [near + 1, threshold1, threshold2, threshold3, maximum + 1].map { Int($0) }
    let reach = Int(maximum)
    var table = [Int8](repeating: 0, count: 2 * reach + 1)
    var all = table.mutableSpan
    // Thresholds may lie beyond MAXVAL, where NEAR is large.
    for region in 1...4 where stops[region - 1] <= min(stops[region] - 1, reach) {
      for difference in stops[region - 1]...min(stops[region] - 1, reach) {
        all[reach + difference] = Int8(region)
        all[reach - difference] = Int8(-region)
      }
    }
    return table
  }
}
