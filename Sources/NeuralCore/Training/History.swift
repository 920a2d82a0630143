// What a run was: one row an epoch, as CSV and as a picture.

/// The losses and metrics of a training run.
public struct TrainingHistory: Sendable, Hashable {
  /// One epoch.
  public struct Epoch: Sendable, Hashable {
    /// Counted from 1.
    public let number: Int
    public let trainingLoss: Double
    public let validationLoss: Double?
    /// The metric on the held-out samples, or on the training ones where none are held out.
    public let metric: Double?
    /// The learning rate of the last step.
    public let rate: Double
  }

  public internal(set) var epochs: [Epoch] = []
  /// The metric's name.
  public internal(set) var metricName: String?

  /// The rows with a header; empty where a value was not measured.
  public var csv: String {
    var text = "epoch,training_loss,validation_loss,\(metricName ?? "metric"),rate\n"
    for epoch in epochs {
      let validation = epoch.validationLoss.map { "\($0)" } ?? ""
      let metric = epoch.metric.map { "\($0)" } ?? ""
      text += "\(epoch.number),\(epoch.trainingLoss),\(validation),\(metric),\(epoch.rate)\n"
    }
    return text
  }

  /// The loss curves as an SVG picture: training solid, validation dashed, loss against epoch.
  public var svg: String {
    let width = 640.0
    let height = 360.0
    let left = 56.0
    let bottom = 320.0
    let losses = epochs.flatMap { [$0.trainingLoss, $0.validationLoss ?? $0.trainingLoss] }
      .filter { $0.isFinite }
    let top = (losses.max() ?? 1) > 0 ? (losses.max() ?? 1) : 1
    let low = min(losses.min() ?? 0, 0)
    func place(_ index: Int, _ loss: Double) -> String {
      let x = left + (width - left - 16) * Double(index) / Double(max(epochs.count - 1, 1))
      let y = bottom - (bottom - 24) * (loss - low) / (top - low)
      return "\((x * 10).rounded() / 10),\((y * 10).rounded() / 10)"
    }
    func line(_ values: [Double?], _ style: String) -> String {
      let points = values.enumerated().compactMap { index, value in
        value.flatMap { $0.isFinite ? place(index, $0) : nil }
      }
      if points.isEmpty { return "" }
      return
        "<polyline fill=\"none\" stroke-width=\"2\" \(style) points=\"\(points.joined(separator: " "))\"/>\n"
    }
    var text =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(width)) \(Int(height))\" "
    text += "font-family=\"sans-serif\" font-size=\"12\">\n"
    text += "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    text += "<path d=\"M\(left) 24V\(bottom)H\(width - 16)\" fill=\"none\" stroke=\"#444\"/>\n"
    text += "<text x=\"4\" y=\"28\">\(short(top))</text>\n"
    text += "<text x=\"4\" y=\"\(bottom)\">\(short(low))</text>\n"
    text += "<text x=\"\(left)\" y=\"340\">epoch 1</text>\n"
    text += "<text x=\"\(width - 16)\" y=\"340\" text-anchor=\"end\">\(epochs.count)</text>\n"
    text += line(epochs.map(\.trainingLoss), "stroke=\"#1f5fa8\"")
    text += line(epochs.map(\.validationLoss), "stroke=\"#b2401f\" stroke-dasharray=\"6 4\"")
    text +=
      "<text x=\"\(width - 16)\" y=\"20\" text-anchor=\"end\">loss: training solid, held out dashed</text>\n"
    return text + "</svg>\n"
  }

  /// Writes the CSV, and the picture beside it with `.svg` instead of `.csv`.
  public func write(to path: String) throws(NeuralCoreError) {
    try writeAtomically(Array(csv.utf8), to: path)
    let base = path.hasSuffix(".csv") ? String(path.dropLast(4)) : path
    try writeAtomically(Array(svg.utf8), to: base + ".svg")
  }
}
