import BenchProtocol
import VolumeIO
import Windowing

/// A volume from a file, read once.
func volume(_ path: String) throws -> Volume {
  if let kept = Store.volumes.withLock({ $0[path] }) { return kept }
  let made = try Volume(contentsOf: path)
  Store.volumes.withLock { $0[path] = made }
  return made
}

func window(_ name: String, _ function: String) -> Tone {
  var window = Window(preset: name) ?? .brain
  window.function = Window.Function(rawValue: function) ?? .linear
  return .window(window)
}

/// `window FILE PRESET FUNCTION`: every voxel of a volume to 8 bits.
func runWindow(_ arguments: [String]) throws -> Double {
  let scan = try volume(arguments[0])
  let tone = window(arguments[1], arguments[2])
  return try seconds { keep(try scan.levels(through: tone)) }
}

/// `rgb FILE`: every voxel to three windows.
func runColors(_ arguments: [String]) throws -> Double {
  let scan = try volume(arguments[0])
  let (red, green, blue) = (
    Tone.window(.brain), Tone.window(.subduralRSNA), Tone.window(.boneRSNA)
  )
  return try seconds { keep(try scan.levels(red: red, green: green, blue: blue)) }
}

/// `window-into FILE PRESET FUNCTION`: the same, into memory that is used again.
func runWindowInto(_ arguments: [String]) throws -> Double {
  let scan = try volume(arguments[0])
  let tone = window(arguments[1], arguments[2])
  return try Store.levels.withLock { levels in
    if levels.count != scan.geometry.count { try scan.levels(through: tone, into: &levels) }
    return try seconds { try scan.levels(through: tone, into: &levels) }
  }
}

/// `rgb-into FILE`: the same, into memory that is used again.
func runColorsInto(_ arguments: [String]) throws -> Double {
  let scan = try volume(arguments[0])
  let (red, green, blue) = (
    Tone.window(.brain), Tone.window(.subduralRSNA), Tone.window(.boneRSNA)
  )
  return try Store.levels.withLock { levels in
    if levels.count != 3 * scan.geometry.count {
      try scan.levels(red: red, green: green, blue: blue, into: &levels)
    }
    return try seconds { try scan.levels(red: red, green: green, blue: blue, into: &levels) }
  }
}

/// `png FILE KIND EFFORT`: each slice of a volume to a PNG in memory; KIND is gray, gray16 or rgb.
func runPNG(_ arguments: [String]) throws -> Double {
  let scan = try volume(arguments[0])
  let options = PNGOptions(PNGOptions.Effort(rawValue: arguments[2]) ?? .standard)
  var total = 0.0
  for index in 0..<scan.size.z {
    let request = SliceRequest(.axial, at: index)
    switch arguments[1] {
    case "rgb":
      let picture = try scan.composite(
        request, red: .brain, green: .subduralRSNA, blue: .boneRSNA)
      total += try seconds { keep(try picture.png(options)) }
    case "gray16":
      let values = try scan.values(request)
      let picture = try Gray16Image(
        width: values.width, height: values.height,
        pixels: values.pixels.map { UInt16(min(max($0 + 2048, 0), 65_535)) })
      total += try seconds { keep(try picture.png(options)) }
    default:
      let picture = try scan.picture(request, through: .brain)
      total += try seconds { keep(try picture.png(options)) }
    }
  }
  return total
}

/// `bytes FILE KIND EFFORT`: the bytes of those PNGs, given back as if they were seconds.
func runBytes(_ arguments: [String]) throws -> Double {
  let scan = try volume(arguments[0])
  let options = PNGOptions(PNGOptions.Effort(rawValue: arguments[2]) ?? .standard)
  var total = 0
  for index in 0..<scan.size.z {
    let request = SliceRequest(.axial, at: index)
    switch arguments[1] {
    case "rgb":
      total += try scan.composite(request, red: .brain, green: .subduralRSNA, blue: .boneRSNA)
        .png(options).count
    case "gray16":
      let values = try scan.values(request)
      total += try Gray16Image(
        width: values.width, height: values.height,
        pixels: values.pixels.map { UInt16(min(max($0 + 2048, 0), 65_535)) }
      ).png(options).count
    default:
      total += try scan.picture(request, through: .brain).png(options).count
    }
  }
  return Double(total)
}

serve([
  "window": runWindow, "rgb": runColors, "png": runPNG, "bytes": runBytes,
  "series": runSeries, "window-into": runWindowInto, "rgb-into": runColorsInto,
])
