// Whether a value fits a schema: checked here, because not every server that is sent one obeys it.
// Source: JSON Schema 2020-12, the keywords that vendors take.

extension AnswerFormat {
  /// The first place where a value does not fit the schema, or nil when it fits.
  ///
  /// Checked: `type`, `enum`, `const`, `properties`, `required`, `additionalProperties: false`,
  /// `items`, `minItems`, `maxItems`, `minimum`, `maximum`, `exclusiveMinimum`,
  /// `exclusiveMaximum`, `minLength`, `maxLength`, `anyOf`, `allOf`, `$ref` into `$defs`. Other
  /// keywords are taken as said.
  public func violation(in value: JSON) -> String? {
    SchemaCheck(root: schema).violation(value, schema, at: "", depth: 0)
  }
}

private struct SchemaCheck {
  let root: JSON

  func violation(_ value: JSON, _ schema: JSON, at path: String, depth: Int) -> String? {
    guard depth < 64 else { return say(path, "schema nested too deep") }
    if let reference = schema["$ref"]?.string {
      let name = reference.split(separator: "/").last.map(String.init) ?? ""
      guard let target = root["$defs"]?[name] ?? root["definitions"]?[name] else {
        return say(path, "unknown reference \(reference)")
      }
      return violation(value, target, at: path, depth: depth + 1)
    }
    if let choices = schema["anyOf"]?.array {
      let complaints = choices.map { violation(value, $0, at: path, depth: depth + 1) }
      if !complaints.contains(nil) { return complaints.first ?? say(path, "nothing is allowed") }
    }
    for part in schema["allOf"]?.array ?? [] {
      if let complaint = violation(value, part, at: path, depth: depth + 1) { return complaint }
    }
    if let complaint = typeViolation(value, schema, at: path) { return complaint }
    if let choices = schema["enum"]?.array, !choices.contains(value) {
      return say(path, "\(value) is none of \(choices.map(\.description).joined(separator: ", "))")
    }
    if let constant = schema["const"], constant != value {
      return say(path, "\(value) is not \(constant)")
    }
    switch value {
    case .object(let members): return objectViolation(members, schema, at: path, depth: depth)
    case .array(let items): return arrayViolation(items, schema, at: path, depth: depth)
    case .integer, .number: return numberViolation(value.double ?? 0, schema, at: path)
    case .string(let text): return textViolation(text, schema, at: path)
    case .null, .bool: return nil
    }
  }

  private func say(_ path: String, _ what: String) -> String {
    path.isEmpty ? what : "\(path): \(what)"
  }

  private func typeViolation(_ value: JSON, _ schema: JSON, at path: String) -> String? {
    let types: [String]
    switch schema["type"] {
    case .string(let name)?: types = [name]
    case .array(let names)?: types = names.compactMap(\.string)
    default: return nil
    }
    let fits = types.contains { name in
      switch (name, value) {
      case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool),
        ("null", .null), ("number", .integer), ("number", .number), ("integer", .integer):
        true
      case ("integer", .number): value.integer != nil
      default: false
      }
    }
    return fits ? nil : say(path, "not \(types.joined(separator: " or "))")
  }

  private func objectViolation(
    _ members: [JSON.Member], _ schema: JSON, at path: String, depth: Int
  ) -> String? {
    if let twice = members.indices.first(where: { index in
      members[..<index].contains {
        $0.key == members[index].key && $0.value != members[index].value
      }
    }) {
      return say(path, "\(members[twice].key) is told twice, and differently")
    }
    for name in (schema["required"]?.array ?? []).compactMap(\.string)
    where !members.contains(where: { $0.key == name }) {
      return say(path, "\(name) is missing")
    }
    let properties = schema["properties"]
    for member in members {
      let inner = path.isEmpty ? member.key : "\(path).\(member.key)"
      if let part = properties?[member.key] {
        if let complaint = violation(member.value, part, at: inner, depth: depth + 1) {
          return complaint
        }
      } else if schema["additionalProperties"] == false {
        return say(inner, "is not asked for")
      }
    }
    return nil
  }

  private func arrayViolation(
    _ items: [JSON], _ schema: JSON, at path: String, depth: Int
  ) -> String? {
    if let least = schema["minItems"]?.integer, items.count < least {
      return say(path, "\(items.count) items, at least \(least) expected")
    }
    if let most = schema["maxItems"]?.integer, items.count > most {
      return say(path, "\(items.count) items, at most \(most) expected")
    }
    guard let part = schema["items"] else { return nil }
    for (index, item) in items.enumerated() {
      if let complaint = violation(item, part, at: "\(path)[\(index)]", depth: depth + 1) {
        return complaint
      }
    }
    return nil
  }

  private func numberViolation(_ value: Double, _ schema: JSON, at path: String) -> String? {
    if let least = schema["minimum"]?.double, value < least {
      return say(path, "\(value) is below \(least)")
    }
    if let most = schema["maximum"]?.double, value > most {
      return say(path, "\(value) is above \(most)")
    }
    if let least = schema["exclusiveMinimum"]?.double, value <= least {
      return say(path, "\(value) is not above \(least)")
    }
    if let most = schema["exclusiveMaximum"]?.double, value >= most {
      return say(path, "\(value) is not below \(most)")
    }
    return nil
  }

  private func textViolation(_ text: String, _ schema: JSON, at path: String) -> String? {
    let count = text.unicodeScalars.count
    if let least = schema["minLength"]?.integer, count < least {
      return say(path, "\(count) characters, at least \(least) expected")
    }
    if let most = schema["maxLength"]?.integer, count > most {
      return say(path, "\(count) characters, at most \(most) expected")
    }
    return nil
  }
}
