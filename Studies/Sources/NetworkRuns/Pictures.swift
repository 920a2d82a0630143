// The pictures of a data set, what is known of each, and what a network sees of them.

import Foundation
import ICHStudy
public import NeuralCore
import VolumeIO
import Windowing

/// The pictures of a folder with their classes and patients.
public struct LabelledPictures: Sendable {
  public var paths: [String] = []
  /// Names relative to the folder, as the table gives them.
  public var names: [String] = []
  public var labels: [Int] = []
  /// The classes' names, sorted.
  public var classes: [String] = []
  /// Who each picture is of, where the table tells.
  public var patients: [String]?

  /// Reads a manifest, or a folder that holds one folder a class.
  ///
  /// - Throws: `StudyError.Code.data`, naming the file and what is missing.
  public init(_ plan: TrainingPlan.DataPlan) throws {
    let root = URL(fileURLWithPath: plan.folder, isDirectory: true)
    var texts: [String] = []
    if let table = try Self.table(plan, root) {
      func column(_ wanted: String?, _ usual: [String]) throws -> [String]? {
        if let wanted {
          guard let found = table[wanted] else {
            throw StudyError(
              .data, "no column \(wanted) among \(table.columns.joined(separator: ", "))")
          }
          return found
        }
        return usual.lazy.compactMap { table[$0] }.first
      }
      guard let files = try column(plan.fileColumn, ["file", "path", "filename", "image"]),
        let found = try column(plan.labelColumn, ["label", "class"])
      else {
        throw StudyError(
          .data,
          "columns \(table.columns.prefix(8).joined(separator: ", ")); file and label are expected")
      }
      patients = try column(plan.patientColumn, ["patient", "case"])
      (names, texts) = (files, found)
    } else {
      let manager = FileManager.default
      for name in try manager.contentsOfDirectory(atPath: root.path).sorted() {
        let folder = root.appendingPathComponent(name)
        guard !name.hasPrefix("."), isFolder(folder.path) else { continue }
        for file in try manager.contentsOfDirectory(atPath: folder.path).sorted()
        where !file.hasPrefix(".") {
          names.append("\(name)/\(file)")
          texts.append(name)
        }
      }
    }
    for name in names {
      guard !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
        throw StudyError(.data, "\(name) leads out of the folder")
      }
      let path = root.appendingPathComponent(name).path
      guard FileManager.default.fileExists(atPath: path) else {
        throw StudyError(.data, "\(name) is not there")
      }
      paths.append(path)
    }
    classes = Set(texts).sorted()
    guard classes.count >= 2 else {
      throw StudyError(.data, "\(names.count) pictures of \(classes.count) classes; two are needed")
    }
    if let positive = plan.positive {
      guard classes.count == 2, let place = classes.firstIndex(of: positive) else {
        throw StudyError(
          .data, "data.positive \(positive): the classes are \(classes.joined(separator: ", "))")
      }
      // The positive class is the second of two.
      if place == 0 { classes.reverse() }
    }
    let places = Dictionary(uniqueKeysWithValues: zip(classes, classes.indices))
    labels = texts.compactMap { places[$0] }
  }

  private static func table(_ plan: TrainingPlan.DataPlan, _ root: URL) throws -> Table? {
    var name = plan.manifest
    if name == nil {
      let files = try FileManager.default.contentsOfDirectory(atPath: root.path).sorted()
      let tables = files.filter { $0.hasSuffix(".csv") || $0.hasSuffix(".tsv") }
      guard tables.count <= 1 else {
        throw StudyError(
          .data,
          "\(tables.count) tables (\(tables.prefix(3).joined(separator: ", "))); "
            + "name one in data.manifest")
      }
      name = tables.first
    }
    guard let name else { return nil }
    return try Table(
      contentsOf: root.appendingPathComponent(name).path,
      separator: name.hasSuffix(".tsv") ? "\t" : ",")
  }
}

/// From a file to the numbers that a network sees.
public struct PictureReader: Sendable {
  public let plan: TrainingPlan.InputPlan
  private let tones: [Tone]

  /// - Throws: `StudyError.Code.usage` for a window that is not known.
  public init(_ plan: TrainingPlan.InputPlan) throws {
    self.plan = plan
    tones = try plan.presets.map { name in
      guard let tone = Tone(named: name) else {
        throw StudyError(
          .usage,
          "preset \(name): neither CENTER/WIDTH nor a name that roentgen window --list knows")
      }
      return tone
    }
  }

