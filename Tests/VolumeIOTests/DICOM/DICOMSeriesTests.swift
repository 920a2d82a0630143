import Testing
import VolumeIO

/// Real series: order, spacing, tilt, fourth axis.
struct DICOMSeriesTests {
  @Test(.enabled(if: TestData.folder != nil))
  func `a tilted series keeps its shear and tells its tilt and its gaps`() throws {
    let folder = try #require(TestData.folder) + "/dcm_qa_ct/In/GE"
    let series = try DICOMSeries.single(in: folder)
    #expect(series.size == [512, 512, 28])
    #expect(abs(series.gantryTilt - 18.5) < 1e-3)  // (0018,1120) says +18.5
    #expect(series.diagnostics.map(\.kind).contains(.gantryTilt))
    #expect(series.diagnostics.map(\.kind).contains(.irregularSpacing))
    let error = #expect(throws: VolumeError.self) { try series.read() }
    #expect(error?.code == .geometry)
    // pydicom: ImagePositionPatient of the first and the last file.
    #expect(distance(series.positions[0], [-125, -123.5404569, 5.8360586]) < 1e-3)
    #expect(distance(series.positions[27], [-125, -123.5404569, 157.7760586]) < 1e-3)
    let runs = series.evenRuns()
    #expect(runs.map(\.size.z) == [14, 14])
    for (run, step) in zip(runs, [4.22, 7.38]) {
      #expect(run.isRegular)
      let affine = run.geometry.affine
      #expect(distance(affine.z, [0, 0, step]) < 1e-3)
      for (k, position) in run.positions.enumerated() {
        #expect(distance(affine([0, 0, Double(k)]), position) < 1e-3)
      }
    }
  }

  @Test(.enabled(if: TestData.folder != nil))
  func `the slices of CT files lie as in the NIfTI made of them`() throws {
    let data = try #require(TestData.folder)
    let scan = try DICOMSeries.single(in: data + "/totalseg-ct/example_ct_dicom")
    #expect(scan.size == [512, 512, 20])
    #expect(distance(scan.positions[0], [-249.51171875, -437.51171875, -804.5]) < 1e-9)
    #expect(distance(scan.geometry.affine.z, [0, 0, 2]) < 1e-9)
  }

  @Test(.enabled(if: TestData.folder != nil))
  func `frames of several enhanced files become a fourth axis`() throws {
    let data = try #require(TestData.folder)
    let series = try DICOMSeries.single(in: data + "/dcm_qa_enh/In/Siemens/XA10")
    #expect(series.size == [64, 64, 6])
    #expect(series.channels == 4)
    // dcm2niix: Siemens_REST1_w_SMS_PF7-8_6.nii, in RAS with its second axis flipped.
    let reference = try Volume(
      contentsOf: data + "/dcm_qa_enh/Ref/Siemens_REST1_w_SMS_PF7-8_6.nii")
    let volume = try Volume(series: series)
    #expect(volume.channels == reference.channels)
    let same = volume.reoriented(to: reference.geometry.orientation)
    #expect(same.geometry.differences(from: reference.geometry, tolerance: 1e-3) == [])
    #expect(same.doubleSamples() == reference.doubleSamples())
  }

  @Test(.enabled(if: TestData.folder != nil))
  func `echo images and field maps of one file become two volumes`() throws {
    let data = try #require(TestData.folder)
    let all = try DICOMSeries.find(in: data + "/dcm_qa_enh/In/Philips")
    #expect(all.map(\.size) == [[64, 64, 32], [64, 64, 32]])
    for name in ["e1", "e2_fieldmaphz"] {
      let reference = try Volume(
        contentsOf: data + "/dcm_qa_enh/Ref/Philips_WIP_B0_NS_801_\(name).nii")
      // dcm2niix takes Philips' private scale for the first; the stored samples are the same.
      let matches = try all.filter { series in
        let volume = try Volume(series: series).reoriented(to: reference.geometry.orientation)
        return volume.geometry.differences(from: reference.geometry, tolerance: 0.02) == []
          && volume.samples.storedCRC32 == reference.samples.storedCRC32
      }
      #expect(matches.count == 1)
    }
  }

  @Test(.enabled(if: TestData.folder != nil))
  func `scouts are split off and reports set apart`() throws {
    let data = try #require(TestData.folder)
    let folder = try DICOMFolder(data + "/dcm_qa_ct/In/Philips")
    #expect(folder.series.filter(\.isLocalizer).count == 3)
    #expect(folder.series.count == 6)
    #expect(folder.others.count == 1)
    #expect(folder.failures.isEmpty)
  }

  @Test(.enabled(if: TestData.folder != nil))
  func `12-bit samples lose the garbage above their bits`() throws {
    let data = try #require(TestData.folder) + "/dcm_qa_12bit/"
    // dcm2niix' references: 0…2908, 0…4095, −2048…2047.
    for (name, low, high) in [
      ("12bitUnsigned", 0.0, 2908.0), ("12bitUnsigned_0x0F0F", 0, 4095),
      ("12bitSigned_0x0F0F", -2048, 2047),
    ] {
      let file = try DICOMFile(contentsOf: data + "In/\(name).dcm")
      let summary = try DICOMSummary(file)
      #expect(summary.minimum == low && summary.maximum == high)
    }
  }

  private func distance(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double {
    let d = a - b
    return (d * d).sum().squareRoot()
  }
}
