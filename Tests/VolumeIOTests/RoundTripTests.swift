import Testing
import VolumeIO

/// What the writers write, read back by this library and by nibabel, SimpleITK and pynrrd.
struct RoundTripTests {
  static let suffixes = ["nii", "nii.gz", "nrrd", "nhdr", "mha", "mhd"]

  private func write(_ volume: Volume, _ suffix: String, in folder: TemporaryFolder) throws
    -> String
  {
    let path = "\(folder.path)/volume.\(suffix)"
    switch suffix {
    case "nii", "nii.gz": try volume.writeNIfTI(to: path)
    case "nrrd", "nhdr": try volume.writeNRRD(to: path)
    default: try volume.writeMetaImage(to: path)
    }
    return path
  }

  @Test(arguments: suffixes, SampleType.allCases)
  func `a volume of every type comes back`(suffix: String, type: SampleType) throws {
    let folder = try TemporaryFolder()
    for channels in [1, 3] {
      let volume = try Volume.pattern(type, channels: channels)
      let back = try Volume(contentsOf: try write(volume, suffix, in: folder))
      #expect(back.samples == volume.samples)
      #expect(back.channels == channels)
      #expect(back.geometry.matches(volume.geometry, tolerance: 1e-5))
    }
  }

  @Test(arguments: suffixes)
  func `colour comes back as colour`(suffix: String) throws {
    let folder = try TemporaryFolder()
    let volume = try Volume.pattern(.uint8, components: 3, kind: .rgb)
    let back = try Volume(contentsOf: try write(volume, suffix, in: folder))
    #expect(back.samples == volume.samples)
    #expect(back.componentKind == .rgb && back.components == 3)
  }

  static let script = """
    import sys, json, zlib, numpy as np
    folder = sys.argv[1]
    def crc(a):
        a = a.astype('<f8' if a.dtype.kind == 'f' else '<i4')
        return zlib.crc32(a.tobytes())
    for line in sys.argv[2:]:
        path = folder + '/' + line
        if '.nii' in line:
            import nibabel
            i = nibabel.load(path)
            a = np.asarray(i.dataobj.get_unscaled())
            m = np.diag([-1, -1, 1, 1]) @ i.affine
            out = dict(type=str(a.dtype), crc=crc(a.ravel(order='F')), lps=m.ravel().tolist(),
                       slope=float(i.dataobj.slope), inter=float(i.dataobj.inter),
                       extensions=[[e.get_code(), len(e.get_content())] for e in i.header.extensions])
        elif line.startswith('py'):
            import nrrd
            a, h = nrrd.read(path)
            m = np.eye(4); m[:3,:3] = np.array(h['space directions'])[-3:].T; m[:3,3] = h['space origin']
            out = dict(type=str(a.dtype), crc=crc(a.ravel(order='F')), lps=m.ravel().tolist())
        else:
            import SimpleITK as sitk
            i = sitk.ReadImage(path); a = sitk.GetArrayFromImage(i)
            d = np.array(i.GetDirection()).reshape(3, 3) * np.array(i.GetSpacing())
            m = np.eye(4); m[:3,:3] = d; m[:3,3] = i.GetOrigin()
            out = dict(type=str(a.dtype), crc=crc(a.ravel()), lps=m.ravel().tolist())
        print(json.dumps(dict(out, name=line)))
    """

  @Test func `nibabel, SimpleITK and pynrrd read what was written`() throws {
    let folder = try TemporaryFolder()
    var wanted: [String: Volume] = [:]
    for type in SampleType.allCases {
      let volume = try Volume.pattern(type)
      for suffix in ["nii", "nii.gz", "nrrd", "mha", "mhd"] {
        let name = "\(type)-\(suffix.replacing(".", with: "")).\(suffix)"
        switch suffix {
        case "nii", "nii.gz": try volume.writeNIfTI(to: folder.path + "/" + name)
        case "nrrd": try volume.writeNRRD(to: folder.path + "/" + name)
        default: try volume.writeMetaImage(to: folder.path + "/" + name)
        }
        wanted[name] = volume
      }
      try volume.writeNRRD(to: folder.path + "/py-\(type).nhdr", isCompressed: false)
      wanted["py-\(type).nhdr"] = volume
    }
    var two = NIfTIWriteOptions()
    two.version = .two
    two.extensions = [NIfTIExtension(code: 6, data: Array("a comment".utf8))]
    var scaled = try Volume.pattern(.int16)
    scaled.rescale = Rescale(slope: 0.5, intercept: -3)
    try scaled.writeNIfTI(to: folder.path + "/two.nii.gz", two)
    wanted["two.nii.gz"] = scaled
    let names = wanted.keys.sorted()
    guard let rows = try Python.run(Self.script, [folder.path] + names) else { return }
    #expect(rows.count == names.count)
    for row in rows {
      let name = try #require(row["name"]?.string)
      let volume = try #require(wanted[name])
      #expect(row["type"]?.string == volume.samples.type.rawValue, "\(name)")
      #expect(row["crc"]?.number == Double(volume.storedCRC32), "crc of \(name)")
      let lps = try #require(row.numbers("lps"))
      for (a, b) in zip(lps, volume.geometry.affine.lps) { #expect(abs(a - b) < 1e-4, "\(name)") }
      if name == "two.nii.gz" {
        #expect(row["slope"]?.number == 0.5 && row["inter"]?.number == -3)
        #expect(row["extensions"]?.array?.count == 1)
      }
    }
  }

  @Test func `extensions and rescale come back`() throws {
    let folder = try TemporaryFolder()
    let block = NIfTIExtension(code: 44, data: [UInt8](repeating: 7, count: 24))
    var options = NIfTIWriteOptions()
    options.extensions = [block]
    var volume = try Volume.pattern(.int16)
    volume.rescale = Rescale(slope: 2, intercept: -1024)
    for name in ["a.nii", "a.nii.gz"] {
      try volume.writeNIfTI(to: folder.path + "/" + name, options)
      let file = try NIfTIFile(contentsOf: folder.path + "/" + name)
      #expect(file.extensions == [block])
      #expect(try file.volume().rescale == volume.rescale)
      let slice = try file.slice(2)
      #expect(slice.samples == volume.cropped(x: 0..<5, y: 0..<4, z: 2..<3).samples)
      #expect(slice.geometry.affine(.zero) == file.geometry.affine([0, 0, 2]))
    }
  }
}
