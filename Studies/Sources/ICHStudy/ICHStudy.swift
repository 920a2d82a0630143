public import Foundation
import MLLMClients
import Phantoms

/// Study 1: intracranial haemorrhage on head CT, language models against trained networks.
///
/// Every step leaves a whole file in the run's folder, and a second start goes on from there.
public struct ICHStudy: Sendable {
  public var options: StudyOptions
  /// The run's folder.
  public var output: String
  public var progress: ProgressLine

  public init(options: StudyOptions, output: String, progress: ProgressLine) {
    self.options = options
    self.output = output
    self.progress = progress
  }

  /// Runs the study, or goes on with it.
  ///
  /// - Parameter environment: Where keys are looked for.
  /// - Returns: The report's file.
  public func run(environment: [String: String]) async throws -> URL {
    let models = try LanguageModelArm.configured(
      options, environment: environment, usesEnvironment: options.data == nil)
    let given = try options.data.map { try DataSource(folder: $0, manifest: options.manifest) }
    let folder = try RunFolder(output, options: options)
    let source: DataSource
    if let given { source = given } else { source = try await phantoms(folder) }
    let strata = try await strata(of: source)
    let split = Split(
      source.heads.map { ($0.patient, strata[$0.patient] ?? "none") },
      testShare: options.testShare, tuningShare: options.tuningShare, seed: options.seed)
    guard !split.test.isEmpty, !split.training.isEmpty else {
      throw StudyError(
        .data, "\(source.heads.count) patients are too few to split into training and test")
    }
    let heads = try await prepare(source, readPatients: Set(split.test))
    var study = PreparedStudy(source: source, split: split, heads: heads, options: options)
    if options.splitBySlice { study.splitBySlice() }
    guard study.test.contains(where: { $0.truth.haemorrhage }),
      study.test.contains(where: { !$0.truth.haemorrhage })
    else { throw StudyError(.data, "the test slices are all with blood or all without") }

    var arms: [Arm] = []
    arms.append(study.baselineArm())
    arms += try await networks(study, folder)
    arms += try await languageModels(models, study, folder)
    progress.stage("Scoring")
    let results = try study.results(arms)
    try folder.store(results, "results.json")
    try RunFolder.write(
      Data(study.predictionsCSV(arms).utf8), to: folder["predictions.csv"])
    for slice in study.test {
      guard let picture = slice.picture else { continue }
      let name = slice.id.replacingOccurrences(of: "/", with: "_")
      try RunFolder.write(Data(picture), to: folder["slices/\(name).png"])
    }
    try RunFolder.write(
      Data(Report(results: results, study: study, arms: arms).html().utf8),
      to: folder["report.html"])
    return folder["report.html"]
  }

  /// Generates the phantoms, and reads them back as any other data set.
  private func phantoms(_ folder: RunFolder) async throws -> DataSource {
    let cohort = folder["cohort"]
    progress.stage("Generating \(options.heads) head phantoms as DICOM series")
    let heads = options.heads
    try await Cohort.write(heads: heads, seed: options.seed, to: cohort) { [progress] done in
      progress.update(done, of: heads)
    }
    return try DataSource(folder: cohort.path)
  }

  /// What each patient bleeds from, from the masks or labels alone: the split balances it.
  private func strata(of source: DataSource) async throws -> [String: String] {
    try await Self.inParallel(source.heads, progress: nil) { head in
      (head.patient, try Preparation.stratum(head))
    }.reduce(into: [:]) { $0[$1.0] = $1.1 }
  }

  private func prepare(
    _ source: DataSource, readPatients: Set<String>
  ) async throws -> [PreparedHead] {
    progress.stage("Decoding and windowing \(source.heads.count) patients")
    let preparation = Preparation(options: options, readPatients: readPatients)
    return try await Self.inParallel(source.heads, progress: progress) { head in
      try preparation.prepare(head)
    }
  }

  private func networks(_ study: PreparedStudy, _ folder: RunFolder) async throws -> [Arm] {
    let task = NetworkTask(side: options.networkSide, slices: study.heads.flatMap(\.slices))
    var arms: [Arm] = []
    for network in NetworkArm.allCases {
      progress.stage("Training a small \(network.rawValue) on \(study.training.count) slices")
      let outcome = try await network.run(
        task, training: study.training, tuning: study.tuning, test: study.testHeads,
        options: options, folder: folder, progress: progress)
      arms.append(
        Arm(
          name: "\(network.rawValue), trained here", kind: "network",
          readings: study.test.map { outcome.readings[$0.id] ?? SliceReading(outcome: .notRun) },
          headMillilitres: outcome.headMillilitres,
          remark: "\(outcome.parameters) parameters"))
    }
    return arms
  }

  private func languageModels(
    _ models: [LanguageModelArm], _ study: PreparedStudy, _ folder: RunFolder
  ) async throws -> [Arm] {
    guard !models.isEmpty else {
      let why =
        options.data == nil
        ? "no model is configured: set OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY, or "
          + "give --endpoint and --model"
        : "no model is named with --model; real pictures leave this machine only for named models"
      progress.say("Language models: not run, \(why)")
      return [Arm(name: "Language model", kind: "language model", notRun: why)]
    }
    try FileManager.default.createDirectory(
      at: folder["journal"], withIntermediateDirectories: true)
    let journal = try Journal(folder["journal/replies.jsonl"])
    let budget = Budget(limit: Decimal(options.budget), allowsUnknownCost: true)
    var arms: [Arm] = []
    for model in models {
      var repeats: [[SliceReading]] = []
      for replicate in 0..<options.repeats {
        let round = options.repeats > 1 ? ", round \(replicate + 1) of \(options.repeats)" : ""
        progress.stage("Asking \(model.name) about \(study.test.count) slices\(round)")
        let dialogue = Dialogue(
          arm: model, journal: journal, budget: budget, replicate: replicate)
        repeats.append(try await dialogue.read(study.test, progress: progress))
      }
      arms.append(
        Arm(
          name: model.name, kind: "language model", readings: repeats[0],
          repeats: Array(repeats.dropFirst())))
    }
    return arms
  }

  /// Maps in parallel, one task a processor; results keep the order of the elements.
  private static func inParallel<Element: Sendable, Result: Sendable>(
    _ elements: [Element], progress: ProgressLine?,
    _ body: @escaping @Sendable (Element) throws -> Result
  ) async throws -> [Result] {
    var results = [Result?](repeating: nil, count: elements.count)
    let width = max(1, ProcessInfo.processInfo.activeProcessorCount)
    try await withThrowingTaskGroup(of: (Int, Result).self) { group in
      var next = 0
      var done = 0
      func start() {
        guard next < elements.count else { return }
        let index = next
        let element = elements[index]
        next += 1
        group.addTask { (index, try body(element)) }
      }
      for _ in 0..<width { start() }
      while let (index, result) = try await group.next() {
        results[index] = result
        done += 1
        progress?.update(done, of: elements.count)
        start()
      }
    }
    return results.compactMap { $0 }
  }
}
