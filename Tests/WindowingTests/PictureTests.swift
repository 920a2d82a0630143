import Testing
import VolumeIO
import Windowing

/// A small volume of −1024…: CT-like values that differ at every voxel.
func ramp(
  size: SIMD3<Int> = [7, 5, 3], spacing: SIMD3<Double> = [1, 1, 1], slope: Double = 1,
  intercept: Double = 0
) throws -> Volume {
  let count = size.x * size.y * size.z
  return try Volume(
    .int16((0..<count).map { Int16($0 * 3 - 100) }),
    geometry: Geometry(size: size, affine: Affine(spacing: spacing)),
    rescale: Rescale(slope: slope, intercept: intercept), modality: "CT")
}

struct PictureTests {
  @Test(arguments: [
    Window.brain, Window(center: 40, width: 400, function: .sigmoid),
    Window(center: 3, width: 81, function: .linearExact), Window(center: 50, width: 1),
    Window(center: 1e6, width: 10), Window(center: -1e6, width: 10),
    Window(center: 0, width: 60_000),
  ])
  func `the fused table gives every stored value the window's own level`(window: Window) throws {
    for (slope, intercept) in [(1, -1024), (0.5, 3), (-1, 7), (0, 40)] as [(Double, Double)] {
      let all = (Int(Int16.min)...Int(Int16.max)).map { Int16($0) }
      let rescale = Rescale(slope: slope, intercept: intercept)
      let volume = try Volume(
        .int16(all), geometry: Geometry(size: [256, 256, 1], affine: Affine(spacing: [1, 1, 1])),
        rescale: rescale)
      let levels = try volume.levels(through: .window(window))
      #expect(levels == all.map { window.level(rescale(Double($0))) })
    }
  }

