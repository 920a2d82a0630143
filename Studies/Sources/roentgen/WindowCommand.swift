import ArgumentParser
import Foundation
import ICHStudy
import VolumeIO
import Windowing

struct WindowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "window",
    abstract: "Turn a scan into the pictures a reader would look at.",
    discussion: """
      roentgen window head.nii.gz -o pictures --preset brain
      roentgen window series/ -o pictures --preset brain,subdural-rsna,bone-rsna --every 2
      roentgen window series/ -o pictures --preset brain --montage 4x5
      roentgen window brain-mr.nii.gz -o pictures --preset mr --plane coronal --evenly 12
      roentgen window head.nii.gz -o pictures --preset stroke --plane oblique --normal 0,0.3,1
      roentgen window head.nii.gz -o pictures --preset brain --mask bleed.nii.gz --masked

      Three presets separated by commas become red, green and blue of one picture. `file` takes the
      file's own window, `mr` percentiles 0.5 to 99.5 above zero, `full` the whole range, and
      CENTER/WIDTH any window. `roentgen window --list` prints the presets and their sources.
      What had to be done about uneven gaps, a tilted gantry and the like is said on standard error.
      """)

  @Argument(help: "A file, a folder of DICOM slices or an archive.")
  var scan: String?

  @Option(name: .shortAndLong, help: "Folder for the PNG files; made where it is missing.")
  var output: String?

  @Option(help: "One preset, or three for red, green and blue.")
  var preset = "file"

  @Option(help: "linear, exact or sigmoid: DICOM's functions of a window (PS3.3 C.11.2.1).")
  var function: String?

  @Option(help: "A colour map for one window: \(ColorMap.all.map(\.name).joined(separator: ", ")).")
  var map: String?

  @OptionGroup var input: ScanInput

  @Option(help: "axial, coronal, sagittal, or oblique with --normal.")
  var plane = "axial"

  @Option(help: "X,Y,Z of an oblique plane's normal, towards left, posterior and head.")
  var normal: String?

  @Option(help: "radiological, neurological or stored.")
  var convention = "radiological"

  @Option(help: "Every so many slices.")
  var every: Int?

  @Option(help: "So many slices, evenly spaced.")
  var evenly: Int?

  @Option(help: "So many slices, chosen at random.")
  var random: Int?

  @Option(help: "Seed of the random choice.")
  var seed: UInt64 = 2505

  @Flag(help: "Only slices with a head in it: leaves out those above the vertex (CT).")
  var head = false

  @Option(help: "A segmentation on the same grid, drawn over the pictures.")
  var mask: String?

  @Option(help: "How the mask is drawn: contour or fill.")
  var overlay = "contour"

  @Flag(help: "Only slices with a label of the mask.")
  var masked = false

  @Option(help: "Slices a slab: max:5, min:5 or mean:5.")
  var slab: String?

  @Option(help: "Longest side in pixels.")
  var side: Int?

  @Option(help: "Fit each picture to what a reader takes: claude, openai, gemini or medgemma.")
  var fit: String?

  @Option(help: "Sheets of COLUMNSxROWS pictures instead of one file a slice.")
  var montage: String?

  @Flag(help: "Draw the letters of the patient's sides and a scale bar.")
  var annotate = false

  @Option(help: "fast, standard or small files.")
  var effort = "standard"

  @Flag(help: "Write provenance.json: how each picture was made.")
  var provenance = false

  @Flag(help: "Replace files that exist.")
  var force = false

  @Flag(help: "No progress on standard error.")
  var quiet = false

  @Flag(help: "List the presets.")
  var list = false

  func validate() throws {
    if list { return }
    guard scan != nil, output != nil else {
      throw ValidationError("a SCAN and --output are needed; see --help")
    }
    _ = try WindowPlan(self)
  }

  func run() async throws {
    if list {
      for preset in WindowPreset.all {
        let name = preset.name.padding(toLength: 22, withPad: " ", startingAt: 0)
        print("\(name) \(preset.window)  (\(preset.source))")
      }
      return
    }
    guard let scan, let output else { return }
    let plan = try WindowPlan(self)
    let progress = ProgressLine(quiet: quiet)
    do {
      progress.stage("reading")
      let (volume, notes) = try input.read(scan, crossesSlices: plan.crossesSlices)
      for note in notes { progress.say("  note: \(note)") }
      let labels = try mask.map { try Volume(contentsOf: $0) }
      let count = try await plan.write(volume, labels, into: output, progress)
      print("\(count) \(count == 1 ? "file" : "files") in \(output)")
    } catch let error as VolumeError {
      throw Failure.exit(Failure.dataError, error)
    } catch let error as WindowingError {
      let isOutput = error.code == .exists || error.code == .file
      throw Failure.exit(isOutput ? Failure.cannotCreate : Failure.dataError, error)
    }
  }
}
