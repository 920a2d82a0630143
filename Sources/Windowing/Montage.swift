/// How pictures are laid out on one sheet.
public struct MontageStyle: Sendable, Hashable, Codable {
  /// Pictures a row; nil for as many as make the sheet the closest to square.
  public var columns: Int?
  /// Rows; nil for as many as are needed. With both given, pictures beyond `columns · rows` make
  /// further sheets.
  public var rows: Int?
  /// Pixels between the pictures.
  public var gap: Int
  /// Writes a text into each picture's top left corner.
  public var numbering: Numbering

  public enum Numbering: Sendable, Hashable, Codable {
    case none
    /// 1, 2, 3 …
    case ordinal
    /// A text for each picture, such as its slice's index.
    case texts([String])
  }

  public init(
    columns: Int? = nil, rows: Int? = nil, gap: Int = 2, numbering: Numbering = .ordinal
  ) {
    self.columns = columns
    self.rows = rows
    self.gap = gap
    self.numbering = numbering
  }
}

extension RGBImage {
  /// Pictures on one or more sheets, row by row, each centred in a cell of the largest's size.
  ///
  /// - Throws: ``WindowingError/Code/size`` for no picture, counts below 1 or a sheet above
  ///   ``pixelLimit``.
  public static func montage(
    _ pictures: [RGBImage], style: MontageStyle = MontageStyle()
  ) throws(WindowingError) -> [RGBImage] {
    guard !pictures.isEmpty else { throw WindowingError(.size, "a montage of no picture") }
    let cellWidth = pictures.map(\.width).max() ?? 1
    let cellHeight = pictures.map(\.height).max() ?? 1
    let columns =
      style.columns
      ?? squareColumns(pictures.count, cellWidth, cellHeight, rows: style.rows)
    let rows = style.rows ?? (pictures.count + max(columns, 1) - 1) / max(columns, 1)
    guard columns >= 1, rows >= 1, style.gap >= 0, columns <= 65_536, rows <= 65_536,
      style.gap <= 65_536
    else {
      throw WindowingError(.size, "a montage of \(columns) × \(rows) with gaps of \(style.gap)")
    }
    var sheets: [RGBImage] = []
    for first in stride(from: 0, to: pictures.count, by: columns * rows) {
      let part = pictures[first..<min(first + columns * rows, pictures.count)]
      var sheet = try RGBImage(
        width: columns * (cellWidth + style.gap) - style.gap,
        height: rows * (cellHeight + style.gap) - style.gap, filledWith: [0, 0, 0])
      for (place, picture) in part.enumerated() {
        let x = place % columns * (cellWidth + style.gap)
        let y = place / columns * (cellHeight + style.gap)
        sheet.place(
          picture, x: x + (cellWidth - picture.width) / 2,
          y: y + (cellHeight - picture.height) / 2)
        if let text = style.text(first + place) {
          let size = letterHeight(cellWidth, cellHeight)
          sheet.draw(
            text, at: [Double(x) + size * 0.5, Double(y) + size * 0.5], height: size,
            anchor: .topLeft, style: .text)
        }
      }
      sheet.provenance.steps = [
        .montage(columns: columns, rows: rows, panels: part.map(\.provenance))
      ]
      sheets.append(sheet)
    }
    return sheets
  }

  /// Grey pictures likewise.
  public static func montage(
    _ pictures: [GrayImage], style: MontageStyle = MontageStyle()
  ) throws(WindowingError) -> [RGBImage] {
    try montage(pictures.map { RGBImage($0) }, style: style)
  }

  private static func squareColumns(_ count: Int, _ width: Int, _ height: Int, rows: Int?) -> Int {
    if let rows, rows >= 1 { return (count + rows - 1) / rows }
    var best = (ratio: Double.infinity, columns: 1)
    for columns in 1...min(count, 4096) {
      let sides = [
        Double(columns * width), Double((count + columns - 1) / columns * height),
      ].sorted()
      let ratio = sides[1] / sides[0]
      if ratio < best.ratio { best = (ratio, columns) }
    }
    return best.columns
  }
}

extension MontageStyle {
  fileprivate func text(_ index: Int) -> String? {
    switch numbering {
    case .none: nil
    case .ordinal: String(index + 1)
    case .texts(let texts): index < texts.count ? texts[index] : nil
    }
  }
}
