// Decode, window, ask and score: the whole sentence, offline. The model is a closure.

import Evaluation
import Foundation
import MLLMClients
import VolumeIO
import Windowing

/// A made-up scan on disk, so that there is something to decode.
let file = FileManager.default.temporaryDirectory
  .appendingPathComponent("first-steps-\(ProcessInfo.processInfo.processIdentifier).nii.gz").path
let side = 64
let samples = (0..<side * side * 3).map { i -> Int16 in
  let (x, y) = (i % side - 32, i / side % side - 32)
  let r = x * x + y * y
  return r > 900 ? -1000 : r > 700 ? 1100 : abs(x - 12) < 6 && abs(y) < 6 ? 70 : 32
}
try Volume(
  .int16(samples), geometry: Geometry(size: [side, side, 3], affine: Affine(spacing: [3, 3, 5])),
  modality: "CT"
).writeNIfTI(to: file)
defer { try? FileManager.default.removeItem(atPath: file) }

let scan = try Volume(contentsOf: file)
print(scan)
let slice = try scan.axial(1, through: .brain)
let png = try slice.png()

let model = InProcess("a closure") { prompt, _ in "Yes, there is haemorrhage." }
let reply = try await model.reply(
  to: Prompt {
    System("You are an expert neuroradiologist.")
    User {
      "Is there haemorrhage on this slice?"
      Image(png: png)
    }
  })
let answer = YesNoParser(finding: ["haemorrhage"]).parse(reply.text)
print(reply.outcome.kind, "·", answer.outcome, "·", answer.rule)

let matrix = try ConfusionMatrix(
  truth: [true, false, true], outcomes: [answer.outcome, .answered(false), .refused],
  classes: [false, true])
print(matrix.accuracy)
