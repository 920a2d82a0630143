// PackBits: byte runs and literals.
// Source: Apple Technical Note TN1023; DICOM PS3.5 G.3.1; TIFF 6.0 section 9.

/// The byte-oriented run-length code of DICOM's RLE segments and of TIFF's compression 32773.
package enum PackBits {
  /// Decodes until `output` is full.
  ///
  /// A run that would pass the end of `output` is cut there, since DICOM encoders let the last run
  /// of a segment cover its padding byte.
  ///
  /// - Parameters:
  ///   - bytes: The coded bytes; more may follow than are needed.
  ///   - offset: The place of `bytes` in the enclosing stream, for errors.
  ///   - output: Filled whole.
  /// - Returns: The number of coded bytes used.
  /// - Throws: `.truncated` where the coded bytes end before `output` is full.
  /// - Complexity: O(`output.count`).
  @discardableResult
  package static func decode(
    _ bytes: Span<UInt8>, offset: Int = 0, into output: inout MutableSpan<UInt8>
  ) throws(VolumeError) -> Int {
    let (used, written) = expand(bytes, into: &output)
    guard written == output.count else {
      throw VolumeError(
        .truncated, "the run-length code ends after \(written) of \(output.count) bytes",
        offset: offset + used, field: "RLE segment")
    }
    return used
  }

  /// Decodes as far as both sides reach: the coded bytes used and the bytes written.
  private static func expand(
    _ bytes: Span<UInt8>, into output: inout MutableSpan<UInt8>
  ) -> (used: Int, written: Int) {
    // Every access is checked in the line above it: `from` and `length` against the coded bytes,
    // `to` and `length` against the output.
    unsafe bytes.withUnsafeBufferPointer { source in
      unsafe output.withUnsafeMutableBufferPointer { target in
        guard let input = source.baseAddress, let result = target.baseAddress else {
          return (0, 0)
        }
        let available = source.count
        let wanted = target.count
        var from = 0
        var to = 0
        while to < wanted, from < available {
          let control = unsafe Int(Int8(bitPattern: input[from]))
          from &+= 1
          if control >= 0 {
            let length = min(control &+ 1, wanted &- to)
            guard length <= available &- from else { break }
            unsafe (result + to).update(from: input + from, count: length)
            from &+= length
            to &+= length
          } else if control != -128 {
            guard from < available else { break }
            let length = min(1 &- control, wanted &- to)
            unsafe (result + to).update(repeating: input[from], count: length)
            from &+= 1
            to &+= length
          }
        }
        return (from, to)
      }
    }
  }

  /// Codes one row: runs of three and more as runs, all else as literals.
  ///
  /// - Complexity: O(`row.count`).
  package static func encode(_ row: Span<UInt8>, appendingTo coded: inout [UInt8]) {
    var start = 0
    var at = 0
    while at < row.count {
      var length = 1
      while length < 128, at + length < row.count, row[at + length] == row[at] { length += 1 }
      if length >= 3 {
        literals(of: row, from: start, to: at, appendingTo: &coded)
        coded.append(UInt8(truncatingIfNeeded: 1 - length))
        coded.append(row[at])
        start = at + length
      }
      at += length
    }
    literals(of: row, from: start, to: row.count, appendingTo: &coded)
  }

  private static func literals(
    of row: Span<UInt8>, from start: Int, to end: Int, appendingTo coded: inout [UInt8]
  ) {
    var at = start
    while at < end {
      let length = min(128, end - at)
      coded.append(UInt8(length - 1))
      for index in at..<at + length { coded.append(row[index]) }
      at += length
    }
  }
}
