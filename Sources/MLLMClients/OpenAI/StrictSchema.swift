// Whether a schema keeps the rules of OpenAI's strict mode.
// Source: the SDK's `to_strict_json_schema`, PyPI openai 3.54.0, `lib/_pydantic.py`.

extension AnswerFormat {
  /// Whether every object names all its properties as required and allows no others: what OpenAI's
  /// strict mode wants. Schemas derived from a type do; one written by hand is sent as it is, and
  /// not called strict when it isn't.
  var isStrict: Bool { Self.isStrict(schema, depth: 0) }

  private static func isStrict(_ schema: JSON, depth: Int) -> Bool {
    guard depth < 10 else { return false }
    if schema["properties"] != nil || schema["type"]?.string == "object" {
      let names = schema["properties"]?.members?.map(\.key) ?? []
      let required = Set((schema["required"]?.array ?? []).compactMap(\.string))
      guard schema["additionalProperties"] == false, Set(names) == required else { return false }
    }
    if schema["$ref"] != nil, schema.members?.count != 1 { return false }
    var parts = (schema["properties"]?.members ?? []).map(\.value)
    parts += (schema["$defs"]?.members ?? []).map(\.value)
    parts += schema["anyOf"]?.array ?? []
    if let items = schema["items"] { parts.append(items) }
    return schema["allOf"] == nil && parts.allSatisfy { isStrict($0, depth: depth + 1) }
  }
}
