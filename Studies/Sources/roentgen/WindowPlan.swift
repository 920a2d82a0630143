import ArgumentParser
import Foundation
import ICHStudy
import VolumeIO
import Windowing

/// What `roentgen window` was asked for, understood.
struct WindowPlan: Sendable {
  var tones: [Tone]
  var plane: Plane
  var convention: Convention
  var pickers: [SlicePicker]
  var slab: Slab?
  var side: Int?
  var montage: (columns: Int, rows: Int)?
  var isAnnotated: Bool
  var options: PNGOptions
  var writesProvenance: Bool
  var overwrites: Bool

  init(_ command: WindowCommand) throws {
    tones = try command.preset.split(separator: ",").map { try Self.tone(String($0)) }
    guard tones.count == 1 || tones.count == 3 else {
      throw ValidationError("--preset takes one window, or three; not \(tones.count)")
    }
    switch command.plane {
    case "axial": plane = .axial
    case "coronal": plane = .coronal
    case "sagittal": plane = .sagittal
    default: throw ValidationError("--plane \(command.plane): axial, coronal or sagittal")
    }
    guard let convention = Convention(rawValue: command.convention) else {
      throw ValidationError(
        "--convention \(command.convention): radiological, neurological, stored")
    }
    self.convention = convention
    pickers = command.head ? [.withHead()] : []
    if command.masked { pickers.append(.withMask()) }
    if let every = command.every { pickers.append(.every(every)) }
    if let count = command.evenly { pickers.append(.evenly(count)) }
    if let count = command.random { pickers.append(.random(count, seed: command.seed)) }
    slab = try command.slab.map { try Self.slab($0) }
    side = command.side
    montage = try command.montage.map { try Self.grid($0) }
    isAnnotated = command.annotate
    guard let effort = PNGOptions.Effort(rawValue: command.effort) else {
      throw ValidationError("--effort \(command.effort): fast, standard or small")
    }
    options = PNGOptions(effort)
    writesProvenance = command.provenance
    overwrites = command.force
  }

  private static func tone(_ name: String) throws -> Tone {
    switch name {
    case "file": return .file()
    case "mr": return .mr
    case "full": return .fullRange
    default: break
    }
    if let window = Window(preset: name) { return .window(window) }
    let numbers = name.split(separator: "/").map { Double($0) }
    if numbers.count == 2, let center = numbers[0], let width = numbers[1] {
      return .window(Window(center: center, width: width))
    }
    throw ValidationError("no preset named \(name); see roentgen window --list")
  }

  private static func slab(_ text: String) throws -> Slab {
    let parts = text.split(separator: ":").map(String.init)
    let names: [String: Slab.Projection] = ["max": .maximum, "min": .minimum, "mean": .mean]
    guard parts.count == 2, let projection = names[parts[0]], let count = Int(parts[1]) else {
      throw ValidationError("--slab \(text): max:5, min:5 or mean:5")
    }
    return Slab(projection, count: count)
  }

  private static func grid(_ text: String) throws -> (columns: Int, rows: Int) {
    let parts = text.lowercased().split(separator: "x").compactMap { Int($0) }
    guard parts.count == 2, parts[0] >= 1, parts[1] >= 1 else {
      throw ValidationError("--montage \(text): COLUMNSxROWS, such as 4x5")
    }
    return (parts[0], parts[1])
  }

  /// Writes the files and returns how many.
  func write(
    _ volume: Volume, _ mask: Volume?, into folder: String, _ progress: ProgressLine
  ) async throws -> Int {
    if let mask, mask.size != volume.size {
      throw WindowingError(
        .shape, "a mask of \(mask.size) voxels for a scan of \(volume.size)")
    }
    let slices = try volume.slices(plane, pickers, mask: mask)
    var complete: [Tone] = []
    for tone in tones { complete.append(try tone.resolved(for: volume)) }
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    let source = writesProvenance ? volume.fingerprint() : nil
    var told: [String: Provenance] = [:]
    progress.stage("windowing \(slices.count) slices")
    var files = 0
    func save(_ picture: RGBImage, _ name: String) throws {
      // A picture without colours is written as grey: a third of the bytes.
      let gray = picture.gray
      let png = try RGBImage(gray) == picture ? gray.png(options) : picture.png(options)
      try writeFile(png, to: folder + "/" + name, overwrites: overwrites)
      var provenance = picture.provenance
      provenance.source = source
      told[name] = provenance
      files += 1
    }
    var sheet: [RGBImage] = []
    var names: [Int] = []
    for (done, index) in slices.enumerated() {
      let picture = try picture(volume, mask, index, complete)
      if let montage {
        sheet.append(picture)
        names.append(index)
        if sheet.count == montage.columns * montage.rows || done == slices.count - 1 {
          let style = MontageStyle(
            columns: montage.columns, rows: montage.rows,
            numbering: .texts(names.map { String($0) }))
          for page in try RGBImage.montage(sheet, style: style) {
            try save(page, "montage-\(Self.padded(files + 1)).png")
          }
          (sheet, names) = ([], [])
        }
      } else {
        try save(picture, "\(command(plane))-\(Self.padded(index)).png")
      }
      progress.update(done + 1, of: slices.count)
    }
    if writesProvenance {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try writeFile(
        Array(encoder.encode(told)), to: folder + "/provenance.json", overwrites: overwrites)
    }
    return files
  }

  private func picture(
    _ volume: Volume, _ mask: Volume?, _ index: Int, _ tones: [Tone]
  ) throws -> RGBImage {
    let request = SliceRequest(plane, at: index, convention: convention, slab: slab)
    var picture =
      tones.count == 3
      ? try volume.composite(request, red: tones[0], green: tones[1], blue: tones[2])
      : volume.components == 1
        ? RGBImage(try volume.picture(request, through: tones[0])) : try volume.colors(request)
    if let side { picture = try picture.fitted(within: side, enlarging: true) }
    if let mask {
      let labels = try mask.labels(request).resized(
        width: picture.width, height: picture.height, by: .nearest)
      picture = try picture.overlaid(contour: labels)
    }
    guard isAnnotated else { return picture }
    return try picture.oriented(volume.orientationLetters(request)).withScaleBar()
  }

  private func command(_ plane: Plane) -> String {
    switch plane {
    case .axial: "axial"
    case .coronal: "coronal"
    default: "sagittal"
    }
  }

  private static func padded(_ number: Int) -> String {
    String(repeating: "0", count: max(0, 4 - String(number).count)) + String(number)
  }
}
