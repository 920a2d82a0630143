// From stored samples to the bytes of a picture, for every stored type.

internal import VolumeIO

extension TableSample {
  static func levels(
    of samples: [Self], at layout: SliceLayout, shader: Shader, volume: Volume,
    into levels: inout [UInt8]
  ) {
    let table = LevelTable<Self>(shader: shader, volume: volume)
    unsafe overwrite(&levels, count: layout.count) { target in
      unsafe Self.eachRun(of: samples, at: layout) { source, place in
        let part = unsafe UnsafeMutableBufferPointer(
          rebasing: target[place..<(place + source.count)])
        unsafe writeLevels(of: source, table: table, to: part)
      }
    }
  }

  static func colors(
    of samples: [Self], at layout: SliceLayout, shaders: [Shader], volume: Volume,
    into levels: inout [UInt8]
  ) {
    let tables = shaders.map { LevelTable<Self>(shader: $0, volume: volume) }
    let table = ColorTable(red: tables[0], green: tables[1], blue: tables[2])
    unsafe overwrite(&levels, count: 3 * layout.count) { target in
      unsafe Self.eachRun(of: samples, at: layout) { source, place in
        let part = unsafe UnsafeMutableBufferPointer(
          rebasing: target[(3 * place)..<(3 * (place + source.count))])
        unsafe writeColors(of: source, table: table, to: part)
      }
    }
  }

  /// Gives the slice's samples in the picture's order: at once where they lie so, otherwise row by
  /// row, gathered.
  private static func eachRun(
    of samples: [Self], at layout: SliceLayout,
    _ body: (UnsafeBufferPointer<Self>, Int) -> Void
  ) {
    unsafe samples.withUnsafeBufferPointer { all in
      if layout.isContiguous {
        let part = unsafe all[layout.start..<(layout.start + layout.count)]
        unsafe body(UnsafeBufferPointer(rebasing: part), 0)
        return
      }
      var row = [Self](repeating: 0, count: layout.width)
      for y in 0..<layout.height {
        var index = layout.start + y * layout.rowStride
        if layout.columnStride == 1 {
          let part = unsafe all[index..<(index + layout.width)]
          unsafe body(UnsafeBufferPointer(rebasing: part), y * layout.width)
          continue
        }
        for x in 0..<layout.width {
          row[x] = unsafe all[index]
          index += layout.columnStride
        }
        unsafe row.withUnsafeBufferPointer { unsafe body($0, y * layout.width) }
      }
    }
  }
}

/// Has every byte of an array written: in its own memory where the count is the same and nobody
/// shares it, otherwise in new memory, which is not cleared before.
private func overwrite(
  _ levels: inout [UInt8], count: Int, _ body: (UnsafeMutableBufferPointer<UInt8>) -> Void
) {
  guard levels.count != count else {
    unsafe levels.withUnsafeMutableBufferPointer { unsafe body($0) }
    return
  }
  levels = []
  levels = unsafe [UInt8](unsafeUninitializedCapacity: count) { target, used in
    unsafe LargePages.advise(UnsafeMutableRawBufferPointer(target))
    unsafe body(UnsafeMutableBufferPointer(rebasing: target[0..<count]))
    used = count
  }
}

extension StoredSample {
  static func levels(
    of samples: [Self], at layout: SliceLayout, shader: Shader, volume: Volume,
    into levels: inout [UInt8]
  ) {
    levels.removeAll(keepingCapacity: true)
    levels.reserveCapacity(layout.count)
    for y in 0..<layout.height {
      var index = layout.start + y * layout.rowStride
      for _ in 0..<layout.width {
        levels.append(shader.level(volume.rescaled(samples[index].asDouble)))
        index += layout.columnStride
      }
    }
  }

  static func colors(
    of samples: [Self], at layout: SliceLayout, shaders: [Shader], volume: Volume,
    into levels: inout [UInt8]
  ) {
    levels.removeAll(keepingCapacity: true)
    levels.reserveCapacity(3 * layout.count)
    for y in 0..<layout.height {
      var index = layout.start + y * layout.rowStride
      for _ in 0..<layout.width {
        let value = volume.rescaled(samples[index].asDouble)
        for shader in shaders { levels.append(shader.level(value)) }
        index += layout.columnStride
      }
    }
  }
}

/// Levels of one slice for a tone, written to `levels`.
struct LevelVisitor: SampleVisitor {
  let layout: SliceLayout
  let shader: Shader
  let volume: Volume
  var levels: [UInt8] = []

  mutating func visit<Sample: StoredSample>(_ samples: [Sample]) throws(WindowingError) {
    Sample.levels(of: samples, at: layout, shader: shader, volume: volume, into: &levels)
  }
}

/// Colours of one slice for three tones, written to `levels`.
struct ColorVisitor: SampleVisitor {
  let layout: SliceLayout
  let shaders: [Shader]
  let volume: Volume
  var levels: [UInt8] = []

  mutating func visit<Sample: StoredSample>(_ samples: [Sample]) throws(WindowingError) {
    Sample.colors(of: samples, at: layout, shaders: shaders, volume: volume, into: &levels)
  }
}

/// Rescaled values of one slice or slab, in the picture's order.
struct ValueVisitor: SampleVisitor {
  let layout: SliceLayout
  let slab: Slab?
  let volume: Volume

  mutating func visit<Sample: StoredSample>(
    _ samples: [Sample]
  ) throws(WindowingError) -> [Double] {
    var values = [Double](repeating: 0, count: layout.count)
    let slices = try slab.map { (s) throws(WindowingError) in try layout.indices(of: s) }
    let indices = slices ?? layout.index..<(layout.index + 1)
    for slice in indices {
      let start = layout.start + (slice - layout.index) * layout.sliceStride
      var place = 0
      for y in 0..<layout.height {
        var index = start + y * layout.rowStride
        for _ in 0..<layout.width {
          let value = volume.rescaled(samples[index].asDouble)
          if slice == indices.lowerBound {
            values[place] = value
          } else {
            values[place] = combined(values[place], value)
          }
          place += 1
          index += layout.columnStride
        }
      }
    }
    if slab?.projection == .mean {
      for place in values.indices { values[place] /= Double(indices.count) }
    }
    return values
  }

  /// NaN gives way to a number in projections, and spoils a mean.
  private func combined(_ a: Double, _ b: Double) -> Double {
    switch slab?.projection ?? .maximum {
    case .maximum: Double.maximum(a, b)
    case .minimum: Double.minimum(a, b)
    case .mean: a + b
    }
  }
}
