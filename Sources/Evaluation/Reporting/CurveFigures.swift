// Curves: ROC, precision–recall, reliability, decision curves, FROC.

/// A named series of a figure.
public struct PlotSeries: Hashable, Sendable {
  public let name: String
  public let x: [Double]
  public let y: [Double]

  /// Points that are not finite are left out when drawn.
  public init(_ name: String, x: [Double], y: [Double]) {
    self.name = name
    self.x = x
    self.y = y
  }

  var points: [(Double, Double)] { zip(x, y).filter { $0.isFinite && $1.isFinite } }
}

extension Figure {
  /// ROC curves with their AUCs in the legend.
  public static func roc(
    _ curves: [(name: String, scores: BinaryScores)], title: String = "ROC"
  ) -> Figure {
    let series = curves.map { entry -> PlotSeries in
      let curve = entry.scores.rocCurve
      let auc = entry.scores.rocAUC.double.map { fixed($0, decimals: 3) } ?? "undefined"
      return PlotSeries(
        "\(entry.name): AUC \(auc), n = \(entry.scores.count)", x: curve.falsePositiveRates,
        y: curve.truePositiveRates)
    }
    return lines(
      series, title: title, xLabel: "1 − specificity", yLabel: "sensitivity", x: 0...1, y: 0...1,
      diagonal: true)
  }

  /// Precision–recall curves as steps, with AP in the legend.
  public static func precisionRecall(
    _ curves: [(name: String, scores: BinaryScores)], title: String = "Precision–recall"
  ) -> Figure {
    let series = curves.map { entry -> PlotSeries in
      let curve = entry.scores.precisionRecallCurve
      let ap = entry.scores.averagePrecision.double.map { fixed($0, decimals: 3) } ?? "undefined"
      var (x, y) = ([Double](), [Double]())
      var last = 0.0
      for (r, p) in zip(curve.recalls, curve.precisions) {
        x += [last, r]
        y += [p, p]
        last = r
      }
      return PlotSeries("\(entry.name): AP \(ap), n = \(entry.scores.count)", x: x, y: y)
    }
    return lines(
      series, title: title, xLabel: "recall", yLabel: "precision", x: 0...1, y: 0...1)
  }

  /// Reliability curves; marker places are bin means.
  public static func reliability(
    _ curves: [(name: String, reliability: Reliability)], title: String = "Reliability"
  ) -> Figure {
    let series = curves.map { entry in
      PlotSeries(
        "\(entry.name): ECE \(entry.reliability.expectedError.value), n = \(entry.reliability.count)",
        x: entry.reliability.bins.map(\.confidence), y: entry.reliability.bins.map(\.frequency))
    }
    return lines(
      series, title: title, xLabel: "predicted probability", yLabel: "observed frequency",
      x: 0...1, y: 0...1, diagonal: true, markers: true)
  }

  /// Decision curves with "treat all" and "treat none".
  public static func decisionCurve(
    _ curves: [(name: String, curve: DecisionCurve)], title: String = "Decision curve"
  ) -> Figure {
    var series = curves.map { PlotSeries($0.name, x: $0.curve.thresholds, y: $0.curve.model) }
    if let first = curves.first?.curve {
      series.append(PlotSeries("treat all", x: first.thresholds, y: first.treatAll))
      series.append(
        PlotSeries("treat none", x: first.thresholds, y: first.thresholds.map { _ in 0 }))
    }
    let top = series.flatMap(\.y).filter(\.isFinite).max() ?? 1
    return lines(
      series, title: title, xLabel: "threshold probability", yLabel: "net benefit", x: 0...1,
      y: (-0.15 * max(top, 0.1))...(1.1 * max(top, 0.1)))
  }

  /// FROC curves.
  public static func froc(
    _ curves: [(name: String, x: [Double], y: [Double])], title: String = "FROC"
  ) -> Figure {
    let reach = curves.flatMap(\.x).filter(\.isFinite).max() ?? 1
    return lines(
      curves.map { PlotSeries($0.name, x: $0.x, y: $0.y) }, title: title,
      xLabel: "false positives per image", yLabel: "sensitivity", x: 0...max(reach, 1e-6),
      y: 0...1)
  }

  /// Any curves on linear axes.
  public static func lines(
    _ series: [PlotSeries], title: String, xLabel: String, yLabel: String,
    x: ClosedRange<Double>, y: ClosedRange<Double>, diagonal: Bool = false, markers: Bool = false
  ) -> Figure {
    let axes = Axes(x: x, y: y)
    var c = Canvas(
      width: 480, height: axes.top + axes.height + 70 + 18 * Double(series.count), title: title)
    axes.draw(on: &c, title: title, xLabel: xLabel, yLabel: yLabel)
    if diagonal {
      let (a, b) = (axes.point(x.lowerBound, y.lowerBound), axes.point(x.upperBound, y.upperBound))
      c.line(a.0, a.1, b.0, b.1, stroke: "#888888", dash: "4 4")
    }
    for (i, s) in series.enumerated() {
      // Out-of-range values end at the frame rather than leave it.
      let points = s.points.map {
        axes.point(
          min(max($0.0, x.lowerBound), x.upperBound), min(max($0.1, y.lowerBound), y.upperBound))
      }
      c.path(points, stroke: Palette.series(i), width: 2, dash: Palette.dash(i))
      if markers { for p in points { c.marker(i, x: p.0, y: p.1, fill: Palette.series(i)) } }
    }
    axes.legend(series.map(\.name), on: &c)
    return c.figure
  }
}
