import Foundation
import Testing
import VolumeIO

/// A series through `Volume(contentsOf:)`, as DICOM and as the NIfTI made of it.
struct AgreementTests {
  // The folder's NIfTI files show another part of the body, so that the CT's own headers are the oracle:
  // pydicom's ImagePositionPatient of its lowest and highest slice, and its PixelSpacing.
  @Test func `a CT is the same from DICOM and from the NIfTI written of it`() throws {
    guard let source = TestData.folder.map({ $0 + "/totalseg-ct/example_ct_dicom" }),
      FileManager.default.fileExists(atPath: source)
    else {
      print("SKIPPED: 1 comparison of DICOM with NIfTI (totalseg-ct)")
      return
    }
    let dicom = try Volume(contentsOf: source)
    #expect(dicom.size == [512, 512, 20])
    for (slice, z) in [(0, -804.5), (19, -766.5)] {
      let corner = dicom.geometry.affine([0, 0, Double(slice)])
      let gap = corner - SIMD3(-249.51171875, -437.51171875, z)
      #expect(max(abs(gap.x), abs(gap.y), abs(gap.z)) < 1e-6)
    }
    #expect(dicom.spacing.x == 0.9765625)
    let folder = try TemporaryFolder()
    try dicom.writeNIfTI(to: folder.path + "/ct.nii.gz")
    let nifti = try Volume(contentsOf: folder.path + "/ct.nii.gz")
    // NIfTI's affine is of 32-bit numbers.
    #expect(dicom.geometry.differences(from: nifti.geometry, tolerance: 1e-3).isEmpty)
    #expect(dicom.samples == nifti.samples)
    #expect(dicom.rescale == nifti.rescale)
  }

  // ITK issue 1607: jitter of a micrometre is no irregular spacing; a missing slice is.
  @Test func `an irregular series says what can be done about it`() throws {
    let heights = [0.0, 1, 2.000001, 3, 4.5, 6]
    let folder = try TemporaryFolder()
    for (index, z) in heights.enumerated() {
      var slice = SyntheticDICOM.Slice()
      slice.z = z
      slice.instance = index + 1
      _ = try folder.file("\(index).dcm", SyntheticDICOM.slice(slice))
    }
    let error = #expect(throws: VolumeError.self) { try Volume(contentsOf: folder.path) }
    #expect(error?.code == .geometry)
    for word in ["gaps of 1.0 to 1.5 mm", "ReadOptions.dicom", ".resample", ".keep"] {
      #expect(error?.detail.contains(word) == true, "\(word) in \(String(describing: error))")
    }
    var options = ReadOptions()
    options.dicom.irregularSpacing = .resample(step: 1)
    #expect(try Volume(contentsOf: folder.path, options).size.z == 7)
    options.dicom.irregularSpacing = .keep
    #expect(try Volume(contentsOf: folder.path, options).size.z == 6)
  }
}
