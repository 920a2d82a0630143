// A server may say a key back: nothing of it is kept.

import Foundation

enum Redaction {
  /// The bytes with every occurrence of a key blanked, or nil when there is none.
  ///
  /// Keys shorter than eight characters are taken for words.
  static func removing(_ key: String?, from bytes: [UInt8]) -> [UInt8]? {
    guard let key = key.map({ Array($0.utf8) }), key.count >= 8, bytes.count >= key.count else {
      return nil
    }
    var out: [UInt8]?
    var at = 0
    while let hit = bytes[at...].firstIndex(of: key[0]) {
      if bytes[hit...].starts(with: key) {
        var changed = out ?? bytes
        for index in hit..<hit + key.count { changed[index] = UInt8(ascii: "*") }
        out = changed
        at = hit + key.count
      } else {
        at = hit + 1
      }
    }
    return out
  }
}

extension ReplyReader.Collected {
  /// The same, read again with the key blanked where a server said it back.
  func without(_ key: String?, wire: any Wire) -> ReplyReader.Collected {
    guard let clean = Redaction.removing(key, from: bytes) else { return self }
    return ReplyReader.Collected(bytes: clean, decoded: ReplyReader.decode(clean, wire: wire))
  }
}

extension URL {
  /// The address of a path below this one, a query kept behind it, as Azure's addresses have.
  func below(_ path: String) -> URL? {
    let parts = absoluteString.split(separator: "?", maxSplits: 1)
    guard let root = parts.first else { return nil }
    let joined = (root.hasSuffix("/") ? String(root) : root + "/") + path
    guard parts.count == 2 else { return URL(string: joined) }
    return URL(string: joined + (path.contains("?") ? "&" : "?") + parts[1])
  }
}
