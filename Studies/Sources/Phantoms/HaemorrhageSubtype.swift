/// The five kinds of intracranial haemorrhage, numbered as BHSD's masks number them.
public enum HaemorrhageSubtype: Int, Sendable, Hashable, Codable, CaseIterable, Comparable {
  case epidural = 1
  case intraparenchymal = 2
  case intraventricular = 3
  case subarachnoid = 4
  case subdural = 5

  /// The abbreviation that radiologists write.
  public var abbreviation: String {
    switch self {
    case .epidural: "EDH"
    case .intraparenchymal: "IPH"
    case .intraventricular: "IVH"
    case .subarachnoid: "SAH"
    case .subdural: "SDH"
    }
  }

  /// The word that RSNA's 2019 labels use.
  public var name: String {
    switch self {
    case .epidural: "epidural"
    case .intraparenchymal: "intraparenchymal"
    case .intraventricular: "intraventricular"
    case .subarachnoid: "subarachnoid"
    case .subdural: "subdural"
    }
  }

  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
