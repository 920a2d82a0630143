// Confusion matrix, Bland–Altman, forest plot, spider plot, scatter of embeddings.

extension Figure {
  /// A confusion matrix: rows normalised to the truth by colour, counts as text.
  ///
  /// More than 60 classes are cut to the first 60, and the title says so.
  public static func confusionMatrix(
    _ matrix: ConfusionMatrix, title: String = "Confusion matrix"
  ) -> Figure {
    let shown = min(matrix.classes.count, 60)
    let names = Array(matrix.classes.prefix(shown))
    let withheld = matrix.withheld.contains { $0 > 0 }
    let columns = shown + (withheld ? 1 : 0)
    let side = max(18.0, min(56, 420 / Double(max(shown, 1))))
    let longest = names.map(\.count).max() ?? 1
    let margin = 40 + min(180, 7.0 * Double(longest))
    let width = margin + side * Double(columns) + 30
    var c = Canvas(
      width: max(width, 260), height: 70 + side * Double(shown) + margin, title: title)
    let cut = matrix.classes.count > shown ? " (first \(shown) of \(matrix.classes.count))" : ""
    c.text(title + cut, x: 12, y: 24, size: 14, weight: "bold")
    c.text("n = \(matrix.count), rows: truth, columns: prediction", x: 12, y: 42, size: 11)
    let support = matrix.support
    for i in 0..<shown {
      let y = 56 + side * Double(i)
      c.text(names[i], x: margin - 6, y: y + side / 2 + 4, size: min(12, side * 0.6), anchor: .end)
      for j in 0..<columns {
        let count = j < shown ? matrix[truth: i, prediction: j] : matrix.withheld[i]
        let share = support[i] > 0 ? Double(count) / Double(support[i]) : 0
        let x = margin + side * Double(j)
        c.rect(x, y, side, side, fill: Palette.blue(share), stroke: "#9a9a9a")
        if count > 0 || shown <= 12 {
          c.text(
            String(count), x: x + side / 2, y: y + side / 2 + 4, size: min(13, side * 0.45),
            anchor: .middle, fill: share > 0.55 ? "#ffffff" : "#000000")
        }
      }
    }
    for j in 0..<columns {
      let x = margin + side * (Double(j) + 0.5)
      c.text(
        j < shown ? names[j] : "no answer", x: x + 4, y: 56 + side * Double(shown) + 10,
        size: min(12, side * 0.6), anchor: .end, rotate: -60)
    }
    return c.figure
  }

  /// A Bland–Altman plot with bias, limits and the limits' intervals.
  public static func blandAltman(
    _ result: BlandAltman, title: String = "Bland–Altman", unit: String = "mL"
  ) -> Figure {
    let lines = [
      (result.bias, "bias"), (result.lowerLimit, "lower limit"), (result.upperLimit, "upper limit"),
    ]
    let ends = lines.flatMap { s, _ in
      [s.interval?.bounds.lower, s.interval?.bounds.upper, s.double].compactMap { $0 }
    }
    let ys = (result.differences + ends + [0]).filter(\.isFinite)
    let xs = result.means.filter(\.isFinite)
    let axes = Axes(x: padded(xs), y: padded(ys))
    var c = Canvas(width: 560, height: 440, title: title)
    axes.draw(
      on: &c, title: "\(title), n = \(result.count)", xLabel: "mean of both (\(unit))",
      yLabel: "difference (\(unit))")
    for (i, (score, name)) in lines.enumerated() {
      guard let v = score.double, v.isFinite else { continue }
      if let (low, high) = score.interval?.bounds, low.isFinite, high.isFinite {
        let (a, b) = (axes.py(high), axes.py(low))
        c.path(
          [
            (axes.left, a), (axes.left + axes.width, a), (axes.left + axes.width, b),
            (axes.left, b),
          ], stroke: "none", width: 0, fill: i == 0 ? "#0072B2" : "#E69F00", closed: true,
          opacity: 0.18)
      }
      c.line(
        axes.left, axes.py(v), axes.left + axes.width, axes.py(v),
        stroke: i == 0 ? "#0072B2" : "#D55E00", width: 1.6, dash: i == 0 ? "" : "7 3")
      c.text(name, x: axes.left + axes.width + 6, y: axes.py(v) - 2, size: 11)
      c.text(formatted(v, digits: 4), x: axes.left + axes.width + 6, y: axes.py(v) + 11, size: 11)
    }
    for (m, d) in zip(result.means, result.differences) where m.isFinite && d.isFinite {
      let p = axes.point(m, d)
      c.marker(0, x: p.0, y: p.1, size: 3.2, fill: "#333333")
    }
    return c.figure
  }

