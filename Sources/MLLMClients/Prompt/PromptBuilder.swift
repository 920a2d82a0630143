// Prompts as they are spoken: a system text, then turns, each with text and pictures in order.

/// What the model is told to be. Text only: no vendor takes pictures here.
public func System(_ text: String) -> Turn { Turn(.system, [.text(text)]) }

/// A user's turn.
public func User(@PartBuilder _ parts: () -> [Part]) -> Turn { Turn(.user, parts()) }

/// A user's turn of text alone.
public func User(_ text: String) -> Turn { Turn(.user, [.text(text)]) }

/// A turn that the model is said to have spoken: a shot's answer, or an earlier reply.
public func Assistant(_ text: String) -> Turn { Turn(.assistant, [.text(text)]) }

/// Gathers turns.
@resultBuilder
public enum PromptBuilder {
  public static func buildExpression(_ turn: Turn) -> [Turn] { [turn] }
  public static func buildExpression(_ turns: [Turn]) -> [Turn] { turns }
  public static func buildBlock(_ turns: [Turn]...) -> [Turn] { turns.flatMap { $0 } }
  public static func buildOptional(_ turns: [Turn]?) -> [Turn] { turns ?? [] }
  public static func buildEither(first turns: [Turn]) -> [Turn] { turns }
  public static func buildEither(second turns: [Turn]) -> [Turn] { turns }
  public static func buildArray(_ turns: [[Turn]]) -> [Turn] { turns.flatMap { $0 } }
}

/// Gathers text and pictures.
@resultBuilder
public enum PartBuilder {
  public static func buildExpression(_ text: String) -> [Part] { [.text(text)] }
  public static func buildExpression(_ image: Image) -> [Part] { [.image(image)] }
  public static func buildExpression(_ images: [Image]) -> [Part] { images.map { .image($0) } }
  public static func buildExpression(_ part: Part) -> [Part] { [part] }
  public static func buildExpression(_ parts: [Part]) -> [Part] { parts }
  public static func buildBlock(_ parts: [Part]...) -> [Part] { parts.flatMap { $0 } }
  public static func buildOptional(_ parts: [Part]?) -> [Part] { parts ?? [] }
  public static func buildEither(first parts: [Part]) -> [Part] { parts }
  public static func buildEither(second parts: [Part]) -> [Part] { parts }
  public static func buildArray(_ parts: [[Part]]) -> [Part] { parts.flatMap { $0 } }
}
