extension Tone {
  /// The tone that a person names: a preset's name (``WindowPreset``), CENTER/WIDTH such as `40/80`,
  /// `file` (the file's own), `mr` (percentiles) or `full` (the whole range).
  ///
  /// - `function`: Replaces the VOI function of a window.
  /// - Returns: nil where nothing has the name, or a window's width is not above zero.
  public init?(named name: String, function: Window.Function? = nil) {
    switch name {
    case "file": self = .file()
    case "mr": self = .mr
    case "full": self = .fullRange
    default:
      guard var window = Window(preset: name) ?? Window(centerAndWidth: name) else { return nil }
      if let function { window.function = function }
      self = .window(window)
    }
  }
}

extension Window {
  /// A window written as CENTER/WIDTH.
  fileprivate init?(centerAndWidth text: String) {
    let numbers = text.split(separator: "/", omittingEmptySubsequences: false).map { Double($0) }
    guard numbers.count == 2, let center = numbers[0], let width = numbers[1], center.isFinite,
      width.isFinite, width > 0
    else { return nil }
    self.init(center: center, width: width)
  }
}
