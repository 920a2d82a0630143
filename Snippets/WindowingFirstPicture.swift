// A slice through windows: grey, three windows as colours, annotated, as PNG bytes.

import VolumeIO
import Windowing

/// A disc of brain within a ring of skull, as a scanner would store it.
func head() throws -> Volume {
  let side = 128
  var samples: [Int16] = []
  for z in 0..<8 {
    for y in 0..<side {
      for x in 0..<side {
        let (dx, dy) = (x - side / 2, y - side / 2)
        let radius = Double(dx * dx + dy * dy).squareRoot()
        let bleed = z > 2 && dx > 15 && dx < 30 && abs(dy) < 8
        samples.append(radius > 56 ? -1000 : radius > 50 ? 1100 : bleed ? 70 : 32)
      }
    }
  }
  return try Volume(
    .int16(samples),
    geometry: Geometry(size: [side, side, 8], affine: Affine(spacing: [1.5, 1.5, 5])),
    modality: "CT")
}

let scan = try head()
let slice = try scan.axial(4, through: .brain)
let png = try slice.png()
print("\(slice): \(png.count) bytes")

let request = SliceRequest(.axial, at: 4)
let colors = try scan.composite(request, red: .brain, green: .subduralRSNA, blue: .boneRSNA)
let shown =
  try colors
  .oriented(scan.orientationLetters(request))
  .withScaleBar()
  .captioned("axial 4, brain · subdural · bone")
print("\(shown): \(try shown.png().count) bytes")

let kept = try scan.slices(.axial, [.withHead(), .every(2)])
let sheet = try RGBImage.montage(
  kept.map { try scan.axial($0, through: .brain) },
  style: MontageStyle(numbering: .texts(kept.map { "\($0)" })))[0]
print("slices \(kept) on a sheet of \(sheet.width) × \(sheet.height)")

let fitted = try sheet.fitted(to: .claude)
print("for the reader: \(fitted.report.width) × \(fitted.report.height)", fitted.report.changes)
