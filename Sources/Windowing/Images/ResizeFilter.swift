// Resampling kernels and their weights.
// Conventions: Pillow's. Pixel centres at half-integers; on reduction the kernel is stretched by the
// ratio (antialiasing), as torchvision's `antialias=True` does; edges are renormalised.

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// How a picture is brought to another size.
public enum ResizeFilter: String, Sendable, Hashable, Codable, CaseIterable {
  /// The nearest pixel: for labels. Pillow's and torch's `nearest-exact`.
  case nearest
  /// A triangle of support 1: Pillow's `BILINEAR`.
  case bilinear
  /// Keys' cubic with a = −0.5: Pillow's `BICUBIC`.
  case bicubic
  /// A sinc windowed by a sinc of three lobes: Pillow's `LANCZOS`.
  case lanczos
  /// The mean over exactly the area that a new pixel covers: OpenCV's `INTER_AREA` on reduction.
  case area

  /// Half the kernel's width, in pixels of the larger picture.
  var support: Double {
    switch self {
    case .nearest, .area: 0.5
    case .bilinear: 1
    case .bicubic: 2
    case .lanczos: 3
    }
  }

  /// The kernel at a distance from the centre.
  func weight(_ distance: Double) -> Double {
    let x = abs(distance)
    switch self {
    case .nearest, .area:
      return x <= 0.5 ? 1 : 0
    case .bilinear:
      return x < 1 ? 1 - x : 0
    case .bicubic:
      let a = -0.5
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
      return 0
    case .lanczos:
      func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(x * .pi) / (x * .pi) }
      return x < 3 ? sinc(x) * sinc(x / 3) : 0
    }
  }
}

/// For each new position, the old ones that it takes and how much of each; weights sum to 1.
struct ResampleWeights: Sendable {
  /// `first[i]..<first[i] + count[i]` are the old positions of new position `i`.
  var first: [Int] = []
  var count: [Int] = []
  /// Where the weights of each new position begin in `weights`.
  var start: [Int] = []
  var weights: [Double] = []

  init(from old: Int, to new: Int, by filter: ResizeFilter) {
    let scale = Double(old) / Double(new)
    for index in 0..<new {
      start.append(weights.count)
      switch filter {
      case .nearest:
        add(first: min(Int((Double(index) + 0.5) * scale), old - 1), [1])
      case .area:
        let low = Double(index) * scale
        let high = min(Double(index + 1) * scale, Double(old))
        let firstOld = min(Int(low), old - 1)
        let end = max(min(Int((high - 1e-9).rounded(.up)), old), firstOld + 1)
        add(
          first: firstOld,
          (firstOld..<end).map { min(high, Double($0 + 1)) - max(low, Double($0)) })
      case .bilinear, .bicubic, .lanczos:
        let stretch = max(scale, 1)
        let support = filter.support * stretch
        let center = (Double(index) + 0.5) * scale
        let firstOld = Int(max(center - support + 0.5, 0))
        let end = min(Int(center + support + 0.5), old)
        add(
          first: firstOld,
          (firstOld..<max(end, firstOld + 1)).map {
            filter.weight((Double($0) - center + 0.5) / stretch)
          })
      }
    }
  }

  private mutating func add(first place: Int, _ plain: [Double]) {
    first.append(place)
    count.append(plain.count)
    let sum = plain.reduce(0, +)
    weights += sum == 0 ? plain : plain.map { $0 / sum }
  }
}
