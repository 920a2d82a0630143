import Testing
import VolumeIO
import Windowing

struct WindowTests {
  /// pydicom 3.0 `apply_windowing`, scaled to 0…255; PS3.3 C.11.2.1.2 and C.11.2.1.3 by hand.
  static let inputs: [Double] = [
    -1024, -160, -159, -120, -41, 0, 39, 40, 41, 79, 80, 239, 240, 241,
  ]
  static let linear = [
    0, 0, 0.6391, 25.5639, 76.0526, 102.2556, 127.1805, 127.8195, 128.4586, 152.7444, 153.3835,
    255, 255, 255,
  ]
  static let exact = [
    0, 0, 0.6375, 25.5, 75.8625, 102, 126.8625, 127.5, 128.1375, 152.3625, 153, 254.3625, 255, 255,
  ]
  static let sigmoid = [
    0.0061, 30.3967, 30.6655, 42.8353, 78.5121, 102.3346, 126.8625, 127.5, 128.1375, 152.0521,
    152.6654, 224.3345, 224.6033, 224.87,
  ]

  @Test(arguments: [
    (Window.Function.linear, linear), (.linearExact, exact), (.sigmoid, sigmoid),
  ])
  func `width 400 at 40 gives pydicom's fractions`(
    function: Window.Function, expected: [Double]
  ) {
    let window = Window(center: 40, width: 400, function: function)
    for (input, wanted) in zip(Self.inputs, expected) {
      #expect(abs(window.fraction(input) * 255 - wanted) < 6e-5, "\(input)")
    }
  }

  @Test(arguments: [(0, 0), (39, 125.8861), (40, 129.1139), (41, 132.3418), (79, 255)])
  func `width 80 at 40 is linear between 0 and 79`(input: Double, wanted: Double) {
    #expect(abs(Window.brain.fraction(input) * 255 - wanted) < 6e-5)
  }

  @Test func `a LINEAR window of width 1 is a step half below its centre`() {
    let step = Window(center: 50, width: 1)
    #expect(step.level(49) == 0)
    #expect(step.level(49.5) == 0)
    #expect(step.level(50) == 255)
  }

  @Test(arguments: [(-1350, 0), (-600, 128), (150, 255), (3000, 255)] as [(Double, UInt8)])
  func `lung maps a sample to the level DICOM gives`(sample: Double, level: UInt8) {
    #expect(Window.lung.level(sample) == level)
  }

  @Test func `NaN is black and infinities are the ends`() {
    for function in [Window.Function.linear, .linearExact, .sigmoid] {
      let window = Window(center: 40, width: 80, function: function)
      #expect(window.level(.nan) == 0)
      #expect(window.level(.infinity) == 255)
      #expect(window.level(-.infinity) == 0)
    }
  }

  @Test(arguments: [0, -1, 0.5, .nan, .infinity])
  func `a LINEAR width below 1 or without end is refused`(width: Double) {
    #expect(throws: WindowingError.self) { try Window(center: 0, width: width).validate() }
  }

  @Test func `the other functions take widths above 0`() throws {
    try Window(center: 0, width: 0.5, function: .sigmoid).validate()
    try Window(center: 0, width: 0.5, function: .linearExact).validate()
    #expect(throws: WindowingError.self) {
      try Window(center: 0, width: 0, function: .linearExact).validate()
    }
  }

  @Test func `a refused window still gives levels, and none traps`() {
    for width in [0, -5, .nan, .infinity, -.infinity, 1e308] {
      for function in [Window.Function.linear, .linearExact, .sigmoid] {
        for value in [-1e308, 0, 1e308, .nan, .infinity] {
          _ = Window(center: 1e308, width: width, function: function).level(value)
        }
      }
    }
  }

  @Test func `every preset has a name of its own, a source and a window that DICOM allows`() throws
  {
    #expect(Set(WindowPreset.all.map(\.name)).count == WindowPreset.all.count)
    for preset in WindowPreset.all {
      try preset.window.validate()
      #expect(!preset.source.isEmpty)
      #expect(Window(preset: preset.name) == preset.window)
    }
    #expect(Window(preset: "Temporal Bone") == .temporalBone)
    #expect(Window(preset: "no such window") == nil)
  }

  @Test func `a window of two ends is MONAI's ScaleIntensityRange`() {
    // monai 1.5 ScaleIntensityRange(-80, 120, 0, 255, clip=True)(x)
    let window = Window(low: -80, high: 120)
    for (value, wanted) in [(-100.0, 0.0), (-80, 0), (0, 102), (20, 127.5), (119, 253.725)] {
      #expect(abs(window.fraction(value) * 255 - wanted) < 1e-9)
    }
  }

  @Test func `a tone is named by a preset, by centre and width, or by what it asks of the file`() {
    #expect(Tone(named: "brain") == .window(.brain))
    #expect(Tone(named: "40/80") == .window(Window(center: 40, width: 80)))
    #expect(
      Tone(named: "-600/1500", function: .sigmoid)
        == .window(Window(center: -600, width: 1500, function: .sigmoid)))
    #expect(Tone(named: "file") == .file() && Tone(named: "mr") == .mr)
    #expect(Tone(named: "full") == .fullRange)
    for name in ["", "brains", "40/0", "40/-1", "40/nan", "inf/80", "40/80/1", "40/", "/"] {
      #expect(Tone(named: name) == nil, "\(name)")
    }
  }
}
