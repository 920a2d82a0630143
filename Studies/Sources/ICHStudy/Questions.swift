import MLLMClients
import Phantoms

/// The progressive questions of study 1, in our own words: the paper's are not published.
///
/// Each turn is one request that carries the turns before it; after "no blood" the dialogue ends.
/// Order after arXiv 2505.09252: region, presence, kind, place, amount, what to do.
enum Questions {
  static let system = """
    You are an expert in neuroradiology and neurosurgery who takes part in a reading study. You are \
    shown one axial slice of a head CT without contrast. The picture follows the radiological \
    convention: the patient's right is on the left of the picture. This is research on anonymous \
    or computer-generated pictures; no patient is treated by your answer. Always commit to your \
    best reading. Answer with one JSON object of the form that each question gives, and nothing \
    else.
    """

  static let region = """
    Which level of the head does this slice show? Answer as \
    {"region": "posterior fossa" | "skull base" | "basal ganglia" | "lateral ventricles" | \
    "above the ventricles" | "vertex"}.
    """

  static let presence = """
    Is there intracranial haemorrhage on this slice? Answer as {"haemorrhage": true | false, \
    "confidence": a number from 0 to 1, the probability that there is haemorrhage}.
    """

  static let subtypes = """
    Which kinds of haemorrhage are on this slice? Name every kind that you see: EDH (epidural), IPH \
    (intraparenchymal), IVH (intraventricular), SAH (subarachnoid), SDH (subdural). Answer as \
    {"subtypes": ["EDH" | "IPH" | "IVH" | "SAH" | "SDH", ...]}.
    """

  static let place = """
    Where is the haemorrhage? "side" is the patient's side, not the picture's. Answer as \
    {"side": "left" | "right" | "both", "structure": "a few words"}.
    """

  /// The scale is given, as no picture tells it.
  static func amount(width: Double, height: Double, thickness: Double) -> String {
    """
    Estimate the volume of haemorrhage in this slice in millilitres: its area times the slice's \
    thickness. The picture is \(decimal(width, places: 0)) mm wide and \
    \(decimal(height, places: 0)) mm high, and the slice is \(decimal(thickness, places: 1)) mm \
    thick. Answer as {"millilitres": a number}.
    """
  }

  static let treatment = """
    What should be done for a patient with this finding, and how urgent is it? Answer as \
    {"urgency": "emergency" | "urgent" | "routine", "recommendation": "one sentence"}.
    """

  /// The most tokens of an answer; room to think comes on top, per model.
  static let answerTokens = 300

  struct Region: Sendable, Codable, SchemaDescribed {
    var region: String

    static var schemaDetails: [String: JSON] {
      [
        "region": [
          "enum": [
            "posterior fossa", "skull base", "basal ganglia", "lateral ventricles",
            "above the ventricles", "vertex",
          ]
        ]
      ]
    }
  }

  struct Presence: Sendable, Codable, SchemaDescribed {
    var haemorrhage: Bool
    var confidence: Double

    static var schemaDetails: [String: JSON] { ["confidence": ["minimum": 0, "maximum": 1]] }
  }

  struct Subtypes: Sendable, Codable, SchemaDescribed {
    var subtypes: [String]

    static var schemaDetails: [String: JSON] {
      [
        "subtypes": [
          "items": ["type": "string", "enum": ["EDH", "IPH", "IVH", "SAH", "SDH"]], "maxItems": 5,
        ]
      ]
    }
  }

  struct Place: Sendable, Codable, SchemaDescribed {
    var side: String
    var structure: String

    static var schemaDetails: [String: JSON] {
      ["side": ["enum": ["left", "right", "both"]], "structure": ["maxLength": 80]]
    }
  }

  struct Amount: Sendable, Codable, SchemaDescribed {
    var millilitres: Double

    static var schemaDetails: [String: JSON] { ["millilitres": ["minimum": 0, "maximum": 2000]] }
  }

  struct Treatment: Sendable, Codable, SchemaDescribed {
    var urgency: String
    var recommendation: String

    static var schemaDetails: [String: JSON] {
      [
        "urgency": ["enum": ["emergency", "urgent", "routine"]],
        "recommendation": ["maxLength": 300],
      ]
    }
  }

  /// The kind that a model's word means; nil for a word that is none.
  static func subtype(_ word: String) -> HaemorrhageSubtype? {
    let key = word.lowercased().filter(\.isLetter)
    return HaemorrhageSubtype.allCases.first {
      key == $0.abbreviation.lowercased() || key.hasPrefix($0.name)
        || ($0 == .epidural && key.hasPrefix("extradural"))
        || ($0 == .intraparenchymal && key.hasPrefix("intracerebral"))
    }
  }
}
