// A value out of a reply's text.

import Foundation

extension Answer where Value: Decodable {
  /// Reads a value from a reply, by the chain of rules that `AnswerFormat.extract(from:)` gives.
  public init(_ reply: Reply, as type: Value.Type, format: AnswerFormat?) {
    self.reply = reply
    guard case .answered = reply.outcome, let format else {
      rule = nil
      outcome = reply.outcome.map { text in
        .malformed(Malformation(detail: "the prompt asked for no form", text: text))
      }
      return
    }
    let extraction = format.extract(from: reply.text)
    rule = extraction.rule
    guard let json = extraction.value else {
      outcome = .malformed(
        Malformation(detail: extraction.complaint ?? "no answer", text: reply.text))
      return
    }
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .custom(AnswerDate.decode)
    if let value = try? decoder.decode(Value.self, from: Data(json.bytes)) {
      outcome = .answered(value)
    } else if let inner = json["answer"],
      let value = try? decoder.decode(Value.self, from: Data(inner.bytes))
    {
      outcome = .answered(value)
    } else {
      outcome = .malformed(
        Malformation(detail: "fits the schema but is no \(type)", text: reply.text))
    }
  }
}

/// Dates as models write them: an instant of RFC 3339, or a day.
private enum AnswerDate {
  static func decode(from decoder: any Decoder) throws -> Date {
    let text = try decoder.singleValueContainer().decode(String.self)
    let forms = [
      Date.ISO8601FormatStyle(), Date.ISO8601FormatStyle(includingFractionalSeconds: true),
      Date.ISO8601FormatStyle().year().month().day(),
    ]
    for form in forms {
      if let date = try? form.parse(text) { return date }
    }
    throw DecodingError.dataCorrupted(
      DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "\(text) is no date"))
  }
}
