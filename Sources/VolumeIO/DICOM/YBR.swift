// From luminance and chroma to RGB: PS3.3 C.7.6.3.1.2.

enum YBR {
  /// RGB of interleaved YBR samples of 8 or 16 bits; other colour models are handed back.
  static func rgb(_ samples: Samples, _ photometric: String, bits: Int) -> Samples {
    let isPartial = photometric.hasPrefix("YBR_PARTIAL")
    guard photometric.hasPrefix("YBR_FULL") || isPartial else { return samples }
    switch samples {
    case .uint8(let s): return .uint8(converted(s, bits: min(bits, 8), isPartial))
    case .uint16(let s): return .uint16(converted(s, bits: min(bits, 16), isPartial))
    default: return samples
    }
  }

  private static func converted<T: FixedWidthInteger>(
    _ samples: [T], bits: Int, _ isPartial: Bool
  ) -> [T] {
    let top = Float((1 << bits) - 1)
    let middle = Float(1 << (bits - 1))
    let unit = Float(1 << max(0, bits - 8))
    var result: [T] = []
    result.reserveCapacity(samples.count)
    func add(_ value: Float) { result.append(T(max(0, min(top, value.rounded())))) }
    for pixel in stride(from: 0, to: samples.count - 2, by: 3) {
      var y = Float(samples[pixel])
      var blue = Float(samples[pixel + 1]) - middle
      var red = Float(samples[pixel + 2]) - middle
      if isPartial {
        y = (y - 16 * unit) * 255 / 219
        blue *= 255 / 224
        red *= 255 / 224
      }
      add(y + 1.402 * red)
      add(y - 0.344136 * blue - 0.714136 * red)
      add(y + 1.772 * blue)
    }
    return result
  }
}
