import ArgumentParser
import Foundation
import Phantoms
import VolumeIO
import Windowing

struct GalleryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gallery",
    abstract: "One contact sheet of every kind of picture, to be looked at.")

  @Option(name: .shortAndLong, help: "Folder for the sheet.")
  var output = "runs/gallery"

  @Option(help: "A scan to show; by default a generated head.")
  var scan: String?

  func run() async throws {
    try FileManager.default.createDirectory(
      atPath: output, withIntermediateDirectories: true)
    var gallery: Gallery
    if let scan {
      gallery = Gallery(volume: try Volume(contentsOf: scan), mask: nil)
    } else {
      gallery = try Gallery.phantom()
    }
    let sheet = try gallery.sheet()
    try writeFile(sheet.png(.small), to: output + "/gallery.png", overwrites: true)
    print("\(output)/gallery.png: \(sheet.width) × \(sheet.height)")
  }
}

/// Every kind of picture that `Windowing` makes of one scan.
struct Gallery {
  var volume: Volume
  var mask: Volume?

  static func phantom() throws -> Gallery {
    let head = HeadPhantom(seed: 7, index: 3)
    let size = SIMD3(head.acquisition.matrix, head.acquisition.matrix, head.acquisition.slices)
    var samples: [Int16] = []
    var labels: [UInt8] = []
    for index in 0..<size.z {
      let slice = head.slice(index)
      samples += slice.hounsfield
      labels += slice.labels
    }
    let origin = head.position(column: 0, row: 0, slice: 0)
    let affine = Affine(
      x: head.position(column: 1, row: 0, slice: 0) - origin,
      y: head.position(column: 0, row: 1, slice: 0) - origin,
      z: head.position(column: 0, row: 0, slice: 1) - origin, origin: origin)
    let geometry = Geometry(size: size, affine: affine)
    return Gallery(
      volume: try Volume(.int16(samples), geometry: geometry, modality: "CT"),
      mask: try Volume(.uint8(labels), geometry: geometry))
  }

  func sheet() throws -> RGBImage {
    var panels: [RGBImage] = []
    let side = 300
    func add(_ title: String, _ picture: RGBImage) throws {
      panels.append(
        try picture.letterboxed(width: side, height: side).captioned(title, height: 10))
    }
    func add(_ title: String, _ picture: GrayImage) throws { try add(title, RGBImage(picture)) }
    let middle =
      try mask.map { try volume.slices(.axial, [.largestMask()], mask: $0)[0] }
      ?? volume.size.z / 2
    let axial = SliceRequest(.axial, at: middle)
    for preset in WindowPreset.all {
      try add(
        "\(preset.name)\n\(preset.window)", volume.picture(axial, through: preset.window))
    }
    for function in [Window.Function.linear, .linearExact, .sigmoid] {
      let window = Window(center: 40, width: 80, function: function)
      try add("40/80 \(function.rawValue)", volume.picture(axial, through: window))
    }
    for (title, tone) in [
      ("percentiles above zero", Tone.mr), ("z-score ±2", .zScore(limit: 2, over: .positive)),
      ("full range", .fullRange), ("slice range", .sliceRange(.haemorrhage)),
      (
        "Nyúl", .matched(try HistogramReference(learnedFrom: [volume]), over: .positive)
      ),
    ] { try add(title, volume.picture(axial, through: tone)) }
    try add(
      "brain, subdural, bone as RGB",
      volume.composite(axial, red: .brain, green: .subduralRSNA, blue: .boneRSNA))
    try add(
      "MedGemma's three",
      volume.composite(
        axial, red: .medGemmaWide, green: .medGemmaSoftTissue, blue: .medGemmaBrain))
    let brain = try volume.picture(axial, through: .brain)
    for map in ColorMap.all { try add("colour map \(map.name)", brain.colored(map)) }
    try addPlanes(add: { try add($0, $1) })
    try addOverlays(axial, brain, add: { try add($0, $1) })
    return try RGBImage.montage(
      panels, style: MontageStyle(columns: 8, gap: 6, numbering: .none))[0]
  }

