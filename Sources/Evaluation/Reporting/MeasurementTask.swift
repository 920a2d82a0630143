// Which metrics a task should report together.
// Source: Maier-Hein, Reinke et al. 2024 (Metrics Reloaded), reduced to this module's metrics.

/// A kind of task and the metrics that should be reported for it.
public enum MeasurementTask: String, Hashable, Sendable, Codable, CaseIterable {
  case imageClassification, semanticSegmentation, tubularSegmentation, objectDetection
  case instanceSegmentation, volumetry, reportGeneration

  /// Metrics to report together: one overlap and one boundary metric, per-class and
  /// multi-threshold metrics, agreement with limits.
  public var recommendedMetrics: [String] {
    switch self {
    case .imageClassification:
      [
        "balanced accuracy", "per-class sensitivity and specificity", "MCC", "ROC AUC", "AP",
        "Brier", "reliability curve", "missing rate",
      ]
    case .semanticSegmentation: ["Dice", "NSD at the annotators' tolerance", "HD95 or MASD"]
    case .tubularSegmentation: ["clDice", "NSD at the annotators' tolerance"]
    case .objectDetection: ["AP at a localisation threshold", "FROC", "F1 at the operating point"]
    case .instanceSegmentation: ["PQ", "lesion-wise Dice", "NSD of matched instances"]
    case .volumetry: ["bias with limits of agreement", "MAE", "CCC", "ICC(2,1)"]
    case .reportGeneration:
      ["finding F1 (14 and 5)", "RadGraph F1", "BLEU-4", "ROUGE-L", "CIDEr-D"]
    }
  }
}
