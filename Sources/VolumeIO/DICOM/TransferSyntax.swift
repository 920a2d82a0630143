// Transfer syntaxes: PS3.5, section 10 and annex A; UIDs from PS3.6, annex A.

/// How the bytes of a data set are laid down, and how its pixels are compressed.
public struct TransferSyntax: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
  /// The UID.
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }

  public static let implicitLittle = TransferSyntax(rawValue: "1.2.840.10008.1.2")
  public static let explicitLittle = TransferSyntax(rawValue: "1.2.840.10008.1.2.1")
  public static let encapsulatedUncompressed = TransferSyntax(rawValue: "1.2.840.10008.1.2.1.98")
  public static let deflated = TransferSyntax(rawValue: "1.2.840.10008.1.2.1.99")
  public static let explicitBig = TransferSyntax(rawValue: "1.2.840.10008.1.2.2")
  public static let rle = TransferSyntax(rawValue: "1.2.840.10008.1.2.5")

  /// Deflated Image Frame Compression (PS3.5 A.4.12): each frame a raw deflate stream.
  static let deflatedFrames = TransferSyntax(rawValue: "1.2.840.10008.1.2.8.1")

  var isImplicit: Bool { self == .implicitLittle }
  var isBigEndian: Bool { self == .explicitBig }

  /// Whether pixels lie in fragments: every syntax but the four uncompressed ones.
  public var isEncapsulated: Bool {
    switch self {
    case .implicitLittle, .explicitLittle, .explicitBig, .deflated: false
    default: true
    }
  }

  /// The standard's name, or the UID where this build knows none.
  public var description: String { Self.names[rawValue] ?? rawValue }

  private static let names = [
    "1.2.840.10008.1.2": "Implicit VR Little Endian",
    "1.2.840.10008.1.2.1": "Explicit VR Little Endian",
    "1.2.840.10008.1.2.1.98": "Encapsulated Uncompressed Explicit VR Little Endian",
    "1.2.840.10008.1.2.1.99": "Deflated Explicit VR Little Endian",
    "1.2.840.10008.1.2.2": "Explicit VR Big Endian",
    "1.2.840.10008.1.2.4.50": "JPEG Baseline (Process 1)",
    "1.2.840.10008.1.2.4.51": "JPEG Extended (Process 2 & 4)",
    "1.2.840.10008.1.2.4.53": "JPEG Spectral Selection, Non-Hierarchical (Process 6 & 8)",
    "1.2.840.10008.1.2.4.55": "JPEG Full Progression, Non-Hierarchical (Process 10 & 12)",
    "1.2.840.10008.1.2.4.57": "JPEG Lossless, Non-Hierarchical (Process 14)",
    "1.2.840.10008.1.2.4.70": "JPEG Lossless, First-Order Prediction (Process 14, SV 1)",
    "1.2.840.10008.1.2.4.80": "JPEG-LS Lossless",
    "1.2.840.10008.1.2.4.81": "JPEG-LS Near-Lossless",
    "1.2.840.10008.1.2.4.90": "JPEG 2000 (Lossless Only)",
    "1.2.840.10008.1.2.4.91": "JPEG 2000",
    "1.2.840.10008.1.2.4.92": "JPEG 2000 Part 2 Multi-component (Lossless Only)",
    "1.2.840.10008.1.2.4.93": "JPEG 2000 Part 2 Multi-component",
    "1.2.840.10008.1.2.4.100": "MPEG2 Main Profile / Main Level",
    "1.2.840.10008.1.2.4.102": "MPEG-4 AVC/H.264 High Profile / Level 4.1",
    "1.2.840.10008.1.2.4.110": "JPEG XL Lossless",
    "1.2.840.10008.1.2.4.112": "JPEG XL",
    "1.2.840.10008.1.2.4.201": "High-Throughput JPEG 2000 (Lossless Only)",
    "1.2.840.10008.1.2.4.202": "High-Throughput JPEG 2000 with RPCL (Lossless Only)",
    "1.2.840.10008.1.2.4.203": "High-Throughput JPEG 2000",
    "1.2.840.10008.1.2.5": "RLE Lossless",
    "1.2.840.10008.1.2.8.1": "Deflated Image Frame Compression",
  ]
}
