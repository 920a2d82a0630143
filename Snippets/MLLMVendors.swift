// The same prompt for any vendor. Nothing is sent here: it shows what would be.

import Foundation
import MLLMClients

let prompt = Prompt {
  System("You are a radiologist.")
  User("Is there a fracture? Answer yes or no.")
}.answering(oneOf: ["yes", "no"])

let clients: [any PromptClient] = [
  OpenAI("gpt-6-sol"), Anthropic("claude-sonnet-5-5"), Gemini("gemini-3.8-flash"),
  OpenAICompatible(
    base: URL(string: "http://127.0.0.1:11434/v1") ?? URL(filePath: "/"), model: "llava"),
]
for client in clients {
  let request = try client.record(of: prompt, replicate: 0)
  let cost = Estimate(of: prompt, model: client.model).cost
  print(request.api.rawValue, request.url, "key", request.key.description.prefix(8))
  print("  \(request.body.count) bytes, at most", cost.map { "\($0) dollars" } ?? "unknown cost")
}