  @Test(arguments: [300, 700, 1200, 1800, 2300, 2800, 3300, 3900, 5000] as [Double])
  func `windows of every width give every stored value its level, grey and RGB`(width: Double)
    throws
  {
    // Counts that are no multiple of a vector, and results at any alignment.
    let windows = [
      Window(center: 300, width: width), Window(center: -40, width: 80),
      Window(center: 1200, width: width / 2, function: .sigmoid),
    ]
    for count in [65_536, 65_473, 130, 63, 1] {
      let signed = (0..<count).map { Int16(truncatingIfNeeded: 40_503 &* $0) }
      let unsigned = signed.map { UInt16(bitPattern: $0) }
      for samples in [Samples.int16(signed), .uint16(unsigned)] {
        let volume = try Volume(
          samples,
          geometry: Geometry(size: [count, 1, 1], affine: Affine(spacing: [1, 1, 1])),
          rescale: Rescale(slope: 1, intercept: -1024))
        let values = signed.indices.map { index in
          (samples.type == .int16 ? Double(signed[index]) : Double(unsigned[index])) - 1024
        }
        let wanted = windows.map { window in values.map { window.level($0) } }
        for (window, levels) in zip(windows, wanted) {
          #expect(try volume.levels(through: .window(window)) == levels)
        }
        let colors = try volume.levels(
          red: .window(windows[0]), green: .window(windows[1]), blue: .window(windows[2]))
        #expect(
          colors == values.indices.flatMap { [wanted[0][$0], wanted[1][$0], wanted[2][$0]] })
      }
    }
  }

  @Test func `a volume of megabytes has the levels of its parts`() throws {
    let side = 512
    let part = (0..<(side * side)).map { Int16(truncatingIfNeeded: 40_503 &* $0) >> 3 }
    func volume(_ depth: Int) throws -> Volume {
      try Volume(
        .int16([[Int16]](repeating: part, count: depth).flatMap { $0 }),
        geometry: Geometry(size: [side, side, depth], affine: Affine(spacing: [1, 1, 1])))
    }
    let tones = [Tone.window(.brain), .window(.bone), .window(.lung)]
    let (few, many) = (try volume(1), try volume(17))
    let gray = try few.levels(through: tones[1])
    #expect(
      try many.levels(through: tones[1]) == Array([[UInt8]](repeating: gray, count: 17).joined()))
    let colors = try few.levels(red: tones[0], green: tones[1], blue: tones[2])
    #expect(
      try many.levels(red: tones[0], green: tones[1], blue: tones[2])
        == Array([[UInt8]](repeating: colors, count: 17).joined()))
  }

  @Test func `levels are written into the memory of an array that fits, and replace any other`()
    throws
  {
    let volume = try ramp(size: [64, 32, 5])
    let count = volume.geometry.count
    let tones = [Tone.window(.brain), .window(.bone), .window(.lung)]
    let wanted = try volume.levels(through: tones[0])
    let colors = try volume.levels(red: tones[0], green: tones[1], blue: tones[2])
    for length in [0, count, 3 * count, count + 1] {
      var levels = [UInt8](repeating: 9, count: length)
      let kept = levels
      try volume.levels(through: tones[0], into: &levels)
      #expect(levels == wanted)
      // Somebody else's copy stays as it was.
      #expect(kept == [UInt8](repeating: 9, count: length))
      try volume.levels(red: tones[0], green: tones[1], blue: tones[2], into: &levels)
      #expect(levels == colors)
    }
    var levels = try volume.levels(through: tones[0])
    func place(_ bytes: borrowing [UInt8]) -> UInt {
      unsafe bytes.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
    }
    let before = place(levels)
    try volume.levels(through: tones[1], into: &levels)
    #expect(place(levels) == before)
    // An error leaves the array alone.
    #expect(throws: WindowingError.self) {
      try volume.levels(through: .window(Window(center: 0, width: 0)), into: &levels)
    }
    #expect(try levels == volume.levels(through: tones[1]))
  }

  @Test func `what is asked amiss is an error or black, never a trap`() throws {
    let volume = try ramp()
    for width in [0, -5, -.infinity, .nan] as [Double] {
      for function in [Window.Function.linear, .linearExact, .sigmoid] {
        let tone = Tone.window(Window(center: 40, width: width, function: function))
        #expect(throws: WindowingError.self) {
          try volume.picture(SliceRequest(.axial), through: tone)
        }
        #expect(throws: WindowingError.self) { try volume.levels(through: tone) }
      }
    }
    // A window that clips everything is all black or all white.
    let above = Tone.window(Window(center: 30_000, width: 2))
    let below = Tone.window(Window(center: -30_000, width: 2))
    #expect(try Set(volume.levels(through: above)) == [0])
    #expect(try Set(volume.levels(through: below)) == [255])
    // NaN is black, alone or among numbers, and spoils no statistics.
    let geometry = Geometry(size: [2, 2, 1], affine: Affine(spacing: [1, 1, 1]))
    let holes = try Volume(.float32([.nan, 40, 1e9, -.infinity]), geometry: geometry)
    #expect(try holes.levels(through: .window(.brain)) == [0, Window.brain.level(40), 255, 0])
    let nothing = try Volume(.float32([.nan, .nan, .nan, .nan]), geometry: geometry)
    #expect(try nothing.levels(through: .window(.brain)) == [0, 0, 0, 0])
    #expect(throws: WindowingError.self) { try nothing.levels(through: .mr) }
    // A mask of nothing: no slice to pick.
    let empty = try Volume(
      .uint8([UInt8](repeating: 0, count: volume.geometry.count)), geometry: volume.geometry)
    for picker in [SlicePicker.withMask(), .largestMask()] {
      #expect(throws: WindowingError.self) { try volume.slices(.axial, [picker], mask: empty) }
    }
  }

  @Test func `every stored type gives the same picture`() throws {
    let values = (0..<35).map { $0 * 3 }
    let geometry = Geometry(size: [7, 5, 1], affine: Affine(spacing: [1, 1, 1]))
    let all: [Samples] = [
      .uint8(values.map { UInt8($0) }), .int8(values.map { Int8($0) }),
      .uint16(values.map { UInt16($0) }), .int16(values.map { Int16($0) }),
      .uint32(values.map { UInt32($0) }), .int32(values.map { Int32($0) }),
      .uint64(values.map { UInt64($0) }), .int64(values.map { Int64($0) }),
      .float32(values.map { Float($0) }), .float64(values.map { Double($0) }),
    ]
    let wanted = values.map { Window.brain.level(Double($0)) }
    for samples in all {
      let volume = try Volume(samples, geometry: geometry)
      #expect(try volume.axial(0, through: .brain).pixels == wanted)
      let colors = try volume.composite(
        SliceRequest(.axial), red: .brain, green: .bone, blue: .lung)
      #expect(stride(from: 0, to: colors.pixels.count, by: 3).map { colors.pixels[$0] } == wanted)
    }
  }

  @Test func `MONOCHROME1 is inverted after the window`() throws {
    var volume = try ramp()
    let plain = try volume.axial(1, through: .brain)
    volume.display.isInverted = true
    let inverted = try volume.axial(1, through: .brain)
    #expect(inverted.pixels == plain.pixels.map { 255 - $0 })
  }

  @Test func `planes are laid out as radiologists expect`() throws {
    // Stored LPS: x to the left, y to the back, z to the head.
    let volume = try ramp()
    func stored(_ x: Int, _ y: Int, _ z: Int) -> Float { Float((x + 7 * (y + 5 * z)) * 3 - 100) }
    let axial = try volume.values(SliceRequest(.axial, at: 1))
    #expect(axial[2, 3] == [stored(2, 3, 1)])
    let neurological = try volume.values(SliceRequest(.axial, at: 1, convention: .neurological))
    #expect(neurological[2, 3] == [stored(4, 3, 1)])
    let coronal = try volume.values(SliceRequest(.coronal, at: 4))
    #expect((coronal.width, coronal.height) == (7, 3))
    #expect(coronal[2, 0] == [stored(2, 4, 2)])
    let sagittal = try volume.values(SliceRequest(.sagittal, at: 6))
    #expect((sagittal.width, sagittal.height) == (5, 3))
    #expect(sagittal[1, 2] == [stored(6, 1, 0)])
  }

  @Test func `the same patient stored in another orientation gives the same picture`() throws {
    let lps = try ramp()
    guard case .int16(let samples) = lps.samples else { return }
    // RAS: x and y run the other way.
    var flipped = samples
    for z in 0..<3 {
      for y in 0..<5 {
        for x in 0..<7 { flipped[(6 - x) + 7 * ((4 - y) + 5 * z)] = samples[x + 7 * (y + 5 * z)] }
      }
    }
    let ras = try Volume(
      .int16(flipped),
      geometry: Geometry(
        size: [7, 5, 3],
        affine: Affine(x: [-1, 0, 0], y: [0, -1, 0], z: [0, 0, 1], origin: [6, 4, 0])))
    #expect(ras.geometry.orientation == .RAS)
    #expect(try ras.axial(2, through: .bone) == lps.axial(2, through: .bone))
    #expect(try ras.coronal(0, through: .bone) == lps.coronal(4, through: .bone))
    #expect(try ras.sagittal(0, through: .bone) == lps.sagittal(6, through: .bone))
  }

  @Test func `coronal pictures of thick slices have square pixels`() throws {
    let volume = try ramp(size: [8, 8, 4], spacing: [0.5, 0.5, 2])
    let physical = try volume.coronal(3, through: .bone)
    #expect((physical.width, physical.height) == (8, 16))
    #expect(physical.spacing == SIMD2(0.5, 0.5))
    let voxels = try volume.picture(
      SliceRequest(.coronal, at: 3, aspect: .voxels), through: .bone)
    #expect((voxels.width, voxels.height) == (8, 4))
  }

  @Test func `slices, slabs and channels outside the volume are errors`() throws {
    let volume = try ramp()
    for request in [
      SliceRequest(.axial, at: 3), SliceRequest(.axial, at: -1), SliceRequest(.coronal, at: 5),
      SliceRequest(.axial, channel: 1), SliceRequest(.axial, channel: -1),
      SliceRequest(.axial, slab: Slab(.mean, count: 0)),
    ] {
      #expect(throws: WindowingError.self) { try volume.picture(request, through: .brain) }
    }
    #expect(throws: WindowingError.self) {
      try volume.axial(0, through: Window(center: 0, width: -4))
    }
  }

  @Test func `slabs take maximum, minimum and mean along the normal`() throws {
    let volume = try ramp()
    func value(_ projection: Slab.Projection, _ index: Int, _ count: Int) throws -> Float {
      let slab = Slab(projection, count: count)
      return try volume.values(SliceRequest(.axial, at: index, slab: slab)).pixels[0]
    }
    #expect(try value(.maximum, 1, 3) == -100 + 210)
    #expect(try value(.minimum, 1, 3) == -100)
    #expect(try value(.mean, 1, 3) == -100 + 105)
    #expect(try value(.mean, 0, 3) == -100 + 52.5)
    #expect(try value(.maximum, 0, Int.max) == -100 + 210)
  }

  @Test func `a composite is three windows on the same samples`() throws {
    let volume = try ramp(size: [33, 21, 2])
    let request = SliceRequest(.axial, at: 1)
    let colors = try volume.composite(request, red: .brain, green: .subduralRSNA, blue: .bone)
    let planes = try [Window.brain, .subduralRSNA, .bone].map {
      try volume.picture(request, through: $0)
    }
    #expect(colors == (try RGBImage(red: planes[0], green: planes[1], blue: planes[2])))
  }

  @Test func `a picture tells how it was made, and the telling survives JSON`() throws {
    let volume = try ramp()
    let request = SliceRequest(.axial, at: 1)
    let picture = try volume.picture(request, through: .fullRange).resized(width: 9, height: 4)
    #expect(
      picture.provenance.steps == [
        .sliced(request), .toned(.window(Window(low: -100, high: 212)), inverted: false),
        .resized(width: 9, height: 4, filter: .bilinear),
      ])
  }
}
