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

    /// The samples of a gzip file of one member, as `whole(_:count:)` takes it, rescaled to floats; nil
    /// also for samples of more than two bytes.
    ///
    /// The content is decompressed into the end of the floats' own memory and converted from the front,
    /// where each float covers only what was read: one copy of the voxels is all that is in memory.
    static func floats(
      _ origin: ByteStream.Origin, behind header: Int, _ count: Int, _ encoding: SampleEncoding,
      _ endian: Endian, _ rescale: Rescale
    ) throws(VolumeError) -> [Float]? {
      guard case .stored(let type) = encoding else { return nil }
      let place = (origin, header, count, endian, rescale)
      switch type {
      case .uint8: return try floats(place, UInt8.self)
      case .int8: return try floats(place, Int8.self)
      case .uint16: return try floats(place, UInt16.self)
      case .int16: return try floats(place, Int16.self)
      default: return nil
      }
    }

    private static func floats<S: Sample>(
      _ place: (ByteStream.Origin, header: Int, count: Int, Endian, Rescale), _ type: S.Type
    ) throws(VolumeError) -> [Float]? {
      let (origin, header, count, endian, rescale) = place
      let width = MemoryLayout<S>.size
      guard count > 0, count <= 1 << 33, header >= 0, header <= (4 - width) * count else {
        return nil
      }
      let size = header + count * width
      guard size / largestRatio <= origin.count else { return nil }
      let compressed = try origin.read(0..<origin.count)
      var block = [S](repeating: 0, count: min(count, 1 << 15))
      let floats = unsafe [Float](unsafeUninitializedCapacity: count) { target, filled in
        let memory = UnsafeMutableRawBufferPointer(target)
        unsafe LargePages.advise(memory)
        let content = unsafe UnsafeMutableRawBufferPointer(
          rebasing: memory[(memory.count - size)...])
        guard unsafe decompress(compressed.span, into: content) else { return }
        var done = 0
        while done < count {
          let amount = min(block.count, count - done)
          let first = header + done * width
          unsafe block.withUnsafeMutableBufferPointer { block in
            unsafe UnsafeMutableRawBufferPointer(block).copyMemory(
              from: .init(rebasing: content[first..<first + amount * width]))
            if endian != .host, width > 1 {
              for i in 0..<amount { unsafe block[i] = unsafe block[i].swapped }
            }
            unsafe rescale.convert(
              UnsafeBufferPointer(rebasing: block[..<amount]),
              into: UnsafeMutableBufferPointer(rebasing: target[done..<done + amount]))
          }
          done += amount
        }
        filled = count
      }
      return floats.count == count ? floats : nil
    }

    /// Whether one gzip member unfolded to exactly the bytes of `target`.
    private static func decompress(
      _ input: Span<UInt8>, into target: UnsafeMutableRawBufferPointer
    ) -> Bool {
      var (used, made) = (0, 0)
      let isSound = unsafe input.withUnsafeBufferPointer { input in
        unsafe rg_libdeflate_decompress(
          2, input.baseAddress, input.count, target.baseAddress, target.count, &used, &made) == 1
      }
      return isSound && made == target.count && used == input.count
    }
  }
#endif