  /// A file's slices: one for a picture, all axial ones of a scan, as `[channel, side, side]` each,
  /// levels of 0…255.
  public func levels(_ path: String, everySlice: Bool = false) throws -> [[UInt8]] {
    let volume = try Volume(contentsOf: path)
    guard volume.size.z == 1 || everySlice else {
      throw StudyError(
        .data,
        "\(URL(fileURLWithPath: path).lastPathComponent): \(volume.size.z) slices; one is "
          + "expected (roentgen window makes pictures of a scan)")
    }
    let own = try tones.map { try $0.resolved(for: volume) }
    return try (0..<volume.size.z).map { try levels(volume, $0, own) }
  }

  private func levels(_ volume: Volume, _ slice: Int, _ tones: [Tone]) throws -> [UInt8] {
    let isFlat = volume.size.z == 1
    let request = SliceRequest(
      .axial, at: slice, convention: isFlat ? .stored : .radiological,
      aspect: isFlat ? .voxels : .physical)
    let picture: RGBImage
    if tones.count == 3 {
      picture = try volume.composite(request, red: tones[0], green: tones[1], blue: tones[2])
    } else if volume.components == 1 {
      picture = RGBImage(try volume.picture(request, through: tones.first ?? .fullRange))
    } else {
      picture = try volume.colors(request)
    }
    let side = plan.side
    let small =
      plan.isStretched
      ? try picture.resized(width: side, height: side, by: .bilinear)
      : try picture.letterboxed(width: side, height: side, by: .bilinear)
    if plan.channels == 1 { return small.gray.pixels }
    var planes = [UInt8](repeating: 0, count: 3 * side * side)
    for pixel in 0..<side * side {
      for channel in 0..<3 {
        planes[channel * side * side + pixel] = small.pixels[3 * pixel + channel]
      }
    }
    return planes
  }

  /// Levels as a network's input: 0…1, less the mean, over the deviation.
  public func tensor(_ levels: [UInt8]) -> Tensor {
    let area = plan.side * plan.side
    var values = [Float](repeating: 0, count: levels.count)
    for channel in 0..<plan.channels {
      let mean = Float(plan.mean[plan.mean.count == 1 ? 0 : channel])
      let factor = 1 / Float(plan.deviation[plan.deviation.count == 1 ? 0 : channel])
      for place in channel * area..<(channel + 1) * area {
        values[place] = (Float(levels[place]) / 255 - mean) * factor
      }
    }
    return Tensor(values, shape: [plan.channels, plan.side, plan.side])
  }
}

/// Labelled pictures as samples, kept in memory where they fit in a gibibyte.
struct PictureDataset: Dataset {
  let pictures: LabelledPictures
  let reader: PictureReader
  /// Levels by picture; empty where they are read each time.
  let kept: [[UInt8]]
  /// Targets as probabilities, for mixing; class indices otherwise.
  let isSpread: Bool

  var count: Int { pictures.paths.count }

  init(
    _ pictures: LabelledPictures, _ reader: PictureReader, isSpread: Bool,
    _ progress: ProgressLine
  ) throws {
    self.pictures = pictures
    self.reader = reader
    self.isSpread = isSpread
    let bytes = pictures.paths.count * reader.plan.channels * reader.plan.side * reader.plan.side
    guard bytes <= 1 << 30 else {
      kept = []
      return
    }
    progress.stage("reading \(pictures.paths.count) pictures")
    var kept: [[UInt8]] = []
    for (place, path) in pictures.paths.enumerated() {
      kept.append(try reader.levels(path)[0])
      progress.update(place + 1, of: pictures.paths.count)
    }
    self.kept = kept
  }

  func sample(at index: Int) throws(NeuralCoreError) -> NeuralCore.Sample {
    let levels: [UInt8]
    if kept.isEmpty {
      do {
        levels = try reader.levels(pictures.paths[index])[0]
      } catch {
        throw NeuralCoreError(.file, "\(error)", path: pictures.names[index])
      }
    } else {
      levels = kept[index]
    }
    let label = pictures.labels[index]
    let target: Tensor
    if isSpread {
      var row = [Float](repeating: 0, count: pictures.classes.count)
      row[label] = 1
      target = Tensor(row, shape: [row.count])
    } else {
      target = Tensor(of: [Int64(label)], shape: [])
    }
    return NeuralCore.Sample(input: reader.tensor(levels), target: target)
  }

  /// Pictures of one side of a split that equal, level for level, one of the other.
  func twins(of fold: Fold) -> [String] {
    guard !kept.isEmpty else { return [] }
    var seen: [[UInt8]: Int] = [:]
    for index in fold.training { seen[kept[index]] = index }
    return fold.heldOut.compactMap { index in
      seen[kept[index]].map { "\(pictures.names[index]) = \(pictures.names[$0])" }
    }
  }
}
