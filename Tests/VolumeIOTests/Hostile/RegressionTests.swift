import Testing
import VolumeIO

/// Defects that real files or the fuzz targets found, each on the smallest input that shows it.
struct RegressionTests {
  // A CT template's `.nii.gz` was refused as corrupt: its encoder mixes stored blocks with coded ones.
  @Test(arguments: [1100, 1500, 2049, 4096])
  func `a stored block may begin where new input begins`(piece: Int) throws {
    let (stream, content) = MixedBlocks.make(blocks: 60)
    var inflater = Inflater(.raw)
    var output: [UInt8] = []
    var next = 0
    // Each piece is memory of its own that begins with the first byte that is still needed.
    while !inflater.isFinished {
      var size = piece
      repeat {
        let end = min(next + size, stream.count)
        let memory = Array(stream[next..<end])
        var position = 0
        try inflater.run(memory.span, &position, isLast: end == stream.count)
        #expect(position >= 0 && position <= memory.count)
        next += position
        size += piece
      } while inflater.ready == 0 && !inflater.isFinished
      let ready = inflater.ready
      if ready > 0 {
        try inflater.take(ready) { (chunk) throws(VolumeError) in
          for index in chunk.indices { output.append(chunk[index]) }
        }
      }
    }
    #expect(output == content)
  }

  @Test func `a long stream of mixed blocks passes through a window`() throws {
    let (stream, content) = MixedBlocks.make(blocks: 1300)
    #expect(stream.count > 3 << 17, "several refills")
    var bytes = try ByteStream(.memory(stream), wrapper: .raw)
    #expect(try bytes.read(content.count, "all") == content)
    try bytes.finish()
    #expect(try Deflate.decompress(stream.span, .raw, limit: content.count) == content)
  }

  @Test(arguments: [1 << 20, 1 << 31, 1 << 40, Int(Int64.max)])
  func `NIfTI sizes whose product overflows are refused`(length: Int) throws {
    let folder = try TemporaryFolder()
    var options = NIfTIWriteOptions()
    options.version = .two
    try Volume.pattern(.float64).writeNIfTI(to: folder.path + "/a.nii", options)
    var file = try bytes(of: folder.path + "/a.nii")
    // dim[0...4] of NIfTI-2 stand at byte 16.
    for axis in 0..<5 {
      let value = axis == 0 ? 4 : length
      for byte in 0..<8 {
        file[16 + 8 * axis + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte))
      }
    }
    let error = #expect(throws: VolumeError.self) { try Volume(bytes: file, name: "a.nii") }
    #expect([.limit, .truncated].contains(error?.code), "\(String(describing: error))")
  }

  @Test(arguments: [UInt16(0), 14, 99, 65535])
  func `a TIFF tag of a type that does not exist is refused at once`(type: UInt16) {
    var file = SmallFiles.tiff()
    // The first tag (ImageWidth) stands at byte 10: tag, type, count.
    (file[12], file[13]) = (UInt8(type & 255), UInt8(type >> 8))
    for index in 14..<18 { file[index] = 0xFF }
    let error = #expect(throws: VolumeError.self) { try TIFFFile(file) }
    #expect(error?.code == .malformed)
    #expect(error?.field == "tag 256")
  }

  @Test func `chunks of an HDF5 dataset come back from a version 1 B-tree`() throws {
    let dataset = try HDF5File(bytes: SmallFiles.chunkedHDF5(.sound)).dataset("/x")
    #expect(try dataset.read() == .numbers(.int16([0, 1, 2, 3, 4, 5])))
  }

  @Test(arguments: [SmallFiles.ChunkTree.sharedChild, .twiceOnePlace])
  func `an HDF5 tree that lists a chunk twice is refused`(tree: SmallFiles.ChunkTree) throws {
    let dataset = try HDF5File(bytes: SmallFiles.chunkedHDF5(tree)).dataset("/x")
    let error = #expect(throws: VolumeError.self) { try dataset.read() }
    #expect(error?.code == .malformed)
  }

  // A fixed array of chunks (layout version 4) whose dataset may grow to 2⁶³ − 1 rows.
  @Test func `an HDF5 dataset that may grow without end counts its chunks`() throws {
    let dataset = try HDF5File(bytes: SmallFiles.endlessHDF5()).dataset("/x")
    let error = #expect(throws: VolumeError.self) { try dataset.read() }
    #expect(error?.code == .limit)
  }

  @Test func `an HDF5 group whose tree runs in a circle is refused`() {
    let error = #expect(throws: VolumeError.self) {
      try HDF5File(bytes: SmallFiles.circularHDF5()).datasets()
    }
    #expect(error?.code == .malformed)
    #expect(error?.detail.contains("circle") == true)
  }

  @Test func `an HDF5 dataset that was never written claims no memory`() throws {
    var file = SmallFiles.hdf5()
    // The layout of 2⁴⁰ rows without an address.
    let rows = 100 + 7 + 4 + 4
    for byte in 0..<8 { file[rows + byte] = byte == 5 ? 1 : 0 }
    let layout = 100 + 7 + (4 + 20) + (4 + 12) + 4
    for byte in 0..<8 { file[layout + 2 + byte] = 0xFF }
    for byte in 0..<8 { file[layout + 10 + byte] = byte == 5 ? 6 : 0 }
    let dataset = try HDF5File(bytes: file).dataset("/x")
    #expect(dataset.shape == [1 << 40, 3])
    let error = #expect(throws: VolumeError.self) { try dataset.read() }
    #expect(error?.code == .limit)
  }

  @Test func `a progressive JPEG without its end is refused`() {
    let whole = SmallStream.progressive444.bytes
    let error = #expect(throws: VolumeError.self) { try Picture(jpeg: Array(whole.dropLast(2))) }
    #expect(error?.code == .truncated)
  }
}

/// Deflate streams of fixed-code blocks and stored blocks in turn, of many lengths (RFC 1951, 3.2).
enum MixedBlocks {
  static func make(blocks: Int) -> (stream: [UInt8], content: [UInt8]) {
    var noise = Noise(state: 41)
    var stream: [UInt8] = []
    var content: [UInt8] = []
    var (bits, count) = (UInt32(0), 0)
    func put(_ value: Int, _ length: Int) {
      bits |= UInt32(value) << UInt32(count)
      count += length
      while count >= 8 {
        stream.append(UInt8(truncatingIfNeeded: bits))
        bits >>= 8
        count -= 8
      }
    }
    func code(_ value: Int, _ length: Int) {
      for bit in stride(from: length - 1, through: 0, by: -1) { put(value >> bit & 1, 1) }
    }
    for block in 0..<blocks {
      put(block == blocks - 1 ? 1 : 0, 1)
      if block % 2 == 1 {
        put(0, 2)
        if count > 0 { put(0, 8 - count) }
        let length = noise.next(below: 700)
        for value in [length & 255, length >> 8, ~length & 255, ~length >> 8 & 255] {
          put(value, 8)
        }
        for _ in 0..<length {
          let byte = noise.next(below: 256)
          put(byte, 8)
          content.append(UInt8(byte))
        }
      } else {
        put(1, 2)
        for _ in 0..<noise.next(below: 700) {
          let byte = noise.next(below: 256)
          if byte < 144 { code(0x30 + byte, 8) } else { code(0x190 + byte - 144, 9) }
          content.append(UInt8(byte))
        }
        code(0, 7)
      }
    }
    if count > 0 { put(0, 8 - count) }
    return (stream, content)
  }
}
