import Testing
import VolumeIO
import Windowing

struct VolumeTests {
  /// (i²·3 + 11·i) mod 997 at 6 × 5 × 4 voxels, as the oracles' scripts make it.
  static func patterned() throws -> Volume {
    try Volume(
      .int16((0..<120).map { (i: Int) -> Int16 in Int16((i * i * 3 + i * 11) % 997) }),
      geometry: Geometry(
        size: [6, 5, 4], affine: Affine(spacing: [0.8, 1.1, 2.5], origin: [-3, 4, 10])))
  }

  /// SimpleITK 2.5 `Resample(…, sitkLinear)` on the same plane.
  @Test func `an oblique plane is what SimpleITK resamples`() throws {
    let wanted: [Float] = [
      666.9454, 325.9855, 413.8792, 779.7173, 589.6668, 464.5655, 548.6936, 633.5257, 449.2327,
      391.7013, 530.3535, 540.7984, 536.1863, 395.0057, 377.0628, 567.7964,
    ]
    let plane = ObliquePlane(
      center: [-1, 6, 13.5], right: [0.8, 0.6, 0], down: [-0.36, 0.48, 0.8], spacing: 0.7,
      width: 4, height: 4)
    let values = try Self.patterned().values(SliceRequest(.oblique(plane)))
    for (value, expected) in zip(values.pixels, wanted) { #expect(abs(value - expected) < 1e-3) }
  }

  @Test func `a plane outside the volume is an error, one that leaves it is black there`() throws {
    let volume = try Self.patterned()
    var plane = ObliquePlane(
      center: [900, 0, 0], right: [1, 0, 0], down: [0, 1, 0], spacing: 1, width: 4, height: 4)
    #expect(throws: WindowingError.self) {
      try volume.picture(SliceRequest(.oblique(plane)), through: .fullRange)
    }
    plane.center = [-3, 4, 10]
    let picture = try volume.picture(SliceRequest(.oblique(plane)), through: .fullRange)
    #expect(picture[0, 0] == [0])
    for (right, down, spacing) in [
      (SIMD3(0.0, 0, 0), SIMD3(0.0, 1, 0), 1.0), ([1, 0, 0], [1, 1, 0], 1),
      ([1, 0, 0], [0, 1, 0], 0), ([1, 0, 0], [0, .nan, 0], 1),
    ] {
      plane.right = right
      plane.down = down
      plane.spacing = spacing
      #expect(throws: WindowingError.self) {
        try volume.picture(SliceRequest(.oblique(plane)), through: .fullRange)
      }
    }
  }

  /// numpy 2: `percentile`, `mean`, `std` of the same samples.
  @Test func `statistics are numpy's`() throws {
    let volume = try Self.patterned()
    #expect(
      try Tone.mr.resolved(for: volume)
        == .window(Window(low: 11.129999999999999, high: 984.9699999999999)))
    guard
      case .window(let window) = try Tone.zScore(limit: 2, over: .all).resolved(for: volume)
    else { return }
    #expect(abs(window.center - 460.0416666666667) < 1e-9)
    #expect(abs(window.width - 4 * 291.58927723292953) < 1e-9)
  }

  @Test func `statistics of nothing are errors`() throws {
    let geometry = Geometry(size: [2, 1, 1], affine: Affine(spacing: [1, 1, 1]))
    let black = try Volume(.int16([0, 0]), geometry: geometry)
    #expect(throws: WindowingError.self) { try black.axial(0, through: .mr) }
    let nan = try Volume(.float32([.nan, .infinity]), geometry: geometry)
    #expect(throws: WindowingError.self) { try nan.axial(0, through: .fullRange) }
    #expect(try nan.axial(0, through: .brain).pixels == [0, 255])
    #expect(try black.axial(0, through: .fullRange).pixels == [0, 0])
    var padded = try Volume(.int16([-2000, 5]), geometry: geometry)
    padded.paddingValue = -2000...(-2000)
    #expect(
      try Tone.fullRange.resolved(for: padded)
        == .window(Window(center: 5.5, width: 1, function: .linearExact)))
  }

  @Test func `the file's tables and windows are taken in its order`() throws {
    var volume = try Self.patterned()
    volume.display.windows = [
      DisplayHints.Window(center: 40, width: 80), DisplayHints.Window(center: 400, width: 900),
    ]
    #expect(try volume.axial(1) == volume.axial(1, through: .brain))
    #expect(
      try volume.axial(1, through: .file(alternative: 1))
        == volume.axial(1, through: Window(center: 400, width: 900)))
    #expect(throws: WindowingError.self) { try volume.axial(1, through: .file(alternative: 2)) }
    let table = DisplayHints.LookupTable(firstMapped: 100, bits: 8, values: [0, 7, 255])
    volume.display.voiLUTs = [table]
    // As stored: square pixels would blend neighbouring levels.
    let request = SliceRequest(.axial, at: 1, aspect: .voxels)
    let levels = try volume.picture(request).pixels
    let values = try volume.values(request).pixels
    for (level, value) in zip(levels, values) {
      #expect(level == (value <= 100 ? 0 : value == 101 ? 7 : 255))
    }
    volume.display.voiLUTs = [DisplayHints.LookupTable(firstMapped: 0, bits: 8, values: [])]
    #expect(throws: WindowingError.self) { try volume.axial(1) }
  }

  @Test func `a modality table comes before the window`() throws {
    var volume = try Self.patterned()
    volume.display.modalityLUT = DisplayHints.LookupTable(
      firstMapped: 0, bits: 16, values: (0..<1000).map { UInt16(1000 - $0) })
    let request = SliceRequest(.axial, at: 0, aspect: .voxels)
    let levels = try volume.picture(request, through: Window.brain).pixels
    guard case .int16(let stored) = volume.samples else {
      Issue.record("samples of type \(volume.samples.type)")
      return
    }
    for (level, sample) in zip(levels, stored) {
      #expect(level == Window.brain.level(Double(1000 - Int(sample))))
    }
  }

  @Test func `Nyúl's matching brings a scan's landmarks to the reference's`() throws {
    let volume = try Self.patterned()
    let reference = try HistogramReference(learnedFrom: [volume], over: .all)
    guard case .curve(let curve) = try Tone.matched(reference, over: .all).resolved(for: volume)
    else { return }
    #expect(curve.fractions == reference.fractions)
    #expect(curve.fraction(curve.values[5]) == reference.fractions[5])
    #expect(throws: WindowingError.self) { try ToneCurve(from: [1, 0], to: [0, 1]) }
  }

  @Test func `pickers keep what they say, in order`() throws {
    let volume = try Volume(
      .int16([Int16](repeating: 40, count: 4 * 4 * 10)),
      geometry: Geometry(size: [4, 4, 10], affine: Affine(spacing: [20, 20, 5])))
    var marks = [UInt8](repeating: 0, count: 160)
    for z in 3...5 { for k in 0..<(z * 2) { marks[z * 16 + k] = 1 } }
    let mask = try Volume(.uint8(marks), geometry: volume.geometry)
    #expect(try volume.slices(.axial) == Array(0..<10))
    #expect(try volume.slices(.axial, [.every(3)]) == [0, 3, 6, 9])
    #expect(try volume.slices(.axial, [.evenly(2)]) == [2, 7])
    #expect(try volume.slices(.axial, [.evenly(3)]) == [1, 5, 8])
    #expect(try volume.slices(.axial, [.withMask()], mask: mask) == [3, 4, 5])
    #expect(try volume.slices(.axial, [.withMask(atLeast: 8)], mask: mask) == [4, 5])
    #expect(try volume.slices(.axial, [.largestMask()], mask: mask) == [5])
    let random = try volume.slices(.axial, [.random(4, seed: 1)])
    #expect(random.count == 4 && random == random.sorted() && Set(random).count == 4)
    #expect(try volume.slices(.axial, [.random(4, seed: 1)]) == random)
    #expect(try volume.slices(.axial, [.fraction(0.25, seed: 3)]).count == 3)
    for pickers in [
      [.withMask()], [.every(0)], [.evenly(0)], [.fraction(2, seed: 1)], [.withHead()],
      [.within(20..<30)],
    ] as [[SlicePicker]] {
      #expect(throws: WindowingError.self) { try volume.slices(.axial, pickers) }
    }
  }

  @Test func `pickers choose among slices of any kind, if they look at no voxels`() throws {
    #expect(try SlicePicker.indices(of: 10, [.every(3), .within(1..<9)]) == [3, 6])
    #expect(try SlicePicker.indices(of: 10, [.evenly(2)]) == [2, 7])
    for picker in [
      SlicePicker.withHead(), .withMask(), .largestMask(), .every(0), .within(20..<30),
    ] {
      #expect(throws: WindowingError.self) { try SlicePicker.indices(of: 10, [picker]) }
    }
    #expect(throws: WindowingError.self) { try SlicePicker.indices(of: 0, []) }
  }

  @Test func `slices above the vertex have no head`() throws {
    // Discs of skull and brain in air; the two uppermost slices are air and a speck of holder.
    var samples = [Int16](repeating: -1000, count: 64 * 64 * 6)
    for z in 0..<6 {
      for y in 0..<64 {
        for x in 0..<64 {
          let r = Double((x - 32) * (x - 32) + (y - 32) * (y - 32)).squareRoot()
          let edge = z < 4 ? 26.0 - Double(z) * 2 : 1
          if r < edge { samples[x + 64 * (y + 64 * z)] = r > edge - 3 && z < 4 ? 900 : 35 }
        }
      }
    }
    let volume = try Volume(
      .int16(samples),
      geometry: Geometry(size: [64, 64, 6], affine: Affine(spacing: [3, 3, 5])))
    #expect(try volume.slices(.axial, [.withHead()]) == [0, 1, 2, 3])
  }

  @Test func `letters name the picture's sides`() throws {
    let volume = try Self.patterned()
    #expect(
      try volume.orientationLetters(SliceRequest(.axial))
        == OrientationLetters(left: "R", right: "L", top: "A", bottom: "P"))
    #expect(
      try volume.orientationLetters(SliceRequest(.coronal, convention: .neurological))
        == OrientationLetters(left: "L", right: "R", top: "S", bottom: "I"))
  }

  @Test func `a fingerprint is FIPS 180's hash and changes with a sample`() throws {
    var hash = SHA256()
    hash.update(Array("abc".utf8))
    let digest = hash.finish().map { String($0, radix: 16) }.joined(separator: " ")
    #expect(digest.hasPrefix("ba 78 16 bf 8f 1 cf ea 41 41 40 de 5d ae 22 23 b0 3 61 a3"))
    let volume = try Self.patterned()
    var other = volume
    other.samples = .int16([Int16](repeating: 1, count: 120))
    #expect(volume.fingerprint().count == 64)
    #expect(volume.fingerprint() == (try Self.patterned().fingerprint()))
    #expect(volume.fingerprint() != other.fingerprint())
  }
}
