/// How a picture was made, step by step, so that it can be made again.
public struct Provenance: Sendable, Hashable, Codable {
  /// The volume's fingerprint (``VolumeIO/Volume/fingerprint()``), where the caller asked for one.
  public var source: String?
  /// What was done, the first step first.
  public var steps: [Step]

  public init(source: String? = nil, steps: [Step] = []) {
    self.source = source
    self.steps = steps
  }

  /// One step, with everything that it depended on.
  public enum Step: Sendable, Hashable, Codable {
    case sliced(SliceRequest)
    /// Levels by a complete tone (statistics resolved), and whether white stands for low values.
    case toned(Tone, inverted: Bool)
    /// Red, green and blue by three complete tones.
    case composed([Tone], inverted: Bool)
    case colored(ColorMap)
    case resized(width: Int, height: Int, filter: ResizeFilter)
    case padded(left: Int, top: Int, right: Int, bottom: Int)
    case cropped(x: Int, y: Int, width: Int, height: Int)
    /// An overlay, told in words.
    case drawn(String)
    case montage(columns: Int, rows: Int, panels: [Provenance])
    case fitted([FitReport.Change])
  }
}
