// A DICOM series: written, found, read, de-identified.

import Foundation
import VolumeIO

let folder = FileManager.default.temporaryDirectory.appending(path: "roentgen-dicom-snippet").path

// A small tilted head, written as real CT files.
let samples = (0..<64 * 64 * 5).map { Int16(truncatingIfNeeded: $0 % 2000 - 1000) }
let affine = Affine(x: [0.5, 0, 0], y: [0, 0.48, 0.14], z: [0, 0, 5], origin: [-16, -16, 40])
var head = try Volume(
  .int16(samples), geometry: Geometry(size: [64, 64, 5], affine: affine), modality: "CT")
head.display.windows = [.init(center: 40, width: 80, explanation: "BRAIN")]
try DICOMWriter(seed: "case-017").write(head, to: folder)

// One pass over the headers of a folder tree; pixels stay where they are.
for series in try DICOMSeries.find(in: folder) {
  print(series)
  for note in series.diagnostics { print("  \(note)") }
}

let series = try DICOMSeries.single(in: folder)
let scan = try Volume(series: series)
print(scan)

// Right angles for software that knows no shear.
var options = DICOMReadOptions()
options.gantryTilt = .resample
options.irregularSpacing = .resample(step: nil)
let upright = try series.read(options).volume
print(upright.geometry.size)

// A label volume becomes a SEG that names the series, and comes back aligned to it.
let bright = samples.map { $0 > 500 ? UInt8(1) : 0 }
let labels = try Volume(.uint8(bright), geometry: series.geometry)
let writer = DICOMSegmentationWriter(
  seed: "case-017/seg", segments: [.init(number: 1, label: "bright")])
let seg = try DICOMSegmentation(DICOMFile(writer.file(labels, of: series)))
print(try seg.labels(alignedTo: series).samples == labels.samples)

// Every element of a file, without its pixels.
let file = try DICOMFile(contentsOf: series.files[0])
print(file.transferSyntax, file.dataSet.doubles(.pixelSpacing))

var profile = DICOMDeidentifier.Options()
profile.dates = .shift
let (bytes, report) = try DICOMDeidentifier(key: "a secret", options: profile).deidentify(file)
print(bytes.count, report)
