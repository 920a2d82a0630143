// How many tokens a picture costs, by each vendor's published rule.
// Sources: platform.openai.com "Images and vision"; docs.anthropic.com "Vision";
// ai.google.dev "Understand and count tokens"; each checked on recorded usage in the tests.

/// How a model counts a picture's tokens.
public enum ImageTokenRule: Sendable, Hashable, Codable {
  case unknown
  /// Fit into 2048², shrink the short side to 768, count tiles of 512²; low detail is the base alone.
  case tiles(base: Int, each: Int)
  /// Patches of 32 pixels times a factor, at most `budget` of them.
  case patches(factor: Double, budget: Int, side: Int)
  /// Patches of 28 pixels after shrinking the long side, at most `cap` of them.
  case squares(side: Int, cap: Int)
  /// A number for a small picture (both sides at most 384), else one for each tile of 768².
  case tiles768(each: Int)
  /// About the same for every picture.
  case fixed(Int)

  /// The tokens of a picture, or nil when the rule is not known.
  ///
  /// - `width`: Columns.
  /// - `height`: Rows.
  public func tokens(width: Int, height: Int, detail: Image.Detail = .high) -> Int? {
    guard width > 0, height > 0 else { return nil }
    let w = Double(width)
    let h = Double(height)
    switch self {
    case .unknown: return nil
    case .fixed(let tokens): return tokens
    case .tiles(let base, let each):
      if detail == .low { return base }
      let fit = min(1, 2048 / max(w, h))
      let short = min(1, 768 / (min(w, h) * fit))
      let columns = ((w * fit * short) / 512).rounded(.up)
      let rows = ((h * fit * short) / 512).rounded(.up)
      return base + each * Int(columns * rows)
    case .patches(let factor, let budget, let side):
      let fit = min(1, Double(side) / max(w, h))
      var columns = (w * fit / 32).rounded(.up)
      var rows = (h * fit / 32).rounded(.up)
      if columns * rows > Double(budget) {
        let scale = (32 * 32 * Double(budget) / (w * h)).squareRoot()
        let across = w * scale / 32
        let down = h * scale / 32
        let exact = scale * min(across.rounded(.down) / across, down.rounded(.down) / down)
        columns = (w * exact / 32).rounded(.up)
        rows = (h * exact / 32).rounded(.up)
      }
      return Int((min(columns * rows, Double(budget)) * factor).rounded())
    case .squares(let side, let cap):
      let fit = min(1, Double(side) / max(w, h))
      return min(cap, Int((w * fit / 28).rounded(.up) * (h * fit / 28).rounded(.up)))
    case .tiles768(let each):
      if width <= 384, height <= 384 { return each }
      return each * Int((w / 768).rounded(.up) * (h / 768).rounded(.up))
    }
  }
}
