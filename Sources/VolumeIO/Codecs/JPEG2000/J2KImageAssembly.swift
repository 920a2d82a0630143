// Tiles laid together, shifted to their level and interleaved.
// Source: ITU-T T.800 G.1.

/// The components of an image while its tiles come.
///
/// `Sample` is the smallest type that holds all components; it keeps their low bits.
struct J2KImageAssembly<Sample: FixedWidthInteger> {
  private let size: J2KImageSize
  private let width: Int
  private let height: Int
  private let stepX: Int
  private let stepY: Int
  private let components: Int
  /// Interleaved samples, clamped to their precision.
  private(set) var pixels: [Sample]

  init(_ size: J2KImageSize) {
    self.size = size
    components = size.components.count
    stepX = size.components.reduce(255) { min($0, $1.stepX) }
    stepY = size.components.reduce(255) { min($0, $1.stepY) }
    let grid = size.pixelGrid
    width = grid.width
    height = grid.height
    pixels = [Sample](repeating: 0, count: width * height * components)
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
        write(p, index) { max(low, min(high, $0)) &+ shift }
      case .reals(let p) where component.precision <= 22:
        // Adding 1.5 · 2²³ leaves the number, rounded to even, in the low bits of the sum.
        let (least, most) = (Float(low), Float(high))
        write(p, index) { value in
          let sum = max(least, min(most, value)) + 12_582_912
          return Int32(bitPattern: sum.bitPattern &- 0x4B40_0000) &+ shift
        }
      case .reals(let p):
        write(p, index) { real in
          let value = real.rounded(.toNearestOrEven)
          return (value >= Float(high) ? high : value > Float(low) ? Int32(value) : low) &+ shift
        }
      }
    }
  }

  /// Writes a component's rectangle, each sample over the pixels that it stands for.
  @inline(__always)
  private mutating func write<Value>(
    _ plane: J2KPlane<Value>, _ index: Int, _ value: (Value) -> Int32
  ) {
    let rect = plane.rect
    let component = size.components[index]
    let (width, height, components) = (width, height, components)
    let (stepX, stepY) = (stepX, stepY)
    let grid = size.pixelGrid
    var target = pixels.mutableSpan
    if component.stepX == stepX, component.stepY == stepY {
      for y in 0..<rect.height {
        let row = rect.y0 + y - component.rect.y0
        let to = (row * width + rect.x0 - component.rect.x0) * components + index
        let from = y * rect.width
        let count = rect.width
        guard count > 0 else { continue }
        precondition(
          to >= 0 && to + (count - 1) * components < target.count
            && from + count <= plane.values.count,
          "a row of \(count) samples from \(to) on in \(target.count)")
        // Both rows lie within their memory, as checked.
        unsafe target.withUnsafeMutableBufferPointer { target in
          unsafe plane.values.withUnsafeBufferPointer { source in
            if components == 1 {
              for x in 0..<count {
                unsafe target[to &+ x] = Sample(
                  truncatingIfNeeded: value(source[from &+ x]))
              }
            } else {
              for x in 0..<count {
                unsafe target[to &+ x &* components] = Sample(
                  truncatingIfNeeded: value(source[from &+ x]))
              }
            }
          }
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
        target[(y * width + x) * components + index] = Sample(
          truncatingIfNeeded: value(
            plane.values[(row - rect.y0) * rect.width + column - rect.x0]))
      }
    }
  }
}