  private func addPlanes(add: (String, RGBImage) throws -> Void) throws {
    let size = volume.size
    for convention in [Convention.radiological, .neurological, .stored] {
      for (name, plane, count) in [
        ("axial", Plane.axial, try volume.geometry.sliceCount(.axial)),
        ("coronal", .coronal, try volume.geometry.sliceCount(.coronal)),
        ("sagittal", .sagittal, try volume.geometry.sliceCount(.sagittal)),
      ] {
        let request = SliceRequest(plane, at: count / 2, convention: convention)
        let picture = RGBImage(try volume.picture(request, through: .brain))
          .oriented(try volume.orientationLetters(request), height: 14)
        try add("\(name), \(convention.rawValue)", picture)
      }
    }
    let center = volume.geometry.affine(
      SIMD3(Double(size.x - 1), Double(size.y - 1), Double(size.z - 1)) / 2)
    let oblique = ObliquePlane(
      center: center, right: [1, 0, 0], down: [0, 0.8, -0.6], spacing: 0.8, width: 280,
      height: 280)
    let request = SliceRequest(.oblique(oblique))
    try add(
      "oblique",
      RGBImage(try volume.picture(request, through: .brain))
        .oriented(try volume.orientationLetters(request), height: 14))
    for projection in [Slab.Projection.maximum, .minimum, .mean] {
      let slab = SliceRequest(
        .coronal, at: size.y / 2, slab: Slab(projection, count: size.y / 8))
      try add(
        "slab, \(projection.rawValue)", RGBImage(try volume.picture(slab, through: .bone)))
    }
  }

  private func addOverlays(
    _ axial: SliceRequest, _ brain: GrayImage, add: (String, RGBImage) throws -> Void
  ) throws {
    let large = try RGBImage(brain).resized(width: 600, height: 600, by: .lanczos)
    if let mask {
      let labels = try mask.labels(axial).resized(width: 600, height: 600, by: .nearest)
      try add("mask", large.overlaid(mask: labels))
      try add("contour", large.overlaid(contour: labels, thickness: 3))
      if let box = PixelBox(around: labels) {
        try add(
          "box and label",
          large.boxed(box, label: "bleed 0.97", style: StrokeStyle(.labelOrange, thickness: 3)))
        try add(
          "arrow",
          large.arrow(
            from: [60, 60], to: [Double(box.x), Double(box.y)],
            style: StrokeStyle(.labelOrange, thickness: 4)))
      }
    }
    try add("scale bar", large.withScaleBar().oriented(try volume.orientationLetters(axial)))
    let letters = """
      ABCDEFGHIJKLM
      NOPQRSTUVWXYZ
      abcdefghijklm
      nopqrstuvwxyz
      0123456789 +-=
      .,:;!?'"()[]{}
      #$%&@*/\\|<>^_~
      µ°×±≤≥²³ äöüéß
      """
    let page = try RGBImage(width: 300, height: 300, filledWith: [0, 0, 0])
    try add("letters", page.labeled(letters, at: [14, 14], height: 16))
    for filter in ResizeFilter.allCases {
      let part = try RGBImage(brain).resized(width: 24, height: 24, by: filter)
      try add(
        "\(filter.rawValue) to 24 and back",
        part.resized(width: 300, height: 300, by: filter))
    }
    let kept = try volume.slices(.axial, [.evenly(9)])
    let small = try kept.map { index in
      try volume.picture(SliceRequest(.axial, at: index), through: .brain)
    }
    let montage = try RGBImage.montage(
      small, style: MontageStyle(columns: 3, numbering: .texts(kept.map { "\($0)" })))[0]
    try add("montage", montage)
    let part = try RGBImage(brain).centerCropped(
      width: brain.width * 3 / 5, height: brain.height * 4 / 5)
    try add("padded to square", part.paddedToSquare(with: [40, 40, 90]))
  }
}
