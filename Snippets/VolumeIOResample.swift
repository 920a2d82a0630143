// Bring a label map onto the grid of another scan, and tell whether two grids are the same.
import VolumeIO

let labels = try Volume(
  .uint8((0..<1000).map { UInt8($0 % 3) }),
  geometry: Geometry(size: [10, 10, 10], affine: Affine(spacing: [2, 2, 2])))
let scan = try Volume(
  .float32([Float](repeating: 0, count: 8000)),
  geometry: Geometry(size: [20, 20, 20], affine: Affine(spacing: [1, 1, 1])))

for difference in labels.geometry.differences(from: scan.geometry) { print(difference) }

let onGrid = try labels.resampled(like: scan, .nearest)
print(onGrid.geometry.matches(scan.geometry), onGrid.samples.type)

let even = try scan.resampled(spacing: [1.5, 1.5, 1.5], .linear, background: -1000)
print(even.size)

let box = scan.cropped(x: 5..<15, y: 5..<15, z: 0..<20)
  .padded(before: [1, 1, 0], after: [1, 1, 0])
print(box.size, box.geometry.affine.origin)
