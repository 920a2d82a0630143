/// Interleaved rows to be resized.
public struct RasterRows<Component: PixelComponent>: Sendable {
  var pixels: [Component]
  var width: Int
  var height: Int
  var channels: Int
}

extension UInt8: PixelComponent {
  public var number: Double { Double(self) }

  public init(nearest number: Double) {
    self = number > 0 ? UInt8(Swift.min(number + 0.5, 255)) : 0
  }

  /// In fixed point of 22 bits, columns before rows, rounded to 8 bits between: Pillow's arithmetic,
  /// so that results are the same to the level.
  public static func resized(
    _ source: RasterRows<UInt8>, to target: (width: Int, height: Int), by filter: ResizeFilter
  ) -> [UInt8] {
    var rows = source
    if target.width != rows.width {
      let plan = FixedWeights(ResampleWeights(from: rows.width, to: target.width, by: filter))
      rows = plan.columns(of: rows, width: target.width)
    }
    if target.height != rows.height {
      let plan = FixedWeights(ResampleWeights(from: rows.height, to: target.height, by: filter))
      rows = plan.rows(of: rows, height: target.height)
    }
    return rows.pixels
  }
}

/// Weights as integers of 22 fractional bits.
private struct FixedWeights {
  let plan: ResampleWeights
  let weights: [Int32]

  init(_ plan: ResampleWeights) {
    self.plan = plan
    weights = plan.weights.map { weight in
      let scaled = weight * 4_194_304
      return Int32(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
    }
  }

  @inline(__always) private func level(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: Swift.max(0, Swift.min(255, sum >> 22)))
  }

  func columns(of source: RasterRows<UInt8>, width: Int) -> RasterRows<UInt8> {
    let channels = source.channels
    var result = [UInt8](repeating: 0, count: width * source.height * channels)
    let pixels = source.pixels
    for y in 0..<source.height {
      let row = y * source.width * channels
      for x in 0..<width {
        let first = row + plan.first[x] * channels
        let begin = plan.start[x]
        for channel in 0..<channels {
          var sum: Int32 = 1 << 21
          var place = first + channel
          for index in begin..<(begin + plan.count[x]) {
            sum &+= Int32(pixels[place]) &* weights[index]
            place += channels
          }
          result[(y * width + x) * channels + channel] = level(sum)
        }
      }
    }
    return RasterRows(pixels: result, width: width, height: source.height, channels: channels)
  }

  func rows(of source: RasterRows<UInt8>, height: Int) -> RasterRows<UInt8> {
    let stride = source.width * source.channels
    var result = [UInt8](repeating: 0, count: stride * height)
    var sums = [Int32](repeating: 0, count: stride)
    for y in 0..<height {
      for index in sums.indices { sums[index] = 1 << 21 }
      for k in 0..<plan.count[y] {
        let weight = weights[plan.start[y] + k]
        let row = (plan.first[y] + k) * stride
        for index in 0..<stride {
          sums[index] &+= Int32(source.pixels[row + index]) &* weight
        }
      }
      for index in 0..<stride { result[y * stride + index] = level(sums[index]) }
    }
    return RasterRows(
      pixels: result, width: source.width, height: height, channels: source.channels)
  }
}

extension UInt16: PixelComponent {
  public var number: Double { Double(self) }

  public init(nearest number: Double) {
    self = number > 0 ? UInt16(Swift.min(number + 0.5, 65_535)) : 0
  }

  /// In double precision, rounded once at the end.
  public static func resized(
    _ source: RasterRows<UInt16>, to target: (width: Int, height: Int), by filter: ResizeFilter
  ) -> [UInt16] {
    resampled(source, to: target, by: filter)
  }
}

extension Float: PixelComponent {
  public var number: Double { Double(self) }

  public init(nearest number: Double) { self = Float(number) }

  /// In double precision, rounded once at the end. NaN spreads as far as the kernel.
  public static func resized(
    _ source: RasterRows<Float>, to target: (width: Int, height: Int), by filter: ResizeFilter
  ) -> [Float] {
    resampled(source, to: target, by: filter)
  }
}

private func resampled<Component: PixelComponent>(
  _ source: RasterRows<Component>, to target: (width: Int, height: Int), by filter: ResizeFilter
) -> [Component] {
  let channels = source.channels
  if filter == .nearest {
    let x = ResampleWeights(from: source.width, to: target.width, by: filter)
    let y = ResampleWeights(from: source.height, to: target.height, by: filter)
    var result: [Component] = []
    result.reserveCapacity(target.width * target.height * channels)
    for row in y.first {
      for column in x.first {
        let place = (row * source.width + column) * channels
        result += source.pixels[place..<(place + channels)]
      }
    }
    return result
  }
  var middle = source.pixels.map(\.number)
  if target.width != source.width {
    let plan = ResampleWeights(from: source.width, to: target.width, by: filter)
    var columns = [Double](repeating: 0, count: target.width * source.height * channels)
    for y in 0..<source.height {
      for x in 0..<target.width {
        for channel in 0..<channels {
          var sum = 0.0
          for k in 0..<plan.count[x] {
            let place = (y * source.width + plan.first[x] + k) * channels + channel
            sum += middle[place] * plan.weights[plan.start[x] + k]
          }
          columns[(y * target.width + x) * channels + channel] = sum
        }
      }
    }
    middle = columns
  }
  guard target.height != source.height else { return middle.map { Component(nearest: $0) } }
  let plan = ResampleWeights(from: source.height, to: target.height, by: filter)
  let stride = target.width * channels
  var result: [Component] = []
  result.reserveCapacity(stride * target.height)
  for y in 0..<target.height {
    var sums = [Double](repeating: 0, count: stride)
    for k in 0..<plan.count[y] {
      let weight = plan.weights[plan.start[y] + k]
      let row = (plan.first[y] + k) * stride
      for index in 0..<stride { sums[index] += middle[row + index] * weight }
    }
    result += sums.map { Component(nearest: $0) }
  }
  return result
}
