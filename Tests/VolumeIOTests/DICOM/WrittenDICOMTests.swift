import Testing
import VolumeIO

/// Series and segmentations that the writers write, read by pydicom, SimpleITK and, where it is
/// installed, highdicom. Needs `ROENTGEN_PYTHON`.
struct WrittenDICOMTests {
  static let script = """
    import sys, json, os, zlib, warnings, numpy as np, pydicom, SimpleITK as sitk
    warnings.filterwarnings('ignore')
    root = sys.argv[1]
    def crc(a): return zlib.crc32(np.ascontiguousarray(a).astype('<i4').tobytes())
    for kind in sys.argv[2:]:
        folder = f'{root}/{kind}'
        sets = [pydicom.dcmread(f'{folder}/{n}') for n in sorted(os.listdir(folder))]
        names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(folder)
        image = sitk.ReadImage(names)
        d = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
        m = np.eye(4); m[:3, :3] = d; m[:3, 3] = image.GetOrigin()
        first = sets[0]
        print(json.dumps(dict(
            kind=kind, syntax=str(first.file_meta.TransferSyntaxUID),
            crc=crc(np.stack([s.pixel_array for s in sets])),
            rescaled=float(sitk.GetArrayFromImage(image).astype('f8').sum()),
            lps=m.ravel().tolist(), modality=first.Modality,
            classes=str(first.SOPClassUID.name),
            positions=[list(map(float, s.ImagePositionPatient)) for s in sets],
            same=len({s.SOPInstanceUID for s in sets}) == len(sets)
                 and len({s.SeriesInstanceUID for s in sets}) == 1)))
    for name in ['seg.dcm', 'seg-deflated.dcm']:
        seg = pydicom.dcmread(f'{root}/{name}')
        a = seg.pixel_array
        labels = {}
        for f, g in zip(a if a.ndim == 3 else a[None], seg.PerFrameFunctionalGroupsSequence):
            number = int(g.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
            z = round(float(g.PlanePositionSequence[0].ImagePositionPatient[2]), 3)
            labels[f'{number} {z}'] = int(f.sum())
        row = dict(kind=name, bits=int(a.sum()), frames=int(seg.NumberOfFrames), planes=labels,
                   names=[s.SegmentLabel for s in seg.SegmentSequence],
                   syntax=str(seg.file_meta.TransferSyntaxUID))
        try:
            import highdicom
            read = highdicom.seg.segread(f'{root}/{name}')
            row['highdicom'] = [int(read.number_of_segments), str(read.segmentation_type.value)]
            volume = read.get_volume(combine_segments=True)
            row['volume'] = [list(volume.spatial_shape), crc(volume.array)]
        except ModuleNotFoundError: pass
        print(json.dumps(row))
    """

  @Test
  func `pydicom, SimpleITK and highdicom read the series and segmentations that were written`()
    throws
  {
    let folder = try TemporaryFolder()
    // At right angles: ITK cannot hold a tilted gantry's shear.
    let volume = try Volume.pattern(.int16, size: [12, 10, 5])
    var encodings: [String: DICOMEncoding] = [:]
    for (name, encoding) in [("plain", DICOMEncoding.explicitLittle), ("deflated", .deflated)] {
      for modality in ["CT", "MR"] {
        var attributes = DICOMWriter.Attributes()
        attributes.modality = modality
        try DICOMWriter(seed: name + modality, encoding: encoding, attributes: attributes)
          .write(volume, to: "\(folder.path)/\(modality)-\(name)")
        encodings["\(modality)-\(name)"] = encoding
      }
    }
    let series = try DICOMSeries.single(in: folder.path + "/CT-plain")
    var values = [UInt8](repeating: 0, count: volume.samples.count)
    for index in values.indices { values[index] = UInt8(index % 7 % 3) }
    let labels = try Volume(.uint8(values), geometry: volume.geometry)
    let segments = [
      DICOMSegmentation.Segment(number: 1, label: "bleed", property: "Hemorrhage"),
      DICOMSegmentation.Segment(number: 2, label: "skull", algorithm: "AUTOMATIC"),
    ]
    for (name, encoding) in [
      ("seg.dcm", DICOMEncoding.explicitLittle), ("seg-deflated.dcm", .deflated),
    ] {
      try DICOMSegmentationWriter(seed: name, segments: segments, encoding: encoding)
        .write(labels, of: series, to: folder.path + "/" + name)
    }
    guard
      let rows = try Python.run(Self.script, [folder.path] + encodings.keys.sorted())
    else { return }
    #expect(rows.count == encodings.count + 2)
    let deflated = TransferSyntax.deflated.rawValue
    for row in rows {
      let kind = try #require(row["kind"]?.string)
      #expect((row["syntax"]?.string == deflated) == kind.contains("deflated"), "\(kind)")
      guard encodings[kind] != nil else {
        #expect(row["bits"]?.number == Double(values.filter { $0 > 0 }.count), "\(kind)")
        #expect(row["frames"]?.number == Double(2 * volume.size.z), "\(kind)")
        #expect(row["names"]?.array?.compactMap(\.string) == ["bleed", "skull"], "\(kind)")
        if let type = row["highdicom"]?.array {
          #expect(type == [.number(2), .string("BINARY")], "\(kind)")
        }
        continue
      }
      #expect(row["crc"]?.number == Double(volume.storedCRC32), "\(kind)")
      #expect(row["same"] == .bool(true), "\(kind)")
      #expect(row["modality"]?.string == String(kind.prefix(2)), "\(kind)")
      #expect(row["classes"]?.string == "\(kind.prefix(2)) Image Storage", "\(kind)")
      let sum = volume.doubleSamples().reduce(0, +)
      #expect(abs((row["rescaled"]?.number ?? .nan) - sum) < 1e-6 * max(1, abs(sum)), "\(kind)")
      for (a, b) in zip(try #require(row.numbers("lps")), volume.geometry.affine.lps) {
        #expect(abs(a - b) < 1e-4, "\(kind): \(a), \(b)")
      }
    }
  }
}
