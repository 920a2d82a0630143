// The settings of a training run.

/// The settings of a training run. Equal settings, data and network give equal results to the
/// bit, whatever the count of threads.
public struct TrainingOptions: Sendable {
  /// How often the whole dataset is seen.
  public var epochs = 10
  /// Samples a forward pass.
  public var batchSize = 32
  /// Forward passes a step: gradients are averaged over them.
  public var accumulation = 1
  /// How products are computed; ``Precision/bfloat16Mixed`` needs a machine that multiplies bfloat16.
  public var precision = Precision.float32
  /// Settles order, augmentation and dropout.
  public var seed: UInt64 = 0
  /// The order of the samples.
  public var sampler = Sampler.shuffled
  /// The learning rate's course.
  public var schedule = Schedule.constant
  /// Lowers the rate when the validation loss stays.
  public var plateau: PlateauSchedule?
  /// Gradients whose norm over all parameters is larger are scaled down to it.
  public var clipNorm: Float?
  /// Evaluates and returns a moving average of the weights with this decay a step.
  public var averageDecay: Float?
  /// Stops after as many epochs without a better validation result.
  public var patience: Int?
  /// Keeps the weights of the best epoch by the validation metric (loss without one) and returns
  /// them; otherwise those of the last.
  public var keepsBest = false
  /// Changes each training sample at random.
  public var transform: SampleTransform?
  /// Changes each training batch at random, such as ``mixUp(strength:)``.
  public var batchTransform: BatchTransform?
  /// Where to keep the run's state. A run that finds one there continues it.
  public var checkpointPath: String?
  /// Steps between checkpoints; one is also written after every epoch.
  public var checkpointEvery: Int?
  /// Called after every step.
  public var progress: (@Sendable (TrainingProgress) -> Void)?
  /// Called after every epoch with the rows so far, such as to draw the curve of a run under way.
  public var finishedEpoch: (@Sendable (TrainingHistory) -> Void)?

  public init() {}
}

/// A change of whole batches at random.
public typealias BatchTransform = @Sendable (inout Batch, inout SeededDraws) -> Void
