// The part of JSON Schema that Anthropic enforces; the rest is told in words.
// Source: `transform_schema` of PyPI anthropic 2.12.0, `anthropic/lib/_parse/_transform.py`.

enum AnthropicSchema {
  private static let kept: Set<String> = [
    "type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf",
    "allOf", "$ref", "$defs", "definitions", "description", "title", "format", "default",
  ]

  /// The schema with bounds moved into descriptions; the client checks them itself on the answer.
  static func adapted(_ schema: JSON, depth: Int = 0) -> JSON {
    guard depth < 64, case .object(let members) = schema else { return schema }
    var out: [JSON.Member] = []
    var told: [String] = []
    for member in members {
      switch member.key {
      case "properties", "$defs", "definitions":
        let inner = (member.value.members ?? []).map {
          JSON.Member($0.key, adapted($0.value, depth: depth + 1))
        }
        out.append(JSON.Member(member.key, .object(inner)))
      case "items": out.append(JSON.Member("items", adapted(member.value, depth: depth + 1)))
      case "anyOf", "allOf":
        let inner = (member.value.array ?? []).map { adapted($0, depth: depth + 1) }
        out.append(JSON.Member(member.key, .array(inner)))
      case "minItems" where member.value == 0 || member.value == 1: out.append(member)
      case let key where kept.contains(key): out.append(member)
      default: told.append("\(member.key): \(member.value)")
      }
    }
    var result = JSON.object(out)
    if result["type"] == "object", result["additionalProperties"] == nil {
      result.set("additionalProperties", false)
    }
    if !told.isEmpty {
      let words = [result["description"]?.string, "{\(told.joined(separator: ", "))}"]
      result.set("description", .string(words.compactMap { $0 }.joined(separator: " ")))
    }
    return result
  }
}
