// Planes of components to interleaved, converted pixels.

/// Makes a picture of a DCT frame's planes.
struct JPEGInterleaving<Sample: JPEGSample> {
  let frame: JPEGFrame
  /// The colour model to convert from: YCbCr, YCCK, or any other for none.
  let source: JPEGImage.Color

  /// The picture's samples, interleaved by pixel.
  ///
  /// - Throws: `.unsupported` for fractional sampling.
  func pixels(of planes: [Sample]) throws(VolumeError) -> [Sample] {
    let count = frame.components.count
    let width = frame.width
    if count == 1, 8 * frame.components[0].paddedWide == width {
      // Rows without padding are the picture as they are.
      let all = width * frame.height
      return planes.count == all ? planes : Array(planes[..<all])
    }
    var rows: [JPEGUpsampling<Sample>] = []
    for component in frame.components { rows.append(try JPEGUpsampling(component, of: frame)) }
    var pixels = Sample.take(width * frame.height * count)
    var target = pixels.mutableSpan
    let source = planes.span
    if self.source == .ycc {
      convert(source, &rows, into: &target)
      return pixels
    }
    for y in 0..<frame.height {
      for index in 0..<count {
        let start = y * width * count + index
        rows[index].withRow(y, of: source) { line in
          spread(line, into: &target, at: start, step: count)
        }
      }
    }
    if self.source == .ycck {
      JPEGColorTransform.convert(
        &target, components: count, precision: frame.precision, isInverted: true)
    }
    return pixels
  }

  /// Writes a row of one component to its places among the others.
  private func spread(
    _ line: Span<Sample>, into target: inout MutableSpan<Sample>, at start: Int, step: Int
  ) {
    let width = frame.width
    precondition(
      line.count >= width && start >= 0 && start + (width - 1) * step < target.count,
      "a row of \(line.count) samples from \(start) on in \(target.count)")
    // Both ends were checked.
    unsafe line.withUnsafeBufferPointer { line in
      unsafe target.withUnsafeMutableBufferPointer { target in
        if step == 1 {
          for x in 0..<width { unsafe target[start &+ x] = line[x] }
        } else {
          for x in 0..<width { unsafe target[start &+ x &* step] = line[x] }
        }
      }
    }
  }

  /// YCbCr in one go, row by row.
  private func convert(
    _ planes: Span<Sample>, _ rows: inout [JPEGUpsampling<Sample>],
    into target: inout MutableSpan<Sample>
  ) {
    let width = frame.width
    var (luma, blue, red) = (rows[0], rows[1], rows[2])
    rows = []
    var scratch = [UInt8](repeating: 0, count: 3 * JPEGColorTransform.pitch(width))
    for y in 0..<frame.height {
      luma.withRow(y, of: planes) { lumaRow in
        blue.withRow(y, of: planes) { blueRow in
          red.withRow(y, of: planes) { redRow in
            Sample.convert(
              lumaRow, blueRow, redRow, width: width, scratch: &scratch, into: &target,
              at: 3 * y * width)
          }
        }
      }
    }
  }
}
