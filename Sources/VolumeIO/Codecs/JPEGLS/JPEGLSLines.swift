// Two lines of a JPEG-LS scan: the one above and the one that is being decoded.
// Source: ITU-T T.87 A.2.1, figure A.1.

/// The last two lines of one component, or of all components that are interleaved by sample.
///
/// A line has a sample before its first and one after its last; the lines of components lie `pitch`
/// samples apart.
struct JPEGLSLines: Sendable {
  /// Samples of a line with its two edges.
  let pitch: Int
  let components: Int
  private var samples: [Int32]
  /// The line being decoded is the second half of `samples`.
  private var isSecond = false

  init(width: Int, components: Int) {
    precondition(width > 0 && components > 0, "lines of \(width) samples, \(components) times")
    pitch = width + 2
    self.components = components
    samples = [Int32](repeating: 0, count: 2 * (width + 2) * components)
  }

  /// Forgets both lines.
  mutating func clear() {
    var all = samples.mutableSpan
    all.update(repeating: 0)
  }

  /// Makes the line that was decoded the one above, and sets the edges of the next.
  ///
  /// Before the first sample stands the first of the line above, after the last of the line above
  /// that sample again.
  mutating func advance() {
    isSecond.toggle()
    let half = pitch * components
    let (above, own) = isSecond ? (0, half) : (half, 0)
    for index in 0..<components {
      samples[own + index * pitch] = samples[above + index * pitch + 1]
      let last = above + index * pitch + pitch - 2
      samples[last + 1] = samples[last]
    }
  }

  /// Runs `body` on the line above, the line being decoded, the count of components and the pitch.
  mutating func withLines(
    _ body: (UnsafePointer<Int32>, UnsafeMutablePointer<Int32>, Int, Int) -> Void
  ) {
    let half = pitch * components
    let isSecond = isSecond
    unsafe samples.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress, buffer.count == 2 * half else { return }
      let second = unsafe base + half
      unsafe body(isSecond ? base : second, isSecond ? second : base, components, pitch)
    }
  }

  /// Stores the line that was decoded.
  ///
  /// - Precondition: The line fits into `output` from `start` on.
  func store<Sample: FixedWidthInteger & UnsignedInteger>(
    component: Int, shift: Int32, into output: inout MutableSpan<Sample>, at start: Int
  ) {
    let from = (isSecond ? pitch * components : 0) + component * pitch + 1
    let count = pitch - 2
    precondition(
      component < components && start >= 0 && start + count <= output.count,
      "a line of \(count) samples from \(start) on in \(output.count)")
    // Reads stay within the line, writes within what was checked.
    unsafe samples.withUnsafeBufferPointer { source in
      unsafe output.withUnsafeMutableBufferPointer { target in
        for x in 0..<count {
          unsafe target[start &+ x] = Sample(truncatingIfNeeded: source[from &+ x] &<< shift)
        }
      }
    }
  }
}
