/// What a file says about how to show it; `Windowing` acts on it.
public struct DisplayHints: Sendable, Hashable, Codable {
  /// DICOM's three VOI functions (PS3.3 C.11.2.1.2, C.11.2.1.3).
  public enum Function: String, Sendable, Hashable, Codable {
    case linear = "LINEAR"
    case linearExact = "LINEAR_EXACT"
    case sigmoid = "SIGMOID"
  }

  /// A window that the file offers, on rescaled values.
  public struct Window: Sendable, Hashable, Codable {
    public var center: Double
    public var width: Double
    public var explanation: String?

    public init(center: Double, width: Double, explanation: String? = nil) {
      self.center = center
      self.width = width
      self.explanation = explanation
    }
  }

  /// A look-up table: `values[clamp(input − firstMapped)]`, of `bits` bits an entry.
  public struct LookupTable: Sendable, Hashable, Codable {
    public var firstMapped: Int
    public var bits: Int
    public var values: [UInt16]
    public var explanation: String?

    public init(firstMapped: Int, bits: Int, values: [UInt16], explanation: String? = nil) {
      self.firstMapped = firstMapped
      self.bits = bits
      self.values = values
      self.explanation = explanation
    }
  }

  /// The file's alternatives, in its order.
  public var windows: [Window] = []
  public var function: Function = .linear
  /// VOI LUT Sequence (0028,3010): replaces windows where the caller prefers it.
  public var voiLUTs: [LookupTable] = []
  /// Modality LUT Sequence (0028,3000): replaces slope and intercept.
  public var modalityLUT: LookupTable?
  /// MONOCHROME1: the lowest value is shown white.
  public var isInverted = false

  public init() {}
}
