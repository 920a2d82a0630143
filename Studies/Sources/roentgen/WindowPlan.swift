import ArgumentParser
import Foundation
import ICHStudy
import VolumeIO
import Windowing

/// What `roentgen window` was asked for, understood.
struct WindowPlan: Sendable {
  var tones: [Tone]
  var orientation: SliceOrientation
  var colors: ColorMap?
  var fillsMask: Bool
  var limits: ReaderLimits?
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
    let function = try command.function.map { try Self.function($0) }
    tones = try command.preset.split(separator: ",").map { try Self.tone(String($0), function) }
    guard tones.count == 1 || tones.count == 3 else {
      throw ValidationError("--preset takes one window, or three; not \(tones.count)")
    }
    orientation = try SliceOrientation(command.plane, normal: command.normal)
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
    guard side ?? 1 >= 1 else { throw ValidationError("--side \(side ?? 0): at least 1") }
    limits = try command.fit.map { try Self.limits($0) }
    colors = try command.map.map { name in
      guard let map = ColorMap.named(name) else {
        throw ValidationError(
          "--map \(name): \(ColorMap.all.map(\.name).joined(separator: ", "))")
      }
      return map
    }
    guard colors == nil || tones.count == 1 else {
      throw ValidationError("--map colours one window, not \(tones.count)")
    }
    guard ["contour", "fill"].contains(command.overlay) else {
      throw ValidationError("--overlay \(command.overlay): contour or fill")
    }
    fillsMask = command.overlay == "fill"
    if case .oblique = orientation, command.masked || command.head || command.mask != nil {
      throw ValidationError("--mask, --masked and --head go with the volume's own planes")
    }
    montage = try command.montage.map { try Self.grid($0) }
    isAnnotated = command.annotate
    guard let effort = PNGOptions.Effort(rawValue: command.effort) else {
      throw ValidationError("--effort \(command.effort): fast, standard or small")
    }
    options = PNGOptions(effort)
    writesProvenance = command.provenance
    overwrites = command.force
  }

  /// Whether pictures lie across the stored slices of most scans.
  var crossesSlices: Bool { orientation != .own(.axial) }

  private static func limits(_ name: String) throws -> ReaderLimits {
    switch name.lowercased() {
    case "claude": return .claude
    case "openai": return .openAI
    case "gemini": return .gemini
    case "medgemma": return .medGemma
    default: throw ValidationError("--fit \(name): claude, openai, gemini or medgemma")
    }
  }

  private static func function(_ name: String) throws -> Window.Function {
    switch name.lowercased() {
    case "linear": return .linear
    case "exact", "linear_exact": return .linearExact
    case "sigmoid": return .sigmoid
    default: throw ValidationError("--function \(name): linear, exact or sigmoid")
    }
  }

  private static func tone(_ name: String, _ function: Window.Function?) throws -> Tone {
    guard let tone = Tone(named: name, function: function) else {
      throw ValidationError(
        "--preset \(name): neither CENTER/WIDTH with a width above zero nor a name that "
          + "roentgen window --list knows")
    }
    return tone
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
        .shape, "a mask of \(Self.size(mask)) voxels for a scan of \(Self.size(volume))")
    }
    let slices = try orientation.slices(of: volume, pickers, convention, mask: mask)
    var complete: [Tone] = []
    for tone in tones { complete.append(try tone.resolved(for: volume)) }
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw WindowingError(.file, "the folder cannot be made").naming(folder)
    }
    try refuseTaken(slices, in: folder)
    let source = writesProvenance ? volume.fingerprint() : nil
    var told: [String: Provenance] = [:]
    progress.stage("windowing \(slices.count) slices")
    var files = 0
    var changes: Set<FitReport.Change> = []
    func save(_ picture: RGBImage, _ name: String) throws {
      // A picture without colours is written as grey: a third of the bytes.
      let gray = picture.gray
      let png = try RGBImage(gray) == picture ? encoded(gray, &changes) : encoded(picture, &changes)
      try writeFile(png, to: folder + "/" + name, overwrites: overwrites)
      var provenance = picture.provenance
      provenance.source = source
      told[name] = provenance
      files += 1
    }
    var sheet: [RGBImage] = []
    var names: [Int] = []
    for (done, slice) in slices.enumerated() {
      let picture = try picture(volume, mask, slice, complete)
      if let montage {
        sheet.append(picture)
        names.append(slice.number)
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
        try save(picture, fileName(slice))
      }
      progress.update(done + 1, of: slices.count)
    }
    for change in changes.map({ "\($0)" }).sorted() { progress.say("  to fit: \(change)") }
    if writesProvenance {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try writeFile(
        Array(encoder.encode(told)), to: folder + "/provenance.json", overwrites: overwrites)
    }
    return files
  }

  private func picture(
    _ volume: Volume, _ mask: Volume?, _ slice: SliceOrientation.Slice, _ tones: [Tone]
  ) throws -> RGBImage {
    var request = slice.request
    request.slab = slab
    var picture: RGBImage
    if tones.count == 3 {
      picture = try volume.composite(request, red: tones[0], green: tones[1], blue: tones[2])
    } else if volume.components > 1 {
      picture = try volume.colors(request)
    } else {
      let gray = try volume.picture(request, through: tones[0])
      picture = colors.map { gray.colored($0) } ?? RGBImage(gray)
    }
    if let side { picture = try picture.fitted(within: side, enlarging: true) }
    if let mask {
      let labels = try mask.labels(request).resized(
        width: picture.width, height: picture.height, by: .nearest)
      picture =
        fillsMask ? try picture.overlaid(mask: labels) : try picture.overlaid(contour: labels)
    }
    if isAnnotated {
      picture = try picture.oriented(volume.orientationLetters(request)).withScaleBar()
    }
    return picture
  }

  /// The PNG of a file, within the limits of its reader; what that changed is noted.
  private func encoded<Format: PNGFormat>(
    _ picture: Raster<Format>, _ changes: inout Set<FitReport.Change>
  ) throws -> [UInt8] {
    guard let limits else { return try picture.png(options) }
    let fitted = try picture.fitted(to: limits, effort: options.effort)
    changes.formUnion(fitted.report.changes)
    return fitted.png
  }

  private func fileName(_ slice: SliceOrientation.Slice) -> String {
    "\(orientation.name)-\(Self.padded(slice.number)).png"
  }

  /// - Throws: `exists` for the first file that is there already, before anything is made.
  private func refuseTaken(_ slices: [SliceOrientation.Slice], in folder: String) throws {
    guard !overwrites else { return }
    var names = slices.map(fileName)
    if let montage {
      let each = montage.columns * montage.rows
      names = (0..<((slices.count + each - 1) / each)).map { "montage-\(Self.padded($0 + 1)).png" }
    }
    if writesProvenance { names.append("provenance.json") }
    for name in names where FileManager.default.fileExists(atPath: folder + "/" + name) {
      throw WindowingError(.exists, "the file exists; --force replaces it").naming(name)
    }
  }

  private static func size(_ volume: Volume) -> String {
    "\(volume.size.x) × \(volume.size.y) × \(volume.size.z)"
  }

  private static func padded(_ number: Int) -> String {
    String(repeating: "0", count: max(0, 4 - String(number).count)) + String(number)
  }
}
