// Tokens as numbers, by their bytes: a table of open addressing, without a string a token.
// Source: the multiply-and-fold mixing of wyhash (Wang Yi, public domain).

/// Numbers for tokens, 0… in order of first appearance. Two tokens are one when their UTF-8 bytes
/// are, as they are in Python, not when they are canonically equivalent.
struct Vocabulary {
  /// Every token's bytes, end to end.
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  /// Half a hash in the high bits and a number plus one in the low ones; 0 where empty.
  private var slots = [UInt64](repeating: 0, count: 64)
  /// Differs from run to run, so that no text can be made to fill one chain of slots.
  private let seed = UInt64.random(in: 0 ... .max)

  /// How many tokens have a number.
  var count: Int { ends.count }

  /// The numbers of tokens.
  mutating func ids(_ tokens: some Sequence<String>) -> [Int32] {
    tokens.map { id($0) }
  }

  /// The number of a token.
  mutating func id(_ token: String) -> Int32 {
    if let known = unsafe token.utf8.withContiguousStorageIfAvailable({ unsafe id($0) }) {
      return known
    }
    return unsafe Array(token.utf8).withUnsafeBufferPointer { unsafe id($0) }
  }

  /// The number of a token of UTF-8.
  mutating func id(_ token: UnsafeBufferPointer<UInt8>) -> Int32 {
    let hash = unsafe hash(token)
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let entry = slots[slot]
      if entry == 0 { break }
      if entry >> 32 == hash >> 32 {
        let number = Int(entry & 0xFFFF_FFFF) - 1
        if unsafe equals(number, token) { return Int32(truncatingIfNeeded: number) }
      }
      slot = (slot + 1) & mask
    }
    let number = ends.count
    precondition(number < Int(Int32.max), "\(number) different tokens")
    unsafe bytes.append(contentsOf: token)
    ends.append(bytes.count)
    slots[slot] = hash & ~0xFFFF_FFFF | UInt64(number + 1)
    if 2 * ends.count > slots.count { grow() }
    return Int32(truncatingIfNeeded: number)
  }

  private func equals(_ number: Int, _ token: UnsafeBufferPointer<UInt8>) -> Bool {
    let start = number == 0 ? 0 : ends[number - 1]
    guard ends[number] - start == token.count else { return false }
    return unsafe bytes.withUnsafeBufferPointer { stored in
      for i in 0..<token.count where unsafe stored[start + i] != token[i] { return false }
      return true
    }
  }

  private mutating func grow() {
    let old = bytes
    slots = [UInt64](repeating: 0, count: 2 * slots.count)
    let mask = slots.count - 1
    unsafe old.withUnsafeBufferPointer { stored in
      var start = 0
      for (number, end) in ends.enumerated() {
        let hash = unsafe hash(UnsafeBufferPointer(rebasing: stored[start..<end]))
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = hash & ~0xFFFF_FFFF | UInt64(number + 1)
        start = end
      }
    }
  }

  @inline(__always)
  private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }

  private func hash(_ token: UnsafeBufferPointer<UInt8>) -> UInt64 {
    let raw = UnsafeRawBufferPointer(token)
    let n = token.count
    func eight(_ at: Int) -> UInt64 {
      unsafe raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)
    }
    func four(_ at: Int) -> UInt64 {
      UInt64(unsafe raw.loadUnaligned(fromByteOffset: at, as: UInt32.self))
    }
    let (s, t): (UInt64, UInt64) = (0xA076_1D64_78BD_642F, 0xE703_7ED1_A0B4_28DB)
    var state = seed
    var (a, b): (UInt64, UInt64) = (0, 0)
    if n >= 8 {
      var at = 0
      while n - at > 16 {
        state = Self.mix(eight(at) ^ s, eight(at + 8) ^ state)
        at += 16
      }
      // The last sixteen bytes, which may overlap with what was read.
      a = n >= 16 ? eight(n - 16) : eight(0)
      b = eight(n - 8)
    } else if n >= 4 {
      a = four(0)
      b = four(n - 4)
    } else if n > 0 {
      a = unsafe UInt64(token[0]) << 16 | UInt64(token[n / 2]) << 8 | UInt64(token[n - 1])
    }
    return Self.mix(s ^ UInt64(n), Self.mix(a ^ t, b ^ state))
  }
}
