// Named windows and where each of them comes from.

/// A window with a name and a source, to be listed, asked for by name and cited.
public struct WindowPreset: Sendable, Hashable, Codable {
  /// Lower case with hyphens, such as `temporal-bone`.
  public var name: String
  public var window: Window
  /// Where width and centre are published.
  public var source: String
  /// The modality it is meant for, as DICOM's code.
  public var modality: String

  public init(name: String, window: Window, source: String, modality: String = "CT") {
    self.name = name
    self.window = window
    self.source = source
    self.modality = modality
  }

  private init(_ name: String, _ window: Window, _ source: String) {
    self.init(name: name, window: window, source: source)
  }

  private static let radiopaedia = "Radiopaedia, “Windowing (CT)”, article 52108"
  private static let rsna = "RSNA 2019 intracranial haemorrhage challenge, brain/subdural/bone"
  private static let medGemma = "MedGemma model card, CT input: three windows into RGB"
  private static let zeroShotICH = "arXiv 2505.09252, zero-shot haemorrhage subtyping on CT"
  private static let greyWhite =
    "Lev et al., Radiology 1999;213:150–155: narrow windows for acute stroke"

  /// Every preset, in the order in which a reader of the head would ask for them.
  public static let all: [WindowPreset] = [
    WindowPreset("brain", .brain, radiopaedia),
    WindowPreset("subdural", .subdural, radiopaedia),
    WindowPreset("subdural-rsna", .subduralRSNA, rsna),
    WindowPreset("stroke", .stroke, radiopaedia),
    WindowPreset("stroke-narrow", .strokeNarrow, greyWhite),
    WindowPreset("temporal-bone", .temporalBone, radiopaedia),
    WindowPreset("bone", .bone, radiopaedia),
    WindowPreset("bone-rsna", .boneRSNA, rsna),
    WindowPreset("head-soft-tissue", .headSoftTissue, radiopaedia),
    WindowPreset("soft-tissue", .softTissue, radiopaedia),
    WindowPreset("lung", .lung, radiopaedia),
    WindowPreset("mediastinum", .mediastinum, radiopaedia),
    WindowPreset("liver", .liver, radiopaedia),
    WindowPreset("angio", .angio, "Radiopaedia, “CT angiography”: wide window for vessels"),
    WindowPreset("spine-soft-tissue", .spineSoftTissue, radiopaedia),
    WindowPreset("haemorrhage-200-20", .haemorrhage, zeroShotICH),
    WindowPreset("medgemma-wide", .medGemmaWide, medGemma),
    WindowPreset("medgemma-soft-tissue", .medGemmaSoftTissue, medGemma),
    WindowPreset("medgemma-brain", .medGemmaBrain, medGemma),
  ]

  /// The preset of that name; nil where there is none. Case and `_`, `-` or blanks do not matter.
  public static func named(_ name: String) -> WindowPreset? {
    func plain(_ text: String) -> String {
      text.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " }
    }
    return all.first { plain($0.name) == plain(name) }
  }
}

extension Window {
  /// Brain: 80 HU wide at 40 HU (Radiopaedia, “Windowing (CT)”).
  public static let brain = Window(center: 40, width: 80)
  /// Subdural blood: 215 HU wide at 75 HU, the middle of Radiopaedia's 130–300 at 50–100.
  public static let subdural = Window(center: 75, width: 215)
  /// Subdural blood: 200 HU wide at 80 HU, as the RSNA 2019 challenge's solutions use it.
  public static let subduralRSNA = Window(center: 80, width: 200)
  /// Stroke: 40 HU wide at 40 HU (Radiopaedia, “Windowing (CT)”).
  public static let stroke = Window(center: 40, width: 40)
  /// Stroke, grey against white matter: 8 HU wide at 32 HU (Lev et al. 1999).
  public static let strokeNarrow = Window(center: 32, width: 8)
  /// Temporal bone: 2800 HU wide at 600 HU (Radiopaedia, “Windowing (CT)”).
  public static let temporalBone = Window(center: 600, width: 2800)
  /// Bone: 1800 HU wide at 400 HU (Radiopaedia, “Windowing (CT)”).
  public static let bone = Window(center: 400, width: 1800)
  /// Bone: 2800 HU wide at 600 HU, as the RSNA 2019 challenge's solutions use it.
  public static let boneRSNA = Window(center: 600, width: 2800)
  /// Soft tissue of the head: 350 HU wide at 40 HU, within Radiopaedia's 350–400 at 20–60.
  public static let headSoftTissue = Window(center: 40, width: 350)
  /// Soft tissue of the abdomen: 400 HU wide at 50 HU (Radiopaedia, “Windowing (CT)”).
  public static let softTissue = Window(center: 50, width: 400)
  /// Lungs: 1500 HU wide at −600 HU (Radiopaedia, “Windowing (CT)”).
  public static let lung = Window(center: -600, width: 1500)
  /// Mediastinum: 350 HU wide at 50 HU (Radiopaedia, “Windowing (CT)”).
  public static let mediastinum = Window(center: 50, width: 350)
  /// Liver: 150 HU wide at 30 HU (Radiopaedia, “Windowing (CT)”).
  public static let liver = Window(center: 30, width: 150)
  /// Contrast-filled vessels: 600 HU wide at 300 HU.
  public static let angio = Window(center: 300, width: 600)
  /// Soft tissue of the spine: 250 HU wide at 50 HU (Radiopaedia, “Windowing (CT)”).
  public static let spineSoftTissue = Window(center: 50, width: 250)
  /// Haemorrhage subtyping: 200 HU wide at 20 HU (arXiv 2505.09252).
  public static let haemorrhage = Window(center: 20, width: 200)
  /// MedGemma's red: 2250 HU wide at −100 HU.
  public static let medGemmaWide = Window(center: -100, width: 2250)
  /// MedGemma's green: 350 HU wide at 40 HU.
  public static let medGemmaSoftTissue = Window(center: 40, width: 350)
  /// MedGemma's blue: 80 HU wide at 40 HU.
  public static let medGemmaBrain = Window(center: 40, width: 80)

  /// The window of the ``WindowPreset`` of that name; nil where there is none.
  public init?(preset name: String) {
    guard let preset = WindowPreset.named(name) else { return nil }
    self = preset.window
  }
}
