// Two masks: overlap, surface distances from one pass, volume in millilitres.
import Evaluation

func ellipsoid(_ radius: Double) throws -> Mask {
  var voxels: [UInt8] = []
  for z in 0..<12 {
    for y in 0..<40 {
      for x in 0..<40 {
        let (a, b, c) = (Double(z) - 6, Double(y) - 20, Double(x) - 20)
        voxels.append(a * a * 9 + b * b + c * c <= radius * radius ? 1 : 0)
      }
    }
  }
  return try Mask(voxels, shape: [12, 40, 40], spacing: [5, 0.45, 0.45])
}

let reference = try ellipsoid(14)
let prediction = try ellipsoid(12)

let overlap = try Overlap(prediction: prediction, reference: reference)
print(overlap.dice)
let distances = try BoundaryDistances(prediction: prediction, reference: reference)
print(distances.hausdorff95)
for tolerance in [1.0, 2, 5] { print(distances.surfaceDice(tolerance: tolerance)) }
let surfels = try SurfelDistances(prediction: prediction, reference: reference)
print(surfels.surfaceDice(tolerance: 1))

print(reference.millilitres, "mL, predicted", prediction.millilitres)
print(Components(reference).count, "component")
