// Repairs of samples on request, and rescale slice by slice.

/// The repair that readers of the RSNA 2019 haemorrhage data share (see `DICOMReadOptions`).
enum UnsignedRepair {
  static func apply(
    _ samples: inout Samples, _ rescales: inout [Rescale], _ layout: PixelLayout, perSlice: Int
  ) {
    guard layout.bitsStored == 12, !layout.isSigned, case .uint16(var stored) = samples else {
      return
    }
    samples = .uint16([])
    for slice in rescales.indices where rescales[slice].intercept > -100 {
      for position in slice * perSlice..<(slice + 1) * perSlice {
        let shifted = stored[position] &+ 1000
        stored[position] = shifted >= 4096 ? shifted &- 4096 : shifted
      }
      rescales[slice].intercept = -1000
    }
    samples = .uint16(stored)
  }
}

extension Samples {
  /// Rescaled values, each slice by its own slope and intercept; computed in Double.
  func rescaled(_ rescales: [Rescale], perSlice: Int) -> [Float] {
    func made<T>(_ samples: [T], _ number: (T) -> Double) -> [Float] {
      var result: [Float] = []
      result.reserveCapacity(samples.count)
      for (slice, rescale) in rescales.enumerated() {
        for position in slice * perSlice..<(slice + 1) * perSlice {
          result.append(Float(rescale(number(samples[position]))))
        }
      }
      return result
    }
    switch self {
    case .uint8(let s): return made(s) { Double($0) }
    case .int8(let s): return made(s) { Double($0) }
    case .uint16(let s): return made(s) { Double($0) }
    case .int16(let s): return made(s) { Double($0) }
    case .uint32(let s): return made(s) { Double($0) }
    case .int32(let s): return made(s) { Double($0) }
    case .uint64(let s): return made(s) { Double($0) }
    case .int64(let s): return made(s) { Double($0) }
    case .float32(let s): return made(s) { Double($0) }
    case .float64(let s): return made(s) { $0 }
    }
  }
}
