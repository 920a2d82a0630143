import Foundation
import MLLMClients
import Phantoms

/// The progressive questions, asked of one model about many slices.
///
/// Question by question over all slices, so that a run's requests go side by side; each slice's own
/// turns stay in order. Every attempt is in the journal, so what was answered is never asked again.
struct Dialogue: Sendable {
  var arm: LanguageModelArm
  var journal: Journal
  var budget: Budget
  var concurrency = 4
  /// Which repeat of the study this is, from 0.
  var replicate = 0

  /// One slice's conversation so far.
  private struct Thread {
    var slice: PreparedSlice
    var prompt: Prompt
    var reading = SliceReading()
    var isOpen = true
  }

  /// Asks about every slice.
  ///
  /// - Returns: One reading for each slice, in their order.
  /// - Throws: `StudyError.Code.model` where the model cannot be asked at all, and
  ///   `StudyError.Code.stopped` where the budget ends the run: what was answered is kept.
  func read(_ slices: [PreparedSlice], progress: ProgressLine) async throws -> [SliceReading] {
    var threads = slices.map { slice in
      Thread(
        slice: slice,
        prompt: Prompt {
          System(Questions.system)
          User {
            Part.png(slice.picture ?? [])
            Part.text(Questions.region)
          }
        }.decoding { $0.maxTokens = Questions.answerTokens })
    }
    try await ask("region", Questions.Region.self, &threads, progress) { _, _ in true }
    follow(&threads) { _ in Questions.presence }
    try await ask("presence", Questions.Presence.self, &threads, progress) { reading, answer in
      reading.haemorrhage = answer.haemorrhage
      reading.score = min(max(answer.confidence, 0), 1)
      if !answer.haemorrhage {
        reading.subtypes = []
        reading.millilitres = 0
      }
      return answer.haemorrhage
    }
    follow(&threads) { _ in Questions.subtypes }
    try await ask("kinds", Questions.Subtypes.self, &threads, progress) { reading, answer in
      reading.subtypes = Set(answer.subtypes.compactMap(Questions.subtype))
      return true
    }
    follow(&threads) { _ in Questions.place }
    try await ask("place", Questions.Place.self, &threads, progress) { reading, answer in
      reading.side = Side(rawValue: answer.side.lowercased())
      return true
    }
    follow(&threads) { slice in
      slice.extent.map { Questions.amount(width: $0.x, height: $0.y, thickness: $0.z) }
    }
    try await ask("amount", Questions.Amount.self, &threads, progress) { reading, answer in
      reading.millilitres = answer.millilitres.isFinite ? max(0, answer.millilitres) : nil
      return true
    }
    follow(&threads) { _ in Questions.treatment }
    try await ask("treatment", Questions.Treatment.self, &threads, progress) { _, _ in true }
    return threads.map(\.reading)
  }

  /// Adds the next question to the open threads; where there is none for a slice, its amount stays
  /// open and the thread goes on.
  private func follow(_ threads: inout [Thread], _ question: (PreparedSlice) -> String?) {
    for i in threads.indices where threads[i].isOpen {
      guard let next = question(threads[i].slice) else { continue }
      threads[i].prompt.turns.append(User(next))
    }
  }

  private func ask<Value: Codable & Sendable>(
    _ name: String, _ type: Value.Type, _ threads: inout [Thread], _ progress: ProgressLine,
    take: (inout SliceReading, Value) -> Bool
  ) async throws {
    let open = threads.indices.filter {
      threads[$0].isOpen && threads[$0].prompt.turns.last?.role == .user
    }
    guard !open.isEmpty else { return }
    let cases = open.map { i in
      Case(
        "\(threads[i].slice.id) \(name)",
        threads[i].prompt.answering(Value.self, named: name).prompt, replicate: replicate)
    }
    var runner = Runner(arm.client, journal: journal, concurrency: concurrency)
    runner.budget = budget
    runner.perCase = .seconds(600)
    let places = Dictionary(uniqueKeysWithValues: zip(cases.map(\.name), open))
    var done = 0
    for try await result in runner.results(of: cases) {
      guard let i = places[result.name] else { continue }
      done += 1
      progress.update(done, of: cases.count, "\(arm.name): \(name)")
      try settle(&threads[i], result, cases: cases.count, take: take)
    }
  }

  private func settle<Value: Codable & Sendable>(
    _ thread: inout Thread, _ result: CaseResult, cases: Int,
    take: (inout SliceReading, Value) -> Bool
  ) throws {
    switch result.result {
    case .failure(let error):
      switch error.code {
      case .authentication, .permission, .missingKey, .notFound, .insecure, .unsupported:
        throw StudyError(.model, "\(arm.name): \(error)")
      case .budget:
        throw StudyError(.stopped, "\(arm.name): \(error); answers so far are kept")
      case .transport, .timeout:
        throw StudyError(.model, "\(arm.name): \(error); what was answered is kept")
      default:
        close(&thread, .failed)
      }
    case .success(let reply):
      let format = try? AnswerFormat(of: Value.self)
      let answer = Answer(reply, as: Value.self, format: format)
      switch answer.outcome {
      case .answered(let value):
        thread.prompt.turns.append(Assistant(reply.text))
        if !take(&thread.reading, value) { thread.isOpen = false }
      case .refused: close(&thread, .refused)
      case .blocked: close(&thread, .blocked)
      case .truncated: close(&thread, .truncated)
      case .malformed: close(&thread, .malformed)
      case .failed: close(&thread, .failed)
      }
    }
  }

  /// Ends a thread. An answer to an earlier question stands; without one the slice has no reading.
  private func close(_ thread: inout Thread, _ outcome: SliceReading.Outcome) {
    thread.isOpen = false
    if thread.reading.haemorrhage == nil { thread.reading.outcome = outcome }
  }
}
