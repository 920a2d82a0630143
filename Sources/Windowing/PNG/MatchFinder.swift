// Literals and matches: what a deflate block is made of.

/// How hard to look for matches.
struct DeflateSettings: Sendable {
  /// Earlier places to compare with at each position; 0 for runs of one byte only.
  var candidates: Int
  /// Looks one pixel further before a match is taken.
  var isLazy: Bool
  /// The shortest match to be found, 3…8 bytes; runs apart.
  var shortest: Int
  /// Where above 0, matches are not looked for along chains but at the last two places with the
  /// same so many bytes (up to 8), and, where `shortest` is less, at the last one with those.
  var longKey = 0
  /// Matches begin at every so many bytes: a pixel.
  var step = 1
  /// Bytes from one row to the next, where pixels are counted anew.
  var rowLength = 1
  /// Tokens a block, where the stream may change its codes.
  var blockTokens: Int = 16_384
}

/// Turns bytes into literals and matches, block by block.
struct MatchFinder {
  let settings: DeflateSettings
  /// Along chains: the last place of each hash, and for each place (modulo the window) the one
  /// before, −1 for none. Otherwise the last two places of each hash of long keys, and the last one
  /// of each hash of short ones; what has none is 0, which is a place like any other.
  private var heads: [Int32]
  private var links: [Int32]

  init(_ settings: DeflateSettings) {
    self.settings = settings
    let usesHash = settings.candidates > 0
    if settings.longKey > 0 {
      heads = [Int32](repeating: 0, count: 1 << MatchSearch.hashBits)
      links = [Int32](
        repeating: 0, count: settings.shortest < settings.longKey ? 1 << MatchSearch.hashBits : 0)
    } else {
      heads = [Int32](repeating: -1, count: usesHash ? 1 << MatchSearch.hashBits : 0)
      links = [Int32](repeating: -1, count: settings.candidates > 1 ? MatchSearch.window : 0)
    }
  }

  /// Replaces `steps` by those of one block and returns where the next one begins.
  mutating func steps(
    of bytes: [UInt8], from start: Int, costs: TokenCosts, into steps: inout [DeflateStep]
  ) -> Int {
    var place = start
    let room = min(settings.blockTokens, bytes.count - start) + 1
    steps = unsafe [DeflateStep](unsafeUninitializedCapacity: room) { target, count in
      unsafe bytes.withUnsafeBytes { all in
        unsafe heads.withUnsafeMutableBufferPointer { heads in
          unsafe links.withUnsafeMutableBufferPointer { links in
            unsafe costs.literals.withUnsafeBufferPointer { literals in
              unsafe costs.lengths.withUnsafeBufferPointer { lengths in
                unsafe costs.distances.withUnsafeBufferPointer { distances in
                  let search = unsafe MatchSearch(
                    bytes: all, heads: heads, links: links, literalCosts: literals,
                    lengthCosts: lengths, distanceCosts: distances, settings: settings)
                  unsafe (place, count) =
                    settings.candidates > 0
                    ? search.run(from: start, into: target)
                    : search.runsOnly(from: start, into: target)
                }
              }
            }
          }
        }
      }
    }
    return place
  }
}
