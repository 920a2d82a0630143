// Ask, read a value from the answer, and look at the evidence. Offline: the model is a closure.

import MLLMClients

enum Subtype: String, Codable, CaseIterable, Sendable {
  case epidural, subdural, subarachnoid, intraventricular, intraparenchymal
}

struct Reading: Codable, Sendable, SchemaDescribed {
  var present: Bool
  var subtypes: [Subtype]
  var confidence: Double

  static var schemaDetails: [String: JSON] { ["confidence": ["minimum": 0, "maximum": 1]] }
}

let client = InProcess("a closure") { prompt, _ in
  "```json\n{\"present\": true, \"subtypes\": [\"subdural\"], \"confidence\": 0.8}\n```"
}

let prompt = Prompt {
  System("You are an expert neuroradiologist.")
  User("Which haemorrhage subtypes are present?")
}.answering(Reading.self)

let answer = try await client.reply(to: prompt)
switch answer.outcome {
case .answered(let reading): print("answered:", reading.subtypes, reading.confidence)
case .refused(let refusal): print("refused:", refusal.explanation)
case .blocked(let block): print("blocked:", block.reason)
case .truncated(let truncation): print("cut:", truncation.limit)
case .malformed(let malformation): print("malformed:", malformation.detail)
case .failed(let error): print("failed:", error)
}
print("rule:", answer.rule?.rawValue ?? "none")
print("key:", answer.reply.evidence.key?.description.prefix(12) ?? "none")
