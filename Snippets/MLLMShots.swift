// Shots by nearest neighbours, patients kept apart, within a model's picture limit. Offline.

import MLLMClients

func example(_ index: Int) -> ShotExample {
  let features: [Float] = [Float(index % 7), Float(index % 5), 1]
  return ShotExample(
    name: "tile \(index)", label: index.isMultiple(of: 2) ? "tumour" : "stroma",
    group: "patient \(index / 4)", features: features)
}

let pool: [ShotExample] = (0..<40).map(example)
let query = ShotExample(
  name: "query", label: "", group: "patient 3", features: [3, 2, 1])

let model = ModelTable.current.profile("claude-haiku-4-5", vendor: .anthropic)
let count = ShotPlan.fittingCount(10, labels: 2, images: model.limits.images)
let plan = try ShotPlan(for: [query], from: pool, policy: ShotPolicy(count: min(count, 3)))
let shots = try plan.examples(for: "query", from: pool)

let prompt = Prompt {
  System("Answer with one label.").cached()
  for shot in shots {
    User("Features \(shot.features)")
    Assistant(shot.label)
  }
  User("Features \(query.features)")
}.answering(oneOf: ["tumour", "stroma"])

print("shots:", shots.map(\.name))
print("turns:", prompt.turns.count)
let estimate = Estimate(of: prompt, model: model)
print(
  "tokens:", estimate.inputTokens, "at most:", estimate.cost.map { "\($0) dollars" } ?? "unknown")
