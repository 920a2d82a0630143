// A volume's fingerprint: SHA-256 over its geometry, rescale and stored samples.
// Source: FIPS 180-4.

public import VolumeIO

extension Volume {
  /// 64 hexadecimal digits that stand for the grid, the rescale, the stored type and every sample:
  /// equal for equal volumes on every platform, whatever file they came from. No identifiers enter.
  ///
  /// - Complexity: O(*voxels*), about 0.3 GB/s.
  public func fingerprint() -> String {
    var hash = SHA256()
    let size = geometry.size
    for number in [size.x, size.y, size.z, components, channels] {
      hash.update(UInt64(bitPattern: Int64(number)))
    }
    for number in geometry.affine.lps + [rescale.slope, rescale.intercept] {
      hash.update((number == 0 ? 0 : number).bitPattern)
    }
    hash.update(Array(samples.type.rawValue.utf8))
    var visitor = SampleHasher(hash: hash)
    guard let digest = try? samples.accept(&visitor) else { return "" }
    return digest.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }
}

private struct SampleHasher: SampleVisitor {
  var hash: SHA256

  mutating func visit<Sample: StoredSample>(_ samples: [Sample]) throws(WindowingError) -> [UInt8] {
    // Little-endian machines hold the bytes in the order that is hashed.
    if UInt16(littleEndian: 1) == 1 {
      unsafe samples.withUnsafeBytes { unsafe hash.update($0) }
    } else {
      for sample in samples {
        var bytes = unsafe withUnsafeBytes(of: sample) { unsafe Array($0) }
        bytes.reverse()
        hash.update(bytes)
      }
    }
    return hash.finish()
  }
}

/// SHA-256, fed piece by piece.
package struct SHA256: Sendable {
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab,
    0x5be0_cd19,
  ]
  private var pending: [UInt8] = []
  private var schedule = [UInt32](repeating: 0, count: 64)
  private var count: UInt64 = 0

  package init() {}

  package mutating func update(_ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes { unsafe update($0) }
  }

  mutating func update(_ number: UInt64) {
    update((0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) })
  }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    count += UInt64(bytes.count)
    var place = 0
    if !pending.isEmpty {
      place = min(64 - pending.count, bytes.count)
      for index in 0..<place { unsafe pending.append(bytes[index]) }
      guard pending.count == 64 else { return }
      let block = pending
      unsafe block.withUnsafeBytes { unsafe compress($0, 0) }
      pending.removeAll(keepingCapacity: true)
    }
    while place + 64 <= bytes.count {
      unsafe compress(bytes, place)
      place += 64
    }
    while place < bytes.count {
      unsafe pending.append(bytes[place])
      place += 1
    }
  }

  /// - Precondition: 64 bytes follow `start`.
  private mutating func compress(_ bytes: UnsafeRawBufferPointer, _ start: Int) {
    func rotated(_ x: UInt32, _ by: UInt32) -> UInt32 { x &>> by | x &<< (32 &- by) }
    for index in 0..<16 {
      schedule[index] = unsafe UInt32(
        bigEndian: bytes.loadUnaligned(fromByteOffset: start + 4 * index, as: UInt32.self))
    }
    for index in 16..<64 {
      let a = schedule[index - 15]
      let b = schedule[index - 2]
      let s0 = rotated(a, 7) ^ rotated(a, 18) ^ a &>> 3
      let s1 = rotated(b, 17) ^ rotated(b, 19) ^ b &>> 10
      schedule[index] = schedule[index - 16] &+ s0 &+ schedule[index - 7] &+ s1
    }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    for index in 0..<64 {
      let s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
      let choice = (e & f) ^ (~e & g)
      let first = h &+ s1 &+ choice &+ Self.constants[index] &+ schedule[index]
      let s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
      let majority = (a & b) ^ (a & c) ^ (b & c)
      (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ s0 &+ majority)
    }
    for (index, word) in [a, b, c, d, e, f, g, h].enumerated() { state[index] &+= word }
  }

  package mutating func finish() -> [UInt8] {
    let bits = count * 8
    var tail: [UInt8] = [0x80]
    while (pending.count + tail.count) % 64 != 56 { tail.append(0) }
    for shift in stride(from: 56, through: 0, by: -8) {
      tail.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
    }
    update(tail)
    return state.flatMap { word in
      [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
    }
  }

  /// The first 32 bits of the fractions of the cube roots of the first 64 primes.
  private static let constants: [UInt32] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
    0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
    0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
    0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
    0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
    0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
    0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
    0xc67178f2,
  ]
}
