// A series of uneven steps as parts of even ones.

extension DICOMSeries {
  /// The longest runs of even steps, in order; the series itself where it is even.
  ///
  /// Head CT is often acquired thinly through the skull base and thickly above: each run then is a
  /// volume whose affine is true for all of its slices.
  /// - Complexity: O(*slices*).
  public func evenRuns() -> [DICOMSeries] {
    guard !isRegular, channels == 1, positions.count == order.slices.count else { return [self] }
    var runs: [DICOMSeries] = []
    var start = 0
    while start < positions.count {
      var end = start + 1
      if end < positions.count {
        let step = positions[end] - positions[start]
        let tolerance = SliceSpacing.tolerance(length(step))
        end += 1
        while end < positions.count,
          length(positions[end] - positions[start] - Double(end - start) * step) <= tolerance
        {
          end += 1
        }
        // A lone wide or narrow gap belongs to neither side: leave its far slice to the next run.
        if end - start == 2, end < positions.count { end = start + 1 }
      }
      var part = SliceOrder(slices: Array(order.slices[start..<end]))
      part.diagnostics = order.diagnostics
      runs.append(DICOMSeries(headers, part, isMerged: false))
      start = end
    }
    return runs
  }
}
