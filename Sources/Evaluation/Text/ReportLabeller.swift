// A rule labeller for chest radiograph reports in the manner of NegBio and CheXpert: mentions by
// phrase lists, then negation and uncertainty within the sentence.
// Source: Irvin et al. 2019 describe the stages; phrases and rules here are this module's own.

/// Labels reports with the fourteen CheXpert findings.
///
/// For comparisons between texts, not for clinical use: it reads what phrases say.
public struct ReportLabeller: Hashable, Sendable {
  /// Finding names in CheXbert's order.
  public static let findings = [
    "Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Opacity", "Lung Lesion", "Edema",
    "Consolidation", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion",
    "Pleural Other", "Fracture", "Support Devices", "No Finding",
  ]

  static let phrases: [String: [String]] = [
    "Enlarged Cardiomediastinum": [
      "widened mediastinum", "mediastinal widening",
      "enlarged mediastinum", "enlarged cardiomediastinum", "mediastinal enlargement",
    ],
    "Cardiomegaly": [
      "enlarged heart", "heart is enlarged", "cardiac enlargement",
      "enlarged cardiac silhouette", "cardiac silhouette is enlarged", "heart size is enlarged",
    ],
    "Lung Opacity": [
      "opacity", "opacities", "infiltrate", "infiltrates", "airspace disease",
      "interstitial markings", "opacification", "haziness",
    ],
    "Lung Lesion": ["mass", "nodule", "nodules", "lesion", "tumor", "tumour", "cavitary lesion"],
    "Edema": [
      "pulmonary edema", "oedema", "vascular congestion", "pulmonary congestion",
      "heart failure", "chf",
    ],
    "Consolidation": ["consolidations", "consolidative"],
    "Pneumonia": ["infection", "infectious process", "bronchopneumonia"],
    "Atelectasis": ["atelectatic", "collapse", "volume loss", "subsegmental atelectasis"],
    "Pneumothorax": ["pneumothoraces", "ptx"],
    "Pleural Effusion": [
      "effusion", "effusions", "pleural effusions", "pleural fluid",
      "hydrothorax",
    ],
    "Pleural Other": [
      "pleural thickening", "pleural scarring", "fibrothorax", "pleural plaque",
      "pleural plaques",
    ],
    "Fracture": ["fractures", "broken rib", "fractured"],
    "Support Devices": [
      "endotracheal tube", "et tube", "nasogastric tube", "ng tube",
      "central line", "picc", "picc line", "pacemaker", "chest tube", "catheter", "icd", "stent",
      "sternotomy wires", "port a cath", "swan ganz",
    ],
  ]

  /// Statements of normal findings: the finding is negative.
  static let normal: [String: [String]] = [
    "Cardiomegaly": [
      "heart size is normal", "heart is normal in size", "normal heart size",
      "heart size within normal limits", "normal cardiac silhouette",
      "cardiac silhouette is normal", "heart is not enlarged",
    ],
    "Lung Opacity": ["lungs are clear", "clear lungs", "lungs remain clear"],
    "Enlarged Cardiomediastinum": [
      "cardiomediastinal silhouette is normal",
      "normal cardiomediastinal silhouette", "mediastinal contours are normal",
      "cardiomediastinal contours are normal",
    ],
  ]

  public var rules: NegationRules

  public init(rules: NegationRules = .english) { self.rules = rules }

  /// The state of each finding; a positive mention beats an uncertain one, that a negative one.
  /// "No Finding" is positive when nothing but devices is positive or uncertain.
  public func label(_ report: String) -> [FindingState] {
    let text = AnswerText(report)
    let names = Self.findings.dropLast()
    let parser = LabelParser(labels: Array(names), synonyms: Self.phrases, rules: rules)
    var states = Dictionary(uniqueKeysWithValues: Self.findings.map { ($0, FindingState.blank) })
    func strengthen(_ name: String, _ state: FindingState) {
      let order: [FindingState] = [.blank, .negative, .uncertain, .positive]
      let old = states[name] ?? .blank
      if (order.firstIndex(of: state) ?? 0) > (order.firstIndex(of: old) ?? 0) {
        states[name] = state
      }
    }
    for mention in parser.mentions(in: report) {
      switch mention.status {
      case .affirmed: strengthen(mention.label, .positive)
      case .negated: strengthen(mention.label, .negative)
      case .uncertain: strengthen(mention.label, .uncertain)
      }
    }
    for (name, phrases) in Self.normal {
      let found = phrases.contains { !text.occurrences(of: $0).isEmpty }
      if found { strengthen(name, .negative) }
    }
    let abnormal = names.contains { name in
      name != "Support Devices" && (states[name]?.countsAsPositive ?? false)
    }
    if !abnormal { states["No Finding"] = .positive }
    return Self.findings.map { states[$0] ?? .blank }
  }
}
