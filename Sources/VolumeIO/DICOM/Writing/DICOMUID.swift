// Unique identifiers under 2.25: a UUID as a decimal number (PS3.5, annex B.2).

/// Makes UIDs from a seed: the same seed and role give the same UID on every machine.
package struct DICOMUID: Sendable {
  private let key: [UInt8]

  package init(seed: String) { key = SHA256.digest(Array(seed.utf8)) }

  /// The UID of a role such as `series` or `instance/12`.
  package func callAsFunction(_ role: String) -> String {
    var bytes = Array(SHA256.hmac(key: key, Array(role.utf8)).prefix(16))
    // Version 8 (of the maker's own design) and the variant of RFC 9562.
    bytes[6] = bytes[6] & 0x0F | 0x80
    bytes[8] = bytes[8] & 0x3F | 0x80
    var number: UInt128 = 0
    for byte in bytes { number = number << 8 | UInt128(byte) }
    return "2.25.\(number)"
  }
}
