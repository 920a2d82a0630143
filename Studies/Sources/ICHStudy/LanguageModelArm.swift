import Foundation
import MLLMClients

/// A language model that a run asks.
struct LanguageModelArm: Sendable {
  /// Such as `openai:gpt-6-sol`; what the report calls it.
  var name: String
  var client: any PromptClient

  /// The arms that options and environment configure.
  ///
  /// - Parameters:
  ///   - usesEnvironment: Whether a key in the environment is enough; for real data a model must be
  ///     named, as their pictures leave the machine only when the caller says so.
  /// - Throws: `StudyError.Code.usage` for a model that names no vendor and has no endpoint.
  static func configured(
    _ options: StudyOptions, environment: [String: String], usesEnvironment: Bool
  ) throws -> [LanguageModelArm] {
    var arms: [LanguageModelArm] = []
    var names = options.models
    if let endpoint = options.endpoint {
      guard let base = URL(string: endpoint), base.scheme?.hasPrefix("http") == true,
        base.host != nil
      else { throw StudyError(.usage, "--endpoint \(endpoint): expected http://HOST:PORT/v1") }
      guard !names.isEmpty else {
        throw StudyError(.usage, "--endpoint needs --model NAME, as the server calls it")
      }
      for name in names where vendor(of: name) == nil {
        let hasKey = !(environment["OPENAI_COMPATIBLE_API_KEY"] ?? "").isEmpty
        arms.append(
          LanguageModelArm(
            name: name,
            client: OpenAICompatible(
              base: base, model: name,
              key: hasKey ? .environment("OPENAI_COMPATIBLE_API_KEY") : .none)))
      }
      names.removeAll { vendor(of: $0) == nil }
    }
    if names.isEmpty, options.endpoint == nil, usesEnvironment {
      func isSet(_ name: String) -> Bool { !(environment[name] ?? "").isEmpty }
      if isSet("OPENAI_API_KEY") { names.append("openai:gpt-6-sol") }
      if isSet("ANTHROPIC_API_KEY") { names.append("anthropic:claude-sonnet-5-5") }
      if isSet("GEMINI_API_KEY") || isSet("GOOGLE_API_KEY") {
        names.append("gemini:gemini-3.8-flash")
      }
    }
    for name in names {
      guard let vendor = vendor(of: name) else {
        throw StudyError(
          .usage,
          "--model \(name): expected openai:NAME, anthropic:NAME or gemini:NAME, or an --endpoint")
      }
      let model = String(name.drop { $0 != ":" }.dropFirst())
      switch vendor {
      case "openai": arms.append(LanguageModelArm(name: name, client: OpenAI(model)))
      case "anthropic": arms.append(LanguageModelArm(name: name, client: Anthropic(model)))
      default: arms.append(LanguageModelArm(name: name, client: Gemini(model)))
      }
    }
    return arms
  }

  private static func vendor(of name: String) -> String? {
    ["openai", "anthropic", "gemini"].first { name.hasPrefix($0 + ":") }
  }
}
