// Which filters and which search suit a picture: told by compressing two bands of it.
//
// Measured on windowed CT: noise wants filters that adapt to each row and no search but for runs;
// several windows as red, green and blue repeat whole pixels and want no filter and a search for
// them; 16-bit samples want one filter and a search for long matches only.

/// A way to filter and to compress.
struct CompressionPlan: Sendable {
  var filters: [RowFilter]
  /// Each row may take another of the filters.
  var isAdaptive: Bool
  /// Of those, only filters whose sample was at most so many times the best one's.
  var slack = Double.infinity
  /// Every so many rows are tried to choose the picture's filter.
  var sampleStep: Int
  var settings: DeflateSettings

  /// Runs only, with one filter for all rows or one for each.
  static func runs(_ layout: PNGLayout, adaptive: Bool) -> CompressionPlan {
    CompressionPlan(
      filters: RowFilter.allCases, isAdaptive: adaptive, slack: 1.12,
      sampleStep: max(1, min(16, layout.height / 32)),
      settings: DeflateSettings(candidates: 0, isLazy: false, shortest: 4))
  }

  /// Pixels as they are, and a search for those that come again.
  static func repeats(_ layout: PNGLayout, candidates: Int, longKey: Int = 0) -> CompressionPlan {
    CompressionPlan(
      filters: [.none], isAdaptive: false, sampleStep: layout.height,
      settings: DeflateSettings(
        candidates: candidates, isLazy: false,
        shortest: layout.filterDistance == 3 || layout.filterDistance == 1 ? 3 : 4,
        longKey: longKey,
        step: layout.filterDistance, rowLength: layout.rowBytes + 1, blockTokens: 8192))
  }

  /// One filter, and a search for long matches.
  static func long(_ layout: PNGLayout, candidates: Int) -> CompressionPlan {
    CompressionPlan(
      filters: RowFilter.allCases, isAdaptive: false, sampleStep: 16,
      settings: DeflateSettings(
        candidates: candidates, isLazy: false, shortest: 8, longKey: 8,
        step: layout.filterDistance,
        rowLength: layout.rowBytes + 1))
  }

  /// The plans that are worth trying for a kind of pixels.
  static func candidates(_ layout: PNGLayout, _ effort: PNGOptions.Effort) -> [CompressionPlan] {
    if layout.colorType == 3 || layout.bitDepth < 8 {
      return [repeats(layout, candidates: effort == .fast ? 4 : 32)]
    }
    let isSmall = layout.rowBytes * layout.height <= 65_536
    let isGray8 = layout.filterDistance == 1
    switch effort {
    case .fast:
      let runs = runs(layout, adaptive: isSmall)
      return isGray8
        ? [runs]
        : [runs, repeats(layout, candidates: 1, longKey: layout.filterDistance == 3 ? 6 : 8)]
    case .standard:
      if isGray8 { return [runs(layout, adaptive: true)] }
      let both = [
        runs(layout, adaptive: true),
        repeats(
          layout, candidates: layout.bitDepth == 8 ? 8 : 4,
          longKey: layout.filterDistance == 3 ? 6 : 8),
      ]
      return layout.bitDepth == 8 ? both : both + [long(layout, candidates: 3)]
    case .small:
      return all(layout)
    }
  }

  /// Every combination that has been the smallest for some picture.
  private static func all(_ layout: PNGLayout) -> [CompressionPlan] {
    var plans = [
      repeats(layout, candidates: 128),
      repeats(layout, candidates: 1, longKey: layout.filterDistance == 3 ? 6 : 8),
    ]
    for isAdaptive in [true, false] {
      for (candidates, shortest) in [(0, 4), (64, 3), (64, 6), (64, 8)] {
        var plan = runs(layout, adaptive: isAdaptive)
        plan.slack = .infinity
        plan.settings = DeflateSettings(
          candidates: candidates, isLazy: true, shortest: shortest,
          step: candidates > 0 && shortest > 3 ? layout.filterDistance : 1,
          rowLength: layout.rowBytes + 1)
        plans.append(plan)
      }
    }
    return plans
  }

  /// The bytes that filtered rows take by this plan.
  private func size(_ part: FilteredRows) -> Int {
    var writer = BitWriter(reserving: part.bytes.count / 2)
    deflate(part.bytes, histogram: part.histogram, settings: settings, to: &writer)
    return writer.bytes.count
  }

  /// The best of the candidates for two bands of rows.
  static func chosen(
    for rows: FilterableRows, _ layout: PNGLayout, _ effort: PNGOptions.Effort
  ) -> CompressionPlan {
    let all = candidates(layout, effort)
    guard all.count > 1 else { return all[0] }
    let count = min(
      layout.height,
      max(8, effort == .fast ? min(16, layout.height / 24) : min(32, layout.height / 12)))
    var bands: [Range<Int>] = [0..<layout.height]
    if 2 * count < layout.height {
      bands = [1, 3].map { quarter in
        let first = (layout.height - count) * quarter / 4
        return first..<(first + count)
      }
    }
    // A search finds more in the whole picture than in a band, which has little before it; it takes
    // time, which `fast` spends only where much is to be gained.
    let weight = effort == .fast ? 17 : 15
    // Plans with the same filters are tried on the same filtered rows.
    var sizes = [Int](repeating: 0, count: all.count)
    for band in bands {
      var parts: [[RowFilter]: FilteredRows] = [:]
      for (index, plan) in all.enumerated() {
        let part =
          parts[plan.filters]
          ?? filtered(
            rows, band, among: plan.filters, sampleStep: min(4, plan.sampleStep),
            isAdaptive: false)
        parts[plan.filters] = part
        sizes[index] += plan.filters == [.none] ? plan.size(part) * weight / 16 : plan.size(part)
      }
    }
    let least = sizes.indices.min { sizes[$0] < sizes[$1] } ?? 0
    return all[least]
  }
}
