// Tiles laid together, shifted to their level and interleaved.
// Source: ITU-T T.800 G.1.

/// The components of an image while its tiles come.
struct J2KImageAssembly {
  private let size: J2KImageSize
  /// Where all components are subsampled alike, the image has their size.
  let width: Int
  let height: Int
  private let stepX: Int
  private let stepY: Int
  private let components: Int
  /// Interleaved samples, clamped to their precision.
  private var pixels: [Int32]

  init(_ size: J2KImageSize) {
    self.size = size
    components = size.components.count
    stepX = size.components.reduce(255) { min($0, $1.stepX) }
    stepY = size.components.reduce(255) { min($0, $1.stepY) }
    let grid = size.rect.dividedRoundingUp(byX: stepX, y: stepY)
    width = grid.width
    height = grid.height
    pixels = [Int32](repeating: 0, count: width * height * components)
  }

  /// Stores a tile's components.
  mutating func store(_ planes: [J2KTileDecoder.Component]) {
    for (index, plane) in planes.enumerated() {
      let component = size.components[index]
      let high = Int32(truncatingIfNeeded: (1 << (component.precision - 1)) - 1)
      let low = -high - 1
      let shift: Int32 = component.isSigned ? 0 : -low
      switch plane {
      case .integers(let p):
        write(p.rect, index) { at in
          max(low, min(high, p.values[at])) &+ shift
        }
      case .reals(let p):
        write(p.rect, index) { at in
          let value = p.values[at].rounded(.toNearestOrEven)
          return (value >= Float(high) ? high : value > Float(low) ? Int32(value) : low) &+ shift
        }
      }
    }
  }

  /// Writes a component's rectangle, each sample over the pixels that it stands for.
  @inline(__always)
  private mutating func write(_ rect: J2KRect, _ index: Int, _ value: (Int) -> Int32) {
    let component = size.components[index]
    let (width, height, components) = (width, height, components)
    let (stepX, stepY) = (stepX, stepY)
    let grid = size.rect.dividedRoundingUp(byX: stepX, y: stepY)
    var target = pixels.mutableSpan
    if component.stepX == stepX, component.stepY == stepY {
      for y in 0..<rect.height {
        let row = rect.y0 + y - component.rect.y0
        var to = (row * width + rect.x0 - component.rect.x0) * components + index
        let from = y * rect.width
        for x in 0..<rect.width {
          target[to] = value(from &+ x)
          to &+= components
        }
      }
      return
    }
    let across = component.stepX / stepX
    let down = component.stepY / stepY
    for y in 0..<height {
      let row = max(component.rect.y0, (grid.y0 + y) / max(1, down))
      guard row >= rect.y0, row < rect.y1 else { continue }
      for x in 0..<width {
        let column = max(component.rect.x0, (grid.x0 + x) / max(1, across))
        guard column >= rect.x0, column < rect.x1 else { continue }
        target[(y * width + x) * components + index] = value(
          (row - rect.y0) * rect.width + column - rect.x0)
      }
    }
  }

  /// The interleaved samples, of the smallest type that holds all components.
  func samples() -> Samples {
    let precision = size.components.reduce(0) { max($0, $1.precision) }
    let isSigned = size.components.contains { $0.isSigned }
    switch (precision, isSigned) {
    case (...8, false): return .uint8(pixels.map { UInt8(truncatingIfNeeded: $0) })
    case (...8, true): return .int8(pixels.map { Int8(truncatingIfNeeded: $0) })
    case (...16, false): return .uint16(pixels.map { UInt16(truncatingIfNeeded: $0) })
    case (...16, true): return .int16(pixels.map { Int16(truncatingIfNeeded: $0) })
    case (_, false): return .uint32(pixels.map { UInt32(truncatingIfNeeded: $0) })
    case (_, true): return .int32(pixels)
    }
  }
}