  /// A forest plot: one line a score, value and interval as text beside it.
  public static func forest(
    _ rows: [(name: String, score: Score)], title: String, reference: Double? = nil
  ) -> Figure {
    let all =
      rows.flatMap { r in
        [r.score.double, r.score.interval?.bounds.lower, r.score.interval?.bounds.upper]
          .compactMap { $0 }
      } + (reference.map { [$0] } ?? [])
    let label = min(260, 30 + 7.2 * Double(rows.map(\.name.count).max() ?? 4))
    let height = 24 * Double(max(rows.count, 1))
    let axes = Axes(
      x: padded(all.filter(\.isFinite)), y: 0...1, left: label, top: 48, width: 300, height: height)
    var c = Canvas(width: label + 300 + 190, height: height + 100, title: title)
    c.text(title, x: 12, y: 24, size: 14, weight: "bold")
    for t in ticks(axes.x.lowerBound, axes.x.upperBound) {
      c.line(axes.px(t), axes.top, axes.px(t), axes.top + height, stroke: "#e0e0e0")
      c.text(
        formatted(t, digits: 5), x: axes.px(t), y: axes.top + height + 16, size: 11,
        anchor: .middle)
    }
    c.line(axes.left, axes.top + height, axes.left + axes.width, axes.top + height)
    if let reference {
      c.line(
        axes.px(reference), axes.top, axes.px(reference), axes.top + height, stroke: "#777777",
        dash: "4 3")
    }
    for (i, row) in rows.enumerated() {
      let y = axes.top + 24 * (Double(i) + 0.5)
      c.text(row.name, x: label - 12, y: y + 4, anchor: .end)
      var text = row.score.double.map { fixed($0, decimals: 3) } ?? "undefined"
      if let (low, high) = row.score.interval?.bounds, low.isFinite, high.isFinite {
        c.line(axes.px(low), y, axes.px(high), y, stroke: "#0072B2", width: 2)
        for end in [low, high] {
          c.line(axes.px(end), y - 4, axes.px(end), y + 4, stroke: "#0072B2", width: 2)
        }
        text += " (\(fixed(low, decimals: 3))–\(fixed(high, decimals: 3)))"
      }
      if let v = row.score.double, v.isFinite {
        c.marker(1, x: axes.px(v), y: y, size: 4, fill: "#0072B2")
      }
      c.text("\(text), n = \(row.score.count)", x: axes.left + axes.width + 14, y: y + 4, size: 11)
    }
    return c.figure
  }

  /// A spider plot of 0…1 values, one polygon a series.
  ///
  /// - Precondition: Every series has one value an axis.
  public static func spider(
    axes names: [String], _ series: [(name: String, values: [Double])], title: String
  ) -> Figure {
    for s in series {
      precondition(s.values.count == names.count, "\(s.values.count) values, \(names.count) axes")
    }
    let (cx, cy, r) = (240.0, 220.0, 140.0)
    var c = Canvas(width: 480, height: 420 + 18 * Double(series.count), title: title)
    c.text(title, x: 12, y: 24, size: 14, weight: "bold")
    func point(_ i: Int, _ v: Double) -> (Double, Double) {
      let a = 2 * Double.pi * Double(i) / Double(max(names.count, 1)) - Double.pi / 2
      return (cx + r * v * cos(a), cy + r * v * sin(a))
    }
    for level in [0.25, 0.5, 0.75, 1.0] {
      c.path(names.indices.map { point($0, level) }, stroke: "#d0d0d0", width: 1, closed: true)
      c.text(
        formatted(level, digits: 2), x: cx + 4, y: cy - r * level - 2, size: 9.5, fill: "#555555")
    }
    for (i, name) in names.enumerated() {
      let p = point(i, 1)
      let q = point(i, 1.1)
      c.line(cx, cy, p.0, p.1, stroke: "#d0d0d0")
      c.text(
        name, x: q.0, y: q.1 + 4, size: 11,
        anchor: abs(q.0 - cx) < 12 ? .middle : q.0 < cx ? .end : .start)
    }
    for (i, s) in series.enumerated() {
      let points = s.values.enumerated().map { k, v in
        point(k, v.isFinite ? min(max(v, 0), 1) : 0)
      }
      c.path(
        points, stroke: Palette.series(i), width: 2, dash: Palette.dash(i),
        fill: Palette.series(i), closed: true, opacity: 0.07)
      for p in points { c.marker(i, x: p.0, y: p.1, size: 3.2, fill: Palette.series(i)) }
    }
    var frame = Axes(x: 0...1, y: 0...1)
    (frame.top, frame.height) = (40, 320)
    frame.legend(series.map(\.name), on: &c)
    return c.figure
  }

  /// Points of two coordinates with a class each (t-SNE, PCA).
  ///
  /// - Precondition: One class a point.
  public static func scatter(
    _ points: [SIMD2<Double>], classes: [String], title: String
  ) -> Figure {
    precondition(points.count == classes.count, "\(points.count) points, \(classes.count) classes")
    var names: [String] = []
    for name in classes where !names.contains(name) { names.append(name) }
    let axes = Axes(
      x: padded(points.map(\.x).filter(\.isFinite)), y: padded(points.map(\.y).filter(\.isFinite)))
    var c = Canvas(width: 480, height: 430 + 18 * Double(names.count), title: title)
    axes.draw(
      on: &c, title: "\(title), n = \(points.count)", xLabel: "dimension 1", yLabel: "dimension 2",
      grid: false)
    for (p, name) in zip(points, classes) where p.x.isFinite && p.y.isFinite {
      let i = names.firstIndex(of: name) ?? 0
      let (x, y) = axes.point(p.x, p.y)
      c.marker(i, x: x, y: y, size: 3, fill: Palette.series(i))
    }
    axes.legend(names, on: &c, lines: false)
    return c.figure
  }
}

/// A range that holds all values with some air.
func padded(_ values: [Double]) -> ClosedRange<Double> {
  guard let low = values.min(), let high = values.max() else { return 0...1 }
  let air = high > low ? 0.06 * (high - low) : max(abs(high) * 0.1, 0.5)
  return (low - air)...(high + air)
}
