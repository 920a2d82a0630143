// Reporting checklists filled with what a run knows; the rest is marked to be filled in.
// Source: topics of CLAIM 2024 (Tejani et al.), TRIPOD-LLM (Gallifant et al. 2025), MI-CLEAR-LLM
// (Park et al. 2024) and STARD-AI 2025, in this module's own short words; the published wording
// and numbering are authoritative.

/// A guideline's list of topics.
public struct Checklist: Hashable, Sendable, Codable {
  /// One topic and what the run says about it.
  public struct Item: Hashable, Sendable, Codable {
    public let section: String
    public let topic: String
    /// `nil`: to be filled in by the authors.
    public let answer: String?
  }

  public let name: String
  public let items: [Item]

  /// Topics with an answer.
  public var answered: Int { items.count { $0.answer != nil } }

  /// A table whose open answers read "TO BE FILLED IN".
  public var table: Table {
    Table(
      title: "\(name): \(answered) of \(items.count) topics filled from the run",
      columns: ["section", "topic", "answer"],
      rows: items.map {
        [.text($0.section), .text($0.topic), .text($0.answer ?? "TO BE FILLED IN")]
      },
      notes: ["Topics in short words; the guideline's own text is authoritative."])
  }

  private init(_ name: String, _ items: [(String, String, String?)]) {
    self.name = name
    self.items = items.map {
      Item(section: $0.0, topic: $0.1, answer: $0.2.flatMap { $0.isEmpty ? nil : $0 })
    }
  }

  private static func outcomes(_ m: RunManifest) -> String? {
    let parts = [m.nonAnswerHandling, m.outcomes.map(\.description)].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }

