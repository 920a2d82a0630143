public import VolumeIO

/// How rescaled values become levels between black and white.
///
/// Some tones are complete (a window, a look-up table, a curve); the others ask the volume for
/// statistics, and `resolved(for:)` turns them into complete ones, once for all slices.
public enum Tone: Sendable, Hashable, Codable {
  /// A window on rescaled values.
  case window(Window)
  /// A VOI look-up table on rescaled values (PS3.3 C.11.2.1.1), scaled to the full range of levels.
  case lookup(DisplayHints.LookupTable)
  /// A piecewise linear curve from rescaled values to fractions.
  case curve(ToneCurve)
  /// What the file offers: its VOI LUT or its window, by number, as `prefersLookup` says; where it
  /// has neither, the full range of the volume.
  case file(alternative: Int = 0, prefersLookup: Bool = true)
  /// Black at the lower and white at the upper percentile (0…100, linear interpolation between
  /// ranks as numpy does) of the voxels that `over` counts.
  case percentiles(Double, Double, over: Foreground)
  /// Black at mean − limit·sd and white at mean + limit·sd of the voxels that `over` counts.
  case zScore(limit: Double, over: Foreground)
  /// Nyúl's histogram matching: the volume's landmarks are mapped onto the reference's.
  case matched(HistogramReference, over: Foreground)
  /// Black at the volume's lowest, white at its highest finite value.
  case fullRange
  /// A window's bounds, then each slice stretched over the range that it has left: the brightness
  /// of a tissue varies from slice to slice. For parity with MedSAM and BiomedParse only.
  case sliceRange(Window)

  /// The usual tone of an MR: percentiles 0.5 and 99.5 of the voxels above zero.
  public static let mr = Tone.percentiles(0.5, 99.5, over: .positive)

  /// The voxels that statistics count. Padding and NaN never count.
  public enum Foreground: String, Sendable, Hashable, Codable {
    /// Every voxel.
    case all
    /// Voxels with a rescaled value above zero.
    case positive
    /// Voxels above the mean of all voxels, TorchIO's common foreground.
    case aboveMean
  }

  /// This tone without need of statistics: a window, a table, a curve or a slice range.
  ///
  /// - Throws: `WindowingError.window`, `WindowingError.lookupTable` or
  ///   `WindowingError.statistics`.
  /// - Complexity: O(*voxels*) for statistics, otherwise O(1).
  public func resolved(for volume: Volume, channel: Int = 0) throws(WindowingError) -> Tone {
    switch self {
    case .window(let window), .sliceRange(let window):
      try window.validate()
      return self
    case .lookup(let table):
      try table.validate()
      return self
    case .curve:
      return self
    case .file(let alternative, let prefersLookup):
      return try volume.fileTone(alternative, prefersLookup: prefersLookup, channel: channel)
    case .fullRange:
      let range = try volume.range(channel: channel)
      return .window(try Window.covering(range.lowerBound, range.upperBound))
    case .percentiles(let low, let high, let foreground):
      let bounds = try volume.percentiles([low, high], over: foreground, channel: channel)
      return .window(try Window.covering(bounds[0], bounds[1]))
    case .zScore(let limit, let foreground):
      let (mean, deviation) = try volume.moments(over: foreground, channel: channel)
      return .window(
        try Window.covering(mean - limit * deviation, mean + limit * deviation))
    case .matched(let reference, let foreground):
      let own = try volume.percentiles(
        reference.percentiles, over: foreground, channel: channel)
      return .curve(try ToneCurve(from: own, to: reference.fractions))
    }
  }
}

extension Window {
  /// A `.linearExact` window from `low` to `high`; of equal ends a step that shows them black.
  static func covering(_ low: Double, _ high: Double) throws(WindowingError) -> Window {
    guard low.isFinite, high.isFinite, low <= high else {
      throw WindowingError(.statistics, "no range from \(low) to \(high)")
    }
    guard low < high else {
      return Window(center: low + 0.5, width: 1, function: .linearExact)
    }
    return Window(low: low, high: high)
  }
}

extension Volume {
  /// The windows that the file offers, in its order, with its function.
  public var windows: [Window] {
    display.windows.map {
      Window(center: $0.center, width: $0.width, function: display.function)
    }
  }

  fileprivate func fileTone(
    _ alternative: Int, prefersLookup: Bool, channel: Int
  ) throws(WindowingError) -> Tone {
    let tables = display.voiLUTs
    let windows = windows
    if tables.isEmpty && windows.isEmpty {
      return try Tone.fullRange.resolved(for: self, channel: channel)
    }
    let usesTables = !tables.isEmpty && (prefersLookup || windows.isEmpty)
    let count = usesTables ? tables.count : windows.count
    guard (0..<count).contains(alternative) else {
      throw WindowingError(
        .window,
        "alternative \(alternative) of \(count) \(usesTables ? "look-up tables" : "windows")")
    }
    let tone: Tone = usesTables ? .lookup(tables[alternative]) : .window(windows[alternative])
    return try tone.resolved(for: self, channel: channel)
  }
}
