import Foundation
import Testing
import VolumeIO
import Windowing

/// Pictures against the packages that others use: Pillow, pydicom and SimpleITK, run by the Python
/// that `ROENTGEN_PYTHON` names.
struct PeerTests {
  private static let python = ProcessInfo.processInfo.environment["ROENTGEN_PYTHON"]

  /// What a script prints, line by line; nil, said loudly, where it cannot run.
  private func run(_ script: String, _ arguments: [String], _ what: String) throws -> [Substring]? {
    guard let python = Self.python else {
      print("SKIPPED: ROENTGEN_PYTHON is unset; 0 of \(what) compared")
      return nil
    }
    let process = Process()
    process.executableURL = URL(filePath: python)
    process.arguments = ["-c", script] + arguments
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let problems = String(
      decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    if problems.contains("ModuleNotFoundError") {
      print("SKIPPED: \(problems.split(separator: "\n").last ?? ""); 0 of \(what) compared")
      return nil
    }
    #expect(process.terminationStatus == 0, "\(problems)")
    return String(decoding: text, as: UTF8.self).split(separator: "\n")
  }

  private func folder() throws -> URL {
    let url = FileManager.default.temporaryDirectory.appending(
      path: "roentgen-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url
  }

  @Test func `Pillow reads every PNG with the pixels that were written`() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    var random = Noise(state: 5)
    var count = 0
    for (width, height) in [(1, 1), (3, 2), (64, 64), (257, 31), (100, 300)] {
      func noise<T: FixedWidthInteger>(_ samples: Int, _ type: T.Type) -> [T] {
        (0..<samples).map { index in
          // Half flat, half noise, so that runs, matches and literals all occur.
          index % (2 * width) < width
            ? T(truncatingIfNeeded: 7) : T(truncatingIfNeeded: random.next())
        }
      }
      let area = width * height
      let gray = try GrayImage(width: width, height: height, pixels: noise(area, UInt8.self))
      let gray16 = try Gray16Image(width: width, height: height, pixels: noise(area, UInt16.self))
      let rgb = try RGBImage(width: width, height: height, pixels: noise(3 * area, UInt8.self))
      let rgba = try RGBAImage(width: width, height: height, pixels: noise(4 * area, UInt8.self))
      for effort in PNGOptions.Effort.allCases where effort != .small || area <= 4096 {
        let options = PNGOptions(effort)
        for (name, png, raw) in [
          ("L", try gray.png(options), gray.pixels),
          (
            "I;16", try gray16.png(options),
            gray16.pixels.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
          ),
          ("RGB", try rgb.png(options), rgb.pixels), ("RGBA", try rgba.png(options), rgba.pixels),
        ] {
          let file = "\(count)-\(name.prefix(1) == "I" ? "I16" : name)-\(effort.rawValue)"
          try Data(png).write(to: folder.appending(path: file + ".png"))
          try Data(raw).write(to: folder.appending(path: file + ".raw"))
          count += 1
        }
      }
    }
    let script = """
      import sys, pathlib
      import numpy as np
      from PIL import Image
      for f in sorted(pathlib.Path(sys.argv[1]).glob("*.png")):
          image = Image.open(f); image.load()
          pixels = np.asarray(image)
          raw = pixels.astype("<u2").tobytes() if "I16" in f.name else pixels.tobytes()
          print(f.stem, raw == f.with_suffix(".raw").read_bytes())
      """
    guard let lines = try run(script, [folder.path], "\(count) PNGs") else { return }
    #expect(lines.count == count)
    for line in lines { #expect(line.hasSuffix("True"), "\(line)") }
    print("Pillow read \(lines.count) PNGs")
  }

  @Test func `PngSuite's pixels are Pillow's`() throws {
    let source = TestData.root + "/pngsuite/pngsuite"
    let names = TestData.names(in: source).filter { $0.hasSuffix(".png") && !$0.hasPrefix("x") }
    guard !names.isEmpty else {
      print("SKIPPED: 0 of PngSuite's files found")
      return
    }
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    // Pillow compares this file's transparent level of 4 bits with levels of 8, and finds none.
    for name in names where name != "ftbbn0g04.png" {
      let data = try #require(TestData.bytes(source + "/" + name))
      let pixels: [UInt8]
      switch try PNGPicture(decoding: data) {
      case .gray(let image): pixels = image.pixels.flatMap { [$0, $0, $0, 255] }
      case .rgb(let image):
        pixels = stride(from: 0, to: image.pixels.count, by: 3).flatMap { place in
          image.pixels[place..<(place + 3)] + [255]
        }
      case .rgba(let image): pixels = image.pixels
      // Pillow keeps no 16 bits of colour; 16-bit grey is compared above.
      case .gray16, .rgb16, .rgba16: continue
      }
      try Data(pixels).write(to: folder.appending(path: name + ".raw"))
    }
    let script = """
      import sys, pathlib
      from PIL import Image
      for f in sorted(pathlib.Path(sys.argv[1]).glob("*.raw")):
          image = Image.open(pathlib.Path(sys.argv[2]) / f.stem)
          print(f.stem, image.convert("RGBA").tobytes() == f.read_bytes())
      """
    guard let lines = try run(script, [folder.path, source], "PngSuite's files") else { return }
    for line in lines { #expect(line.hasSuffix("True"), "\(line)") }
    #expect(lines.count > 30, "\(lines.count) of \(names.count) files compared")
    print("PngSuite: \(lines.count) files equal Pillow's pixels")
  }

  @Test func `every windowed file of the data looks as pydicom shows it, to the grey level`() throws
  {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = try FileManager.default.subpathsOfDirectory(
      atPath: TestData.exists(TestData.root) ? TestData.root : folder.path
    )
    .filter { $0.hasSuffix(".dcm") }.sorted()
    guard !files.isEmpty else {
      print("SKIPPED: 0 DICOM files found")
      return
    }
    var list = ""
    // Of the long series, every tenth file.
    for (index, file) in files.enumerated() where files.count < 300 || index % 10 == 0 {
      let path = TestData.root + "/" + file
      guard let volume = try? Volume(contentsOf: path), volume.components == 1,
        !volume.display.windows.isEmpty || !volume.display.voiLUTs.isEmpty
      else { continue }
      let request = SliceRequest(.axial, at: 0, convention: .stored, aspect: .voxels)
      let picture: GrayImage
      do {
        picture = try volume.picture(request, through: .file())
      } catch {
        Issue.record("\(file): \(error)")
        continue
      }
      try Data(picture.pixels).write(to: folder.appending(path: "\(index).raw"))
      list += "\(index)\t\(path)\n"
    }
    let listFile = folder.appending(path: "list.txt")
    try list.write(to: listFile, atomically: true, encoding: .utf8)
    let script = """
      import sys, pathlib
      import numpy as np, pydicom
      from pydicom.pixels import apply_modality_lut, apply_voi_lut
      folder = pathlib.Path(sys.argv[1])
      for line in open(folder / "list.txt"):
          index, path = line.rstrip("\\n").split("\\t")
          ours = np.fromfile(folder / f"{index}.raw", np.uint8)
          d = pydicom.dcmread(path)
          if str(d.file_meta.TransferSyntaxUID) in (
              "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.91"):
              # Decoders of lossy pictures round differently; a narrow window shows it.
              print("SKIP", path.rsplit("/", 1)[-1], "lossy"); continue
          try:
              a = d.pixel_array
          except Exception as e:
              print("SKIP", path.rsplit("/", 1)[-1], type(e).__name__); continue
          if "SharedFunctionalGroupsSequence" in d or d.get("SamplesPerPixel", 1) != 1:
              print("SKIP", path.rsplit("/", 1)[-1], "functional groups"); continue
          if a.ndim == 3: a = a[0]
          y = apply_voi_lut(apply_modality_lut(a, d), d).astype(np.float64)
          sequence = d.get("VOILUTSequence")
          if sequence:
              low, high = 0, 2 ** sequence[0].LUTDescriptor[2] - 1
          elif "ModalityLUTSequence" in d:
              low, high = 0, 2 ** d.ModalityLUTSequence[0].LUTDescriptor[2] - 1
          else:
              low, high = (0, 2 ** d.BitsStored - 1) if d.PixelRepresentation == 0 else (
                  -(2 ** (d.BitsStored - 1)), 2 ** (d.BitsStored - 1) - 1)
              slope, intercept = float(d.get("RescaleSlope", 1)), float(d.get("RescaleIntercept", 0))
              low, high = low * slope + intercept, high * slope + intercept
          fraction = np.clip((y - low) / (high - low), 0, 1)
          if d.PhotometricInterpretation == "MONOCHROME1": fraction = 1 - fraction
          exact = fraction * 255
          theirs = np.floor(exact + 0.5)
          # A tie that float arithmetic puts a hair to one side or the other is no difference.
          tie = np.abs(exact + 0.5 - np.round(exact + 0.5)) < 1e-9
          wrong = (theirs.ravel() != ours) & ~(tie.ravel() & (np.abs(theirs.ravel() - ours) <= 1))
          print("OK" if ours.size == theirs.size and not wrong.any() else "DIFF",
              path.rsplit("/", 1)[-1], int(wrong.sum()))
      """
    guard let lines = try run(script, [folder.path], "windowed files") else { return }
    for line in lines where line.hasPrefix("DIFF") { Issue.record("\(line)") }
    let skipped = lines.count { $0.hasPrefix("SKIP") }
    #expect(lines.count - skipped > 20, "\(skipped) of \(lines.count) files were skipped")
    print("pydicom: \(lines.count - skipped) windowed files compared, \(skipped) skipped")
  }

  @Test func `oblique slices are SimpleITK's`() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    var random = Noise(state: 11)
    let size = SIMD3(40, 30, 20)
    let samples = (0..<(size.x * size.y * size.z)).map { _ in
      Int16(truncatingIfNeeded: random.next() % 4000)
    }
    let volume = try Volume(
      .int16(samples),
      geometry: Geometry(
        size: size, affine: Affine(spacing: [0.8, 0.9, 2.5], origin: [-12, 7, 30])))
    let file = folder.appending(path: "scan.nii")
    try volume.writeNIfTI(to: file.path)
    let plane = ObliquePlane(
      center: [3, 20, 52], right: [1, 0.2, 0], down: [-0.2, 1, 0.5], spacing: 0.7, width: 41,
      height: 37)
    let right = plane.right / (plane.right * plane.right).sum().squareRoot()
    let down = plane.down / (plane.down * plane.down).sum().squareRoot()
    let values = try volume.values(SliceRequest(.oblique(plane)))
    let script = """
      import sys
      import numpy as np, SimpleITK as sitk
      scan = sitk.ReadImage(sys.argv[1], sitk.sitkFloat64)
      v = [float(x) for x in sys.argv[2].split(",")]
      right, down, center, spacing = v[0:3], v[3:6], np.array(v[6:9]), v[9]
      width, height = int(v[10]), int(v[11])
      normal = np.cross(right, down)
      origin = center - spacing * ((width - 1) / 2 * np.array(right) + (height - 1) / 2 * np.array(down))
      grid = sitk.Image(width, height, 1, sitk.sitkFloat64)
      grid.SetSpacing([spacing] * 3); grid.SetOrigin(origin.tolist())
      grid.SetDirection(np.stack([right, down, normal], 1).ravel().tolist())
      out = sitk.Resample(scan, grid, sitk.Transform(), sitk.sitkLinear, float("nan"))
      print(",".join(str(x) for x in sitk.GetArrayFromImage(out).ravel()))
      """
    let numbers =
      [right.x, right.y, right.z, down.x, down.y, down.z, 3, 20, 52, 0.7, 41, 37]
      .map { "\($0)" }.joined(separator: ",")
    guard let lines = try run(script, [file.path, numbers], "oblique slices") else { return }
    let theirs = (lines.first ?? "").split(separator: ",").map { Float($0) ?? .nan }
    try #require(theirs.count == values.pixels.count)
    var compared = 0
    for (a, b) in zip(values.pixels, theirs) where !a.isNaN && !b.isNaN {
      compared += 1
      if abs(a - b) > 0.01 { Issue.record("\(a) where SimpleITK has \(b)") }
    }
    #expect(compared > 800)
    print("SimpleITK: \(compared) pixels of an oblique slice agree within 0.01")
  }
}
