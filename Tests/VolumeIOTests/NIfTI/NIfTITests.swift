import Testing
import VolumeIO

struct NIfTITests {
  /// A NIfTI-1 file of 5 × 4 × 3 `Int16`, with some of its header's bytes replaced.
  static func file(_ patches: [(Int, [UInt8])] = []) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    try Volume.pattern(.int16).writeNIfTI(to: folder.path + "/a.nii")
    var bytes = try bytes(of: folder.path + "/a.nii")
    for (offset, patch) in patches {
      bytes.replaceSubrange(offset..<offset + patch.count, with: patch)
    }
    return bytes
  }

  static let malformed: [(String, [(Int, [UInt8])], VolumeError.Code)] = [
    ("dim[2] = −64", [(44, [0xC0, 0xFF])], .malformed),
    ("dim[1] = 0", [(42, [0, 0])], .malformed),
    ("8 axes", [(40, [8, 0])], .malformed),
    ("32767³ voxels", [(42, [0xFF, 0x7F, 0xFF, 0x7F, 0xFF, 0x7F])], .truncated),
    ("vox_offset beyond the end", [(108, [0, 0, 0x80, 0x4B])], .truncated),
    ("vox_offset in the header", [(108, [0, 0, 0x20, 0x41])], .malformed),
    ("vox_offset NaN", [(108, [0, 0, 0xC0, 0x7F])], .malformed),
    ("an unlisted datatype", [(70, [3, 0])], .unsupported),
    ("srow NaN", [(280, [0, 0, 0xC0, 0x7F])], .malformed),
    ("a slope without intercept", [(112, [0, 0, 0, 0x40, 0, 0, 0xC0, 0x7F])], .malformed),
    ("sizeof_hdr 347", [(0, [0x5B, 1, 0, 0])], .unknownFormat),
  ]

  @Test(arguments: malformed.indices)
  func `a header that cannot be true is an error that names the field`(index: Int) throws {
    let (what, patches, code) = Self.malformed[index]
    let error = #expect(throws: VolumeError.self, "\(what)") {
      try NIfTIFile(bytes: try Self.file(patches)).volume()
    }
    #expect(error?.code == code, "\(what): \(error.map { "\($0)" } ?? "")")
  }

  @Test func `a cut file is truncated, also when gzipped, and a wrong checksum is corrupt`() throws
  {
    let whole = try Self.file()
    let zipped = try Deflate.compress(whole.span, .gzip)
    for bytes in [Array(whole.dropLast(1)), Array(zipped.dropLast(9)), Array(zipped.dropLast(1))] {
      let error = #expect(throws: VolumeError.self) { try NIfTIFile(bytes: bytes).volume() }
      #expect(error?.code == .truncated)
    }
    var wrong = zipped
    wrong[wrong.count - 6] ^= 1
    let error = #expect(throws: VolumeError.self) { try NIfTIFile(bytes: wrong).volume() }
    #expect(error?.code == .corrupt)
    let two = zipped + [UInt8](repeating: 0, count: 100)
    #expect(try NIfTIFile(bytes: two).volume().size == [5, 4, 3])
  }

  @Test(arguments: Orientation.all)
  func `reorienting moves no voxel in the patient`(orientation: Orientation) throws {
    let volume = try Volume.pattern(.int16, channels: 2)
    let turned = volume.reoriented(to: orientation)
    #expect(turned.geometry.orientation == orientation)
    let back = turned.reoriented(to: volume.geometry.orientation)
    #expect(back.samples == volume.samples)
    #expect(back.geometry.matches(volume.geometry, tolerance: 1e-12))
    let inverse = try #require(turned.geometry.affine.inverse)
    for (i, j, k) in [(0, 0, 0), (4, 3, 2), (1, 2, 1)] {
      let place = inverse(volume.geometry.affine([Double(i), Double(j), Double(k)]))
      let (x, y, z) = (
        Int(place.x.rounded()), Int(place.y.rounded()), Int(place.z.rounded())
      )
      #expect(turned.stored(x, y, z, channel: 1) == volume.stored(i, j, k, channel: 1))
    }
    #expect(Orientation(orientation.description) == orientation)
  }

  @Test func `crop, pad and flip keep every voxel in its place`() throws {
    let volume = try Volume.pattern(.float32, components: 2, kind: .complex, channels: 2)
    let padded = volume.padded(before: [1, 2, 0], after: [0, 1, 2], value: -9)
    #expect(padded.size == [6, 7, 5] && padded[0, 0, 0] == -9)
    let back = padded.cropped(x: 1..<6, y: 2..<6, z: 0..<3)
    #expect(back.samples == volume.samples)
    #expect(back.geometry.matches(volume.geometry, tolerance: 1e-12))
    let flipped = volume.flipped(axes: [0, 2])
    #expect(flipped[0, 1, 2, component: 1] == volume[4, 1, 0, component: 1])
    #expect(flipped.flipped(axes: [0, 2]).samples == volume.samples)
    let shifted = volume.cropped(x: 1..<5, y: 0..<4, z: 0..<3)
    let difference = shifted.geometry.differences(from: volume.geometry)
    #expect(difference.map(\.field) == ["size", "origin"])
    #expect(abs((difference.last?.amount ?? 0) - 0.7) < 1e-9)
  }

  @Test func `a description tells shape, type, spacing, orientation, range and memory`() throws {
    let volume = try Volume(
      .int16([-1024, 0, 100, 3071, 5, 6]),
      geometry: Geometry(size: [3, 2, 1], affine: Affine(spacing: [0.488, 0.488, 5])),
      modality: "CT")
    #expect(
      volume.description
        == "CT 3×2×1 Int16 · 0.49×0.49×5.00 mm · LPS · −1024…3071 HU · 12 B")
  }
}
