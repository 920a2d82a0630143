// What `roentgen train` is asked for, as a JSON file says it.

import ICHStudy
import Foundation
import VolumeIO

/// A training run, understood and checked.
public struct TrainingPlan: Sendable, Codable, Hashable {
  /// Where the pictures are and what is known of each.
  public struct DataPlan: Sendable, Codable, Hashable {
    public var folder = ""
    /// A CSV, TSV or JSON table; nil where each class has a folder of its own.
    public var manifest: String?
    public var fileColumn: String?
    public var labelColumn: String?
    /// The column whose equal values stay on one side of every split.
    public var patientColumn: String?
    /// With two classes, the one that scores and ROC curves speak of.
    public var positive: String?
  }

  /// What a network sees of a picture.
  public struct InputPlan: Sendable, Codable, Hashable {
    public var side = 64
    /// 1 for grey, 3 for colours or three windows.
    public var channels = 1
    /// One window, or three for three channels; for files that hold more than pictures do.
    public var presets: [String] = []
    /// Whether the picture is stretched to the square instead of framed with black.
    public var isStretched = false
    /// Subtracted from and divided into values of 0…1, by channel.
    public var mean: [Double] = [0.5]
    public var deviation: [Double] = [0.25]

    public init() {}
  }

  public struct AugmentationPlan: Sendable, Codable, Hashable {
    /// "horizontal", "vertical".
    public var flips: [String] = []
    /// The largest turn, in degrees.
    public var rotation = 0.0
    /// The largest relative change of size, and the largest move as a share of the side.
    public var scale = 0.0
    public var shift = 0.0
    public var elastic = 0.0
    public var contrast = 0.0
    public var brightness = 0.0
    public var noise = 0.0
    /// Strength of mixing pairs; 0 for none.
    public var mixUp = 0.0
  }

  public struct OptimizerPlan: Sendable, Codable, Hashable {
    public var name = "adamw"
    public var rate = 1e-3
    public var decay = 0.05
    public var momentum = 0.9
    /// The schedule's name, and its warm-up in steps.
    public var schedule = "cosine"
    public var warmUp = 20
    public var clipNorm: Double?
    /// The decay of the moving average of the weights; nil for none.
    public var average: Double?
  }

  public var data = DataPlan()
  public var network = NetworkPlan()
  public var input = InputPlan()
  public var augmentation = AugmentationPlan()
  public var optimizer = OptimizerPlan()
  public var epochs = 20
  public var batch = 32
  public var smoothing = 0.0
  /// Whether every class is drawn equally often.
  public var isBalanced = false
  /// How many folds the data are dealt into, and how many of them are trained.
  public var folds = 5
  public var trainedFolds = 5
  public var seed: UInt64 = 0
  public var threads: Int?
  public var output = ""

  /// Reads a JSON file. Paths in it are relative to the file's folder.
  ///
  /// - Throws: `StudyError.Code.usage` for JSON that does not parse, an unknown member or a value
  ///   out of its range; it names the member.
  public init(contentsOf path: String) throws {
    let url = URL(fileURLWithPath: path)
    guard let bytes = try? Data(contentsOf: url) else {
      throw StudyError(.usage, "\(url.lastPathComponent): no such file")
    }
    let value: JSONValue
    do {
      value = try JSONValue(parsing: [UInt8](bytes))
    } catch {
      throw StudyError(.usage, "\(url.lastPathComponent): \(error)")
    }
    try self.init(value, name: url.lastPathComponent)
    func placed(_ path: String) -> String {
      URL(fileURLWithPath: path, relativeTo: url.deletingLastPathComponent()).path
    }
    data.folder = placed(data.folder)
    output = placed(output)
    network.weights = network.weights.map(placed)
  }

