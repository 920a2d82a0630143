import VolumeIO

/// Decodes a codestream as the one frame of a DICOM file.
///
/// - Parameters:
///   - input: Three bytes, then the codestream. The first two are columns and rows; of the third the
///     lowest bit asks for three samples a pixel, the next two for 8, 16 or 32 bits, the next for signed
///     samples, the next for YBR.
///   - syntax: The transfer syntax.
public func decodeFrame(_ input: [UInt8], syntax: String) {
  guard input.count > 3 else { return }
  let (columns, rows, kind) = (UInt16(input[0]) + 1, UInt16(input[1]) + 1, input[2])
  let samples: UInt16 = kind & 1 == 0 ? 1 : 3
  let bits: UInt16 = [8, 16, 32, 16][Int(kind >> 1 & 3)]
  let stored = kind >> 1 & 3 == 3 ? 12 : bits
  let photometric = samples == 1 ? "MONOCHROME2" : kind & 16 == 0 ? "RGB " : "YBR_FULL"
  var file = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)
  let name = syntax.utf8.count % 2 == 0 ? syntax : syntax + "\0"
  file += element(0x0002, 0x0010, "UI", Array(name.utf8))
  file += number(0x0002, samples) + element(0x0028, 0x0004, "CS", Array(photometric.utf8))
  file += number(0x0010, rows) + number(0x0011, columns) + number(0x0100, bits)
  file += number(0x0101, stored) + number(0x0102, stored - 1)
  file += number(0x0103, UInt16(kind >> 3 & 1))
  var frame = Array(input[3...])
  if frame.count % 2 == 1 { frame.append(0) }
  file += [0xE0, 0x7F, 0x10, 0, 0x4F, 0x42, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]
  file += [0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0x00, 0xE0]
  file += (0..<4).map { UInt8(truncatingIfNeeded: frame.count >> (8 * $0)) } + frame
  file += [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]
  guard let open = try? DICOMFile(file) else { return }
  _ = try? open.storedPixels()
}

private func little(_ value: UInt16) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8)] }

private func element(_ group: UInt16, _ number: UInt16, _ vr: String, _ value: [UInt8]) -> [UInt8] {
  little(group) + little(number) + Array(vr.utf8) + little(UInt16(value.count)) + value
}

private func number(_ tag: UInt16, _ value: UInt16) -> [UInt8] {
  element(0x0028, tag, "US", little(value))
}
