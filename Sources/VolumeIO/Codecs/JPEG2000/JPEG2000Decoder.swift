// JPEG 2000 Part 1.
// Source: ITU-T T.800 (ISO/IEC 15444-1).

/// Decodes a JPEG 2000 codestream or JP2 file.
package enum JPEG2000Decoder {
  /// Whether bytes begin as a codestream (SOC, SIZ) or as a JP2 file.
  package static func begins(_ bytes: Span<UInt8>) -> Bool {
    guard bytes.count >= 12 else { return false }
    return bytes[0] == 0xFF && bytes[1] == 0x4F && bytes[2] == 0xFF && bytes[3] == 0x51
  }

  package static func decode(
    _ bytes: Span<UInt8>, photometric: String = "MONOCHROME2", threads: Int = 1
  ) throws(VolumeError) -> DecodedFrame {
    throw VolumeError(.unsupported, "JPEG 2000 is not decoded by this build")
  }
}
