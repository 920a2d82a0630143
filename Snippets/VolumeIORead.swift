// A scan from a file, whatever its format: written as NIfTI, read back, looked at.

import Foundation
import VolumeIO

let path = FileManager.default.temporaryDirectory.appending(path: "roentgen-read.nii.gz").path

// A bright ball in air.
var values = [Float](repeating: -1000, count: 40 * 40 * 20)
for index in values.indices {
  let x: Int = index % 40 - 20
  let y: Int = index / 40 % 40 - 20
  let z: Int = index / 1600 - 10
  let squared: Int = x * x + y * y + 4 * z * z
  if squared < 200 { values[index] = 60 }
}
let grid = Geometry(size: [40, 40, 20], affine: Affine(spacing: [1, 1, 2]))
try Volume(.float32(values), geometry: grid).writeNIfTI(to: path)

let scan = try Volume(contentsOf: path)
print(scan)
print("centre:", scan[20, 20, 10], "corner:", scan[0, 0, 0])

let canonical = scan.reoriented(to: .RAS)
print(canonical.geometry.orientation, canonical.geometry.affine([0, 0, 0]))

// One slice of an uncompressed file costs its own bytes only; here the file is gzipped.
let slice = try NIfTIFile(contentsOf: path).slice(10)
print(slice.size, slice.statistics().max)

do throws(VolumeError) {
  _ = try Volume(contentsOf: path + ".missing")
} catch {
  print(error.code == .file, error)
}
