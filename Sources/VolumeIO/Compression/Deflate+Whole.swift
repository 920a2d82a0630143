// Decompression in one go through libdeflate: the trait FastInflate.

#if FastInflate
  internal import CLibdeflate

  extension Deflate {
    /// The bytes of a stream whose length is known; nil where it is not sound, not of that length, or of
    /// several members, which the decoder in Swift then reads or explains.
    static func whole(_ input: Span<UInt8>, _ wrapper: Wrapper, count: Int) -> [UInt8]? {
      let kind: Int32 =
        switch wrapper {
        case .raw: 0
        case .zlib: 1
        case .gzip: 2
        }
      var (used, made) = (0, 0)
      var isSound = false
      let output = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        isSound = unsafe input.withUnsafeBufferPointer { input in
          unsafe rg_libdeflate_decompress(
            kind, input.baseAddress, input.count, buffer.baseAddress, count, &used, &made) == 1
        }
        filled = isSound ? made : 0
      }
      guard isSound, made == count, wrapper != .gzip || used == input.count else { return nil }
      return output
    }

    /// The content of a gzip file of one member that unfolds to exactly `count` bytes; nil for others.
    ///
    /// The compressed and the decompressed bytes are both in memory for as long as this takes.
    static func whole(_ origin: ByteStream.Origin, count: Int) throws(VolumeError) -> [UInt8]? {
      guard count > 0, count <= 1 << 34, count / largestRatio <= origin.count else { return nil }
      let compressed = try origin.read(0..<origin.count)
      return whole(compressed.span, .gzip, count: count)
    }
  }
#endif