  private static func counts(_ m: RunManifest) -> String? {
    let parts = [
      m.cases.map { "\($0) cases" }, m.patients.map { "\($0) patients" },
    ].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  /// MI-CLEAR-LLM: six topics for studies of language models in imaging.
  public static func miClearLLM(_ m: RunManifest) -> Checklist {
    Checklist(
      "MI-CLEAR-LLM",
      [
        ("Model", "Which model, version and maker", m.each { $0.modelIdentifier }),
        ("Model", "When it was queried", m.each { $0.queryDate }),
        ("Model", "What it was trained on and until when", m.each { $0.trainingData }),
        (
          "Stochasticity", "Repeated queries and how they were combined",
          m.each { $0.repetitions.map { "\($0) run(s) a case" } }
        ),
        (
          "Stochasticity", "Temperature and other sampling settings",
          m.each { a in
            let parts = [
              a.temperature.map { "temperature \(formatted($0, digits: 4))" },
              a.topP.map { "top-p \(formatted($0, digits: 4))" }, a.seed.map { "seed \($0)" },
            ].compactMap { $0 }
            return parts.isEmpty ? nil : parts.joined(separator: ", ")
          }
        ),
        (
          "Prompt", "The exact wording",
          m.each { $0.promptText ?? $0.promptHash.map { "hash \($0)" } }
        ),
        ("Prompt", "Sessions: how queries were split or continued", m.each { $0.sessionHandling }),
        (
          "Prompt", "Whether the prompt was tested or tuned, and on what",
          m.each { $0.promptWasTestedOn }
        ),
        (
          "Data", "Independence of test data from prompts and training",
          m.each { $0.testDataIndependence }
        ),
      ])
  }

  /// CLAIM 2024: imaging AI.
  public static func claim2024(_ m: RunManifest) -> Checklist {
    Checklist(
      "CLAIM 2024",
      [
        ("Title and abstract", "Identified as AI, with its kind", m.title),
        ("Title and abstract", "Structured summary", nil),
        ("Introduction", "Background and the clinical role of the method", m.intendedUse),
        ("Introduction", "Aims and hypotheses", m.primaryOutcome),
        ("Design", "Prospective or retrospective", m.studyDesign),
        ("Design", "Goal of the study", m.primaryOutcome),
        ("Data", "Sources", m.dataSource), ("Data", "Eligibility", m.eligibility),
        ("Data", "Preprocessing", m.preprocessing), ("Data", "Selection of subsets", m.partition),
        ("Data", "De-identification", nil), ("Data", "Missing data", m.missingData),
        ("Data", "Acquisition protocol and dates", m.collectionDates),
        ("Reference standard", "Definition", m.referenceStandard),
        ("Reference standard", "Why it was chosen", nil),
        ("Reference standard", "Annotators and their training", m.annotators),
        ("Reference standard", "Annotation tools", nil),
        ("Reference standard", "Agreement of annotators", m.annotatorAgreement),
        ("Partitions", "How data were assigned", m.partition),
        ("Partitions", "Level at which they are disjoint", m.partitionLevel),
        ("Testing data", "Intended sample size", m.sampleSize),
        ("Model", "Description, inputs, outputs", m.each { $0.modelIdentifier }),
        ("Model", "Software and libraries", m.software),
        ("Model", "Initialisation of parameters", m.each { $0.trainingData }),
        ("Training", "Training approach and hyperparameters", nil),
        ("Training", "How the final model was selected", nil),
        ("Training", "Ensembles", nil),
        ("Evaluation", "Metrics of performance", m.primaryOutcome),
        (
          "Evaluation", "Significance and uncertainty",
          m.intervalMethod ?? m.statisticalMethods
        ),
        ("Evaluation", "Robustness or sensitivity analysis", m.robustness),
        ("Evaluation", "Explainability", nil),
        ("Evaluation", "Internal testing", m.partition),
        ("Evaluation", "External testing", m.externalTesting),
        ("Evaluation", "Trial registration", m.registration),
        ("Results", "Numbers of patients and examinations", counts(m)),
        ("Results", "Demographics and clinical characteristics", m.demographics),
        ("Results", "Performance on all partitions", nil),
        ("Results", "Estimates with precision (such as 95 % intervals)", m.intervalMethod),
        ("Results", "Failure analysis", m.failureAnalysis),
        ("Discussion", "Limitations", m.limitations),
        ("Discussion", "Implications for practice", m.intendedUse),
        ("Other", "Full protocol and registration", m.registration),
        ("Other", "Availability of software, model, data", m.codeAvailability ?? m.dataAccess),
        ("Other", "Funding and role of funders", m.funding),
      ])
  }

  /// TRIPOD-LLM: language models in health.
  public static func tripodLLM(_ m: RunManifest) -> Checklist {
    Checklist(
      "TRIPOD-LLM",
      [
        ("Title", "Task, population and use of a language model", m.title),
        ("Abstract", "Structured summary for language models", nil),
        ("Introduction", "Clinical context and rationale", m.intendedUse),
        ("Introduction", "Intended users and place in the pathway", m.intendedUse),
        ("Introduction", "Objectives", m.primaryOutcome),
        ("Methods", "Sources of data and dates", m.dataSource),
        (
          "Methods", "Data dates against the model's knowledge cut-off",
          m.each { $0.trainingData }
        ),
        ("Methods", "Preprocessing and quality checks", m.preprocessing),
        ("Methods", "Missing and imbalanced data", m.missingData),
        (
          "Methods", "Model name, version, date of last training",
          m.each { $0.modelIdentifier }
        ),
        ("Methods", "Development or adaptation of the model", nil),
        ("Methods", "Prompt design and text", m.each { $0.promptText ?? $0.promptHash }),
        (
          "Methods", "Inference settings (temperature, tokens, seeds)",
          m.each { a in
            let parts = [
              a.temperature.map { "temperature \(formatted($0, digits: 4))" },
              a.maximumTokens.map { "at most \($0) tokens" }, a.seed.map { "seed \($0)" },
            ].compactMap { $0 }
            return parts.isEmpty ? nil : parts.joined(separator: ", ")
          }
        ),
        ("Methods", "Examples in the prompt", m.each { $0.examplesPerPrompt.map { "\($0)" } }),
        ("Methods", "Post-processing of outputs", m.nonAnswerHandling),
        ("Methods", "Outcome and its metrics", m.primaryOutcome),
        ("Methods", "Annotation: who, how many, guidelines", m.annotators),
        ("Methods", "Agreement of annotators", m.annotatorAgreement),
        ("Methods", "Sample size", m.sampleSize),
        ("Methods", "Statistical comparison and uncertainty", m.statisticalMethods),
        ("Methods", "Fairness and subgroups", m.subgroups),
        ("Methods", "Ethics approval", m.ethics),
        ("Open science", "Funding", m.funding), ("Open science", "Registration", m.registration),
        ("Open science", "Data sharing", m.dataAccess),
        ("Open science", "Code sharing", m.codeAvailability),
        ("Results", "Participants and their characteristics", m.demographics ?? counts(m)),
        ("Results", "Performance with intervals", m.intervalMethod),
        ("Results", "Cases without an answer", outcomes(m)),
        (
          "Results", "Repeated runs and stability",
          m.each { $0.repetitions.map { "\($0) run(s)" } }
        ),
        ("Discussion", "Interpretation and fairness", nil),
        ("Discussion", "Limitations", m.limitations),
        ("Discussion", "Use in practice, oversight", m.intendedUse),
      ])
  }

  /// STARD-AI: diagnostic accuracy of AI.
  public static func stardAI(_ m: RunManifest) -> Checklist {
    Checklist(
      "STARD-AI",
      [
        ("Title", "A study of diagnostic accuracy with AI as index test", m.title),
        ("Introduction", "Intended use and clinical role", m.intendedUse),
        ("Introduction", "Objectives and hypotheses", m.primaryOutcome),
        ("Methods", "Prospective or retrospective", m.studyDesign),
        ("Methods", "Eligibility at patient and at data level", m.eligibility),
        ("Methods", "Data source and setting", m.dataSource),
        ("Methods", "Dataset practices: consent, licence, access", m.licence ?? m.dataAccess),
        ("Methods", "Index test: model, version, settings", m.each { $0.modelIdentifier }),
        (
          "Methods", "Independence of test data from development",
          m.each { $0.testDataIndependence }
        ),
        ("Methods", "Partitions and their level", m.partitionLevel ?? m.partition),
        ("Methods", "Preprocessing", m.preprocessing),
        ("Methods", "Reference standard and rationale", m.referenceStandard),
        ("Methods", "Thresholds and how they were chosen", nil),
        ("Methods", "Blinding of readers", nil),
        ("Methods", "Measures of accuracy and their comparison", m.statisticalMethods),
        ("Methods", "Handling of indeterminate results", m.nonAnswerHandling),
        ("Methods", "Handling of missing data", m.missingData),
        ("Methods", "Analyses of variability and subgroups", m.subgroups),
        ("Methods", "Sample size", m.sampleSize),
        ("Results", "Flow of participants", counts(m)),
        ("Results", "Demographics", m.demographics),
        ("Results", "Distribution of severity", nil),
        ("Results", "Cross-tabulation against the reference", nil),
        ("Results", "Estimates of accuracy with intervals", m.intervalMethod),
        ("Results", "Indeterminate results", outcomes(m)),
        ("Results", "Fairness: performance by subgroup", m.subgroups),
        ("Results", "Errors and their analysis", m.failureAnalysis),
        ("Discussion", "Limitations, bias, generalisability", m.limitations),
        ("Discussion", "Implications for use", m.intendedUse),
        ("Other", "Registration and protocol", m.registration),
        ("Other", "Funding and interests", m.funding),
        ("Other", "Availability of code, model, data", m.codeAvailability ?? m.dataAccess),
      ])
  }

  /// All four.
  public static func all(_ m: RunManifest) -> [Checklist] {
    [claim2024(m), tripodLLM(m), miClearLLM(m), stardAI(m)]
  }
}
