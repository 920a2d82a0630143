import Testing
import VolumeIO

/// Every file of the oracle through `Volume(contentsOf:)`, against what nibabel 5.4, SimpleITK 2.5 and
/// pydicom 3.0 say of it.
struct OracleTests {
  static let rows = TestData.oracle.filter { $0.json["format"] != .string("dicom") }

  @Test(arguments: rows)
  func `a file reads as its reference reader reads it`(_ row: OracleRow) throws {
    let volume: Volume
    do {
      volume = try Volume(contentsOf: row.path)
    } catch  where row.json["referenceError"] != nil {
      #expect(!error.detail.isEmpty)
      return
    }
    if row.json["format"] == .string("itk") {
      try itk(row, volume)
    } else if row.json["referenceError"] == nil {
      try nifti(row, volume)
    }
  }

  private func close(_ a: Double, _ b: Double) -> Bool {
    abs(a - b) <= 1e-5 * max(1, abs(a), abs(b))
  }

  private func nifti(_ row: OracleRow, _ volume: Volume) throws {
    let sizes = try #require(row.numbers("size")).map { Int($0) }
    #expect([volume.size.x, volume.size.y, volume.size.z] == Array((sizes + [1, 1]).prefix(3)))
    #expect(volume.channels == sizes.dropFirst(3).reduce(1, *))
    #expect(row.json["dtype"]?.string == volume.samples.type.rawValue)
    for (a, b) in zip(volume.geometry.affine.ras, try #require(row.numbers("affineRAS"))) {
      #expect(close(a, b), "\(a) and \(b)")
    }
    let header = try NIfTIFile(contentsOf: row.path).header
    for (a, b) in zip(header.pixdim, try #require(row.numbers("zooms"))) { #expect(close(a, b)) }
    #expect(String(volume.storedCRC32, radix: 16) == hex(row))
    let range = volume.statistics()
    #expect(close(range.min, try #require(row.number("scaledMin"))))
    #expect(close(range.max, try #require(row.number("scaledMax"))))
    #expect(close(range.mean, try #require(row.number("scaledMean"))))
    let floats = try Volume(contentsOf: row.path, .float32)
    #expect(floats.samples == .float32(volume.floatSamples()))
  }

  private func itk(_ row: OracleRow, _ volume: Volume) throws {
    let sizes = try #require(row.numbers("size")).map { Int($0) }
    #expect([volume.size.x, volume.size.y, volume.size.z] == Array((sizes + [1, 1]).prefix(3)))
    #expect(row.json["dtype"]?.string == volume.samples.type.rawValue)
    #expect(row.number("components") == Double(volume.components))
    let origin = try #require(row.numbers("origin"))
    let spacing = try #require(row.numbers("spacing"))
    for axis in 0..<min(3, sizes.count) {
      #expect(close(volume.geometry.affine.origin[axis], origin[axis]))
      #expect(close(volume.spacing[axis], spacing[axis]))
    }
    #expect(String(volume.storedCRC32, radix: 16) == hex(row))
    let range = volume.storedStatistics()
    #expect(close(range.min, try #require(row.number("min"))))
    #expect(close(range.max, try #require(row.number("max"))))
    #expect(close(range.mean, try #require(row.number("mean"))))
  }

  private func hex(_ row: OracleRow) -> String? {
    row.json["storedCRC32"]?.string.map { text in
      let trimmed = text.drop { $0 == "0" }
      return trimmed.isEmpty ? "0" : String(trimmed)
    }
  }
}

extension ReadOptions {
  /// Rescaled to floats while reading.
  static let float32: ReadOptions = {
    var options = ReadOptions()
    options.samples = .float32
    return options
  }()
}