  init(_ value: JSONValue, name: String) throws {
    var fields = try Fields(value, name)
    guard var own = try fields.object("data") else {
      throw StudyError(.usage, "\(name): data.folder is missing")
    }
    data.folder = try own.text("folder") ?? "."
    data.manifest = try own.text("manifest")
    data.fileColumn = try own.text("file")
    data.labelColumn = try own.text("label")
    data.patientColumn = try own.text("patient")
    data.positive = try own.text("positive")
    try own.finish()
    if var own = try fields.object("model") { network = try NetworkPlan(&own) }
    if var own = try fields.object("input") { try readInput(&own) }
    if var own = try fields.object("augmentation") { try readAugmentation(&own) }
    if var own = try fields.object("optimizer") { try readOptimizer(&own) }
    epochs = try fields.integer("epochs", 1...100_000) ?? epochs
    batch = try fields.integer("batch", 1...4_096) ?? batch
    smoothing = try fields.number("smoothing", 0...0.9) ?? smoothing
    isBalanced = try fields.flag("balanced") ?? isBalanced
    folds = try fields.integer("folds", 2...100) ?? folds
    trainedFolds = try fields.integer("trainedFolds", 1...folds) ?? folds
    seed = UInt64(try fields.integer("seed", 0...Int(Int32.max)) ?? 0)
    threads = try fields.integer("threads", 1...256)
    guard let output = try fields.text("output"), !output.isEmpty else {
      throw StudyError(.usage, "\(name): output, the run's folder, is missing")
    }
    self.output = output
    try fields.finish()
    if augmentation.mixUp > 0, smoothing > 0 {
      throw StudyError(.usage, "\(name): smoothing and augmentation.mixUp exclude each other")
    }
  }

  private mutating func readInput(_ own: inout Fields) throws {
    input.side = try own.integer("side", 8...1_024) ?? input.side
    input.channels = try own.integer("channels", 1...3) ?? input.channels
    input.presets = try own.texts("presets") ?? []
    input.isStretched =
      try own.text("resize", of: ["letterbox", "stretch"], otherwise: "letterbox") == "stretch"
    input.mean = try own.numbers("mean") ?? input.mean
    input.deviation = try own.numbers("deviation") ?? input.deviation
    try own.finish()
    guard input.channels != 2, [0, 1, input.channels].contains(input.presets.count) else {
      throw StudyError(
        .usage, "input: \(input.presets.count) presets for \(input.channels) channels")
    }
    guard [1, input.channels].contains(input.mean.count),
      [1, input.channels].contains(input.deviation.count), input.deviation.allSatisfy({ $0 > 0 })
    else { throw StudyError(.usage, "input: mean and deviation need one number, or one a channel") }
  }

  private mutating func readAugmentation(_ own: inout Fields) throws {
    augmentation.flips = try own.texts("flips") ?? []
    if let strange = augmentation.flips.first(where: { !["horizontal", "vertical"].contains($0) }) {
      throw StudyError(.usage, "augmentation.flips: \(strange); horizontal or vertical")
    }
    augmentation.rotation = try own.number("rotation", 0...180) ?? 0
    augmentation.scale = try own.number("scale", 0...0.9) ?? 0
    augmentation.shift = try own.number("shift", 0...0.5) ?? 0
    augmentation.elastic = try own.number("elastic", 0...0.5) ?? 0
    augmentation.contrast = try own.number("contrast", 0...1) ?? 0
    augmentation.brightness = try own.number("brightness", 0...10) ?? 0
    augmentation.noise = try own.number("noise", 0...10) ?? 0
    augmentation.mixUp = try own.number("mixUp", 0...10) ?? 0
    try own.finish()
  }

  private mutating func readOptimizer(_ own: inout Fields) throws {
    optimizer.name = try own.text("name", of: ["adamw", "adam", "sgd"], otherwise: "adamw")
    optimizer.rate = try own.number("rate", 0...100) ?? (optimizer.name == "sgd" ? 0.05 : 1e-3)
    optimizer.decay = try own.number("decay", 0...10) ?? (optimizer.name == "adamw" ? 0.05 : 0)
    optimizer.momentum = try own.number("momentum", 0...0.9999) ?? optimizer.momentum
    optimizer.schedule = try own.text(
      "schedule", of: ["constant", "cosine", "linear", "oneCycle"], otherwise: "cosine")
    optimizer.warmUp = try own.integer("warmUp", 0...1_000_000) ?? optimizer.warmUp
    optimizer.clipNorm = try own.number("clipNorm", 1e-6...1e6)
    optimizer.average = try own.number("average", 0...0.99999)
    try own.finish()
  }
}
