import NeuralCore
import Testing

/// `.npz` files made here: read as they are, and refused (or read in their own size) when they lie.
struct ZippedArrayTests {
  private struct Entry {
    var name: String
    var content: [UInt8]
    var method: UInt16 = 0
    var flags: UInt16 = 0
    /// What the directory claims; the content's own size where nil.
    var packed: UInt32?
    var size: UInt32?
    var header: UInt32?
  }

  private func bytes<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// A zip file by PKWARE's APPNOTE; checksums are left at zero, as nothing here reads them.
  private func zip(_ entries: [Entry], count: UInt16? = nil, length: UInt32? = nil) -> [UInt8] {
    var all: [UInt8] = []
    var directory: [UInt8] = []
    for entry in entries {
      let start = UInt32(all.count)
      let own = UInt32(entry.content.count)
      let name = Array(entry.name.utf8)
      let shared =
        bytes(entry.flags) + bytes(entry.method) + bytes(UInt64(0))
        + bytes(entry.packed ?? own) + bytes(entry.size ?? own) + bytes(UInt16(name.count))
      all += bytes(UInt32(0x0403_4B50)) + bytes(UInt16(20)) + shared + bytes(UInt16(0)) + name
      all += entry.content
      directory += bytes(UInt32(0x0201_4B50)) + bytes(UInt32(0)) + shared
      directory += [UInt8](repeating: 0, count: 12) + bytes(entry.header ?? start) + name
    }
    let start = UInt32(all.count)
    let number = count ?? UInt16(entries.count)
    return all + directory + bytes(UInt32(0x0605_4B50)) + bytes(UInt32(0)) + bytes(number)
      + bytes(number) + bytes(length ?? UInt32(directory.count)) + bytes(start) + bytes(UInt16(0))
  }

  private let array = NumPy.bytes(of: Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3]))

  @Test func `stored members are arrays by name`() throws {
    let weights = try Weights(
      bytes: zip([
        Entry(name: "a.npy", content: array), Entry(name: "notes.txt", content: [1, 2]),
        Entry(name: "b.npy", content: array),
      ]))
    #expect(weights.tensors.keys.sorted() == ["a", "b"])
    #expect(try weights.tensor("b") == Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3]))
  }

  @Test func `members that lie are refused by name`() {
    let files: [(String, [UInt8])] = [
      ("more bytes than the file has", zip([Entry(name: "a.npy", content: array, packed: 9_999)])),
      ("a header beyond the file", zip([Entry(name: "a.npy", content: array, header: 1 << 30)])),
      ("a header that is none", zip([Entry(name: "a.npy", content: array, header: 3)])),
      ("packed, but is not", zip([Entry(name: "a.npy", content: array, method: 8)])),
      (
        "expands to 4 GB",
        zip([Entry(name: "a.npy", content: [3, 0], method: 8, size: 0xFFFF_FFF0)])
      ),
      ("an unknown method", zip([Entry(name: "a.npy", content: array, method: 99)])),
      ("encrypted", zip([Entry(name: "a.npy", content: array, flags: 1)])),
      ("twice", zip([Entry(name: "a.npy", content: array), Entry(name: "a.npy", content: array)])),
      ("more members than stand there", zip([Entry(name: "a.npy", content: array)], count: 900)),
      ("a longer directory", zip([Entry(name: "a.npy", content: array)], length: 1 << 31)),
      ("half an array", zip([Entry(name: "a.npy", content: Array(array.dropLast(5)))])),
      ("no array", zip([Entry(name: "a.npy", content: [])])),
    ]
    for (what, bytes) in files {
      #expect(throws: NeuralCoreError.self, "\(what)") { try Weights(bytes: bytes) }
    }
  }

  @Test func `no cut and no changed byte traps`() {
    let good = zip([Entry(name: "a.npy", content: array), Entry(name: "b.npy", content: array)])
    var refused = 0
    func read(_ bytes: [UInt8]) {
      do throws(NeuralCoreError) {
        for tensor in try Weights(bytes: bytes).tensors.values where tensor.count < 1 << 16 {
          _ = tensor.floats()
        }
      } catch {
        refused += 1
      }
    }
    for end in 4..<good.count { read(Array(good.prefix(end))) }
    #expect(refused == good.count - 4, "a cut file has no end of directory")
    for place in good.indices {
      for value in [0, 0x7F, 0xFF, good[place] ^ 1] as [UInt8] {
        var bytes = good
        bytes[place] = value
        read(bytes)
      }
    }
    #expect(refused > good.count)
  }
}
