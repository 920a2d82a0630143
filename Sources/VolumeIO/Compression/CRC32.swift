// CRC-32 as gzip, zip and PNG use it (ISO 3309, polynomial 0xEDB88320).

internal import CZlib

/// A running CRC-32.
package struct CRC32: Sendable {
  /// The checksum of the bytes so far; 0 of none.
  package private(set) var value: UInt32 = 0

  package init() {}

  /// The checksum of `bytes`.
  package init(_ bytes: Span<UInt8>) {
    update(bytes)
  }

  /// Takes in the next bytes of the stream.
  package mutating func update(_ bytes: Span<UInt8>) {
    let start = UInt(value)
    let sum = unsafe bytes.withUnsafeBufferPointer { buffer in
      unsafe crc32_z(start, buffer.baseAddress, buffer.count)
    }
    value = UInt32(truncatingIfNeeded: bytes.isEmpty ? start : sum)
  }
}
