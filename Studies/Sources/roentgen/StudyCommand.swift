import ArgumentParser
import Foundation
import ICHStudy
import MLLMClients
import VolumeIO

struct StudyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Run a whole study, from scans to a report.",
    subcommands: [ICHCommand.self])
}

struct ICHCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ich",
    abstract: "Study 1: intracranial haemorrhage on head CT, language models against networks.",
    discussion: """
      Without --data it generates head phantoms, so it needs no key, no network and no data set.

        roentgen study ich                          phantoms, networks, baseline
        roentgen study ich --small                  the same, in a minute or two
        roentgen study ich --endpoint http://127.0.0.1:11434/v1 --model gemma3
                                                    … and asks a model on this machine
        roentgen study ich --data DIR --output runs/mine
                                                    your own scans (see DATA)

      DATA
        A folder with dataset.json (Medical Decathlon and BHSD: images and masks), or with a CSV or
        JSON manifest: columns file, label (PNG slices); or ID, Label (RSNA 2019, one DICOM a slice);
        or image, mask. Scans may be DICOM folders, NIfTI, NRRD, MetaImage or pictures.

      MODELS
        With OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY set, phantoms are also shown to that
        vendor's default model. Real data leave this machine only for models named with --model.

      A run that was stopped goes on where it was when the same command is given again.
      """)

  @Option(name: .shortAndLong, help: "Folder for the report, the numbers and the journal.")
  var output = "runs/ich"

  @Option(help: "Seed of phantoms, split, networks and bootstrap.")
  var seed: UInt64 = 2505

  @Option(help: "Heads to generate.")
  var heads: Int?

  @Option(help: "A folder of real scans instead of phantoms.")
  var data: String?

  @Option(help: "The manifest of the data folder, where it is not found by its name.")
  var manifest: String?

  @Option(
    name: .customLong("model"),
    help: "A model to ask: openai:NAME, anthropic:NAME, gemini:NAME, or NAME with --endpoint.")
  var models: [String] = []

  @Option(help: "Base URL of an OpenAI-compatible server (Ollama, vLLM, llama.cpp …).")
  var endpoint: String?

  @Option(help: "The most to spend on language models, in US dollars.")
  var budget = 5.0

  @Option(help: "Ask every question this often, for test–retest agreement.")
  var repeats = 1

  @Option(help: "Passes over the training slices.")
  var epochs: Int?

  @Option(help: "Side of the picture that the networks see, in pixels.")
  var networkSide: Int?

  @Option(help: "Slices of each test head that every arm reads; 0 for all.")
  var slicesPerHead: Int?

  @Flag(help: "Split by slice as the paper did, not by patient: leaks, for comparison only.")
  var splitBySlice = false

  @Flag(help: "A small cohort and short training: a rehearsal, not a result.")
  var small = false

  @Flag(help: "Delete the output folder's earlier run first.")
  var force = false

  @Flag(help: "No progress on standard error.")
  var quiet = false

  func validate() throws {
    guard heads ?? 12 >= 12 else { throw ValidationError("--heads \(heads ?? 0): at least 12") }
    guard epochs ?? 1 >= 1 else { throw ValidationError("--epochs \(epochs ?? 0): at least 1") }
    guard (16...512).contains(networkSide ?? 64) else {
      throw ValidationError("--network-side \(networkSide ?? 0): 16 to 512")
    }
    guard (1...100).contains(repeats) else {
      throw ValidationError("--repeats \(repeats): 1 to 100")
    }
    guard budget >= 0 else { throw ValidationError("--budget \(budget): not below 0") }
    guard slicesPerHead ?? 0 >= 0 else {
      throw ValidationError("--slices-per-head \(slicesPerHead ?? 0): not below 0")
    }
  }

  func run() async throws {
    var options = StudyOptions()
    options.seed = seed
    if small {
      options.heads = 24
      options.epochs = 3
      options.networkSide = 48
      options.slicesPerHead = 5
    }
    if let heads { options.heads = heads }
    if let epochs { options.epochs = epochs }
    if let networkSide { options.networkSide = networkSide }
    if let slicesPerHead { options.slicesPerHead = slicesPerHead }
    options.data = data
    options.manifest = manifest
    options.models = models
    options.endpoint = endpoint
    options.budget = budget
    options.repeats = repeats
    options.splitBySlice = splitBySlice
    do {
      if force { try RunFolder.removeRun(output) }
      let study = ICHStudy(options: options, output: output, progress: ProgressLine(quiet: quiet))
      let report = try await study.run(environment: ProcessInfo.processInfo.environment)
      print("report: \(report.path)")
    } catch let error as StudyError {
      throw Failure.exit(Self.code(error.code), error)
    } catch let error as VolumeError {
      throw Failure.exit(Failure.dataError, error)
    } catch let error as ClientError {
      throw Failure.exit(Failure.unavailable, error)
    }
  }

  private static func code(_ code: StudyError.Code) -> Int32 {
    switch code {
    case .usage: Failure.usage
    case .output: Failure.cannotCreate
    case .model: Failure.unavailable
    case .stopped: Failure.temporary
    default: Failure.dataError
    }
  }
}
