// Write a scan, read it back whatever its format, look at values and places.
import Foundation
import VolumeIO

let folder = FileManager.default.temporaryDirectory.appending(path: "roentgen-\(UUID())")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(at: folder) }
let path = folder.appending(path: "head.nii.gz").path

// A ball of 40 HU in air, 1 × 1 × 2 mm, stored as a scanner stores it: 1024 above Hounsfield units.
var stored: [Int16] = []
for z in 0..<20 {
  for y in 0..<40 {
    for x in 0..<40 {
      let across: Int = (x - 20) * (x - 20)
      let down: Int = (y - 20) * (y - 20)
      let along: Int = 4 * (z - 10) * (z - 10)
      let distance: Int = across + down + along
      stored.append(distance < 300 ? Int16(1064) : Int16(24))
    }
  }
}
let made = try Volume(
  .int16(stored),
  geometry: Geometry(size: [40, 40, 20], affine: Affine(spacing: [1, 1, 2])),
  rescale: Rescale(slope: 1, intercept: -1024), modality: "CT")
try made.writeNIfTI(to: path)

let scan = try Volume(contentsOf: path)
print(scan)
print("centre:", scan[20, 20, 10], "corner:", scan[0, 0, 0])

let canonical = scan.reoriented(to: .RAS)
print(canonical.geometry.orientation, canonical.geometry.affine([0, 0, 0]))

// One slice of an uncompressed file costs its own bytes only; here the file is gzipped.
let slice = try NIfTIFile(contentsOf: path).slice(10)
print(slice.size, slice.statistics().max)

do {
  _ = try Volume(contentsOf: folder.appending(path: "missing.nii").path)
} catch let error where error.code == .file {
  print(error)
}
