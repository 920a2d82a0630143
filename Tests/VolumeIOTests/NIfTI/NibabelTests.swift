import Testing
import VolumeIO

/// Files that nibabel writes, and those it ships for its own tests, against what nibabel reads.
struct NibabelTests {
  static let script = """
    import sys, json, zlib, os, itertools, numpy as np, nibabel as nib, warnings, shutil
    warnings.filterwarnings('ignore')
    out = sys.argv[1]
    def crc(a):
        a = a.ravel(order='F')
        if a.dtype.kind == 'c': a = a.astype(a.dtype.newbyteorder('=')).view('f4' if a.dtype.itemsize == 8 else 'f8')
        if a.dtype.kind == 'V': a = np.frombuffer(a.tobytes(), 'u1')
        return zlib.crc32(a.astype('<f8' if a.dtype.kind == 'f' else '<i4').tobytes())
    def row(path, what=''):
        i = nib.load(path)
        a = np.asarray(i.dataobj.get_unscaled())
        s = dict(path=path, what=what, shape=list(i.shape), crc=crc(a), ras=i.affine.ravel().tolist())
        if a.dtype.kind in 'iuf':
            f = np.asarray(i.dataobj, dtype='f8')
            s.update(min=float(f.min()), max=float(f.max()), mean=float(f.mean()))
        print(json.dumps(s))
    data = os.path.join(os.path.dirname(nib.__file__), 'tests', 'data')
    for name in ['anatomical.nii', 'functional.nii', 'example4d.nii.gz', 'example_nifti2.nii.gz',
                 'reoriented_anat_moved.nii', 'resampled_anat_moved.nii', 'standard.nii.gz']:
        if os.path.exists(f'{data}/{name}'): row(f'{data}/{name}')
    r = np.random.default_rng(1)
    aff = np.array([[-1.9, .3, .1, 20], [.2, 2.1, -.4, -30], [.1, .5, 3, 11], [0, 0, 0, 1]])
    n = 0
    def save(image, suffix, what):
        global n
        path = f'{out}/v{n}{suffix}'; n += 1
        nib.save(image, path)
        # SPM's affine in a .mat file beside the image is MATLAB's format, which is not read.
        if os.path.exists(path[:-4] + '.mat'): os.remove(path[:-4] + '.mat')
        row(path, what)
    for dtype in ['u1', 'i1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8', 'f4', 'f8', 'c8', 'c16']:
        a = (r.random((4, 5, 3)) * 90).astype(dtype)
        for cls in (nib.Nifti1Image, nib.Nifti2Image, nib.Nifti1Pair):
            for end in '<>':
                h = cls.header_class(endianness=end); h.set_data_dtype(np.dtype(dtype).newbyteorder(end))
                image = cls(a, aff, h)
                save(image, '.img' if cls is nib.Nifti1Pair else '.nii', f'{dtype} {cls} {end}')
    for mode, fields in (('rgb', 'RGB'), ('rgba', 'RGBA')):
        a = r.integers(0, 255, (4, 5, 3, len(fields))).astype('u1')
        t = np.dtype([(c, 'u1') for c in fields])
        save(nib.Nifti1Image(a.copy().view(t)[..., 0], aff), '.nii.gz', mode)
    for perm in itertools.permutations(range(3)):
        for signs in itertools.product([-1, 1], repeat=3):
            m = np.zeros((4, 4)); m[3, 3] = 1
            for k in range(3): m[perm[k], k] = signs[k] * (1 + k / 4)
            m[:3, 3] = [5, -6, 7]
            i = nib.Nifti1Image(r.integers(0, 99, (3, 4, 5)).astype('i2'), m)
            i.set_sform(None, 0) if signs[0] > 0 else i.set_qform(None, 0)
            i.header['qform_code' if signs[0] > 0 else 'sform_code'] = 1
            save(i, '.nii', f'{perm} {signs}')
    a = r.integers(0, 99, (3, 4, 5)).astype('i2')
    i = nib.Nifti1Image(a, None); i.header['qform_code'] = 0; i.header['sform_code'] = 0
    i.header.set_zooms((2, 3, 4)); save(i, '.nii', 'no form')
    for slope, inter in [(0, 5), (np.nan, 5), (np.inf, 1), (2, -1), (.1, 0), (1, 0)]:
        i = nib.Nifti1Image(a, aff); nib.save(i, f'{out}/x.nii')
        b = bytearray(open(f'{out}/x.nii', 'rb').read())
        b[112:120] = np.array([slope, inter], '<f4').tobytes()
        path = f'{out}/scl{n}.nii'; n += 1; open(path, 'wb').write(b); row(path, f'{slope} {inter}')
    for cls in (nib.Spm2AnalyzeImage, nib.Spm99AnalyzeImage, nib.AnalyzeImage):
        for suffix in ('.img',):
            i = cls(a, np.diag([-2., 3, 4, 1])); save(i, suffix, str(cls))
    i = nib.Nifti1Image(r.integers(0, 9, (3, 4, 5, 2, 3)).astype('i2'), aff); save(i, '.nii', '5-D')
    """

  @Test func `what nibabel reads reads the same`() throws {
    let folder = try TemporaryFolder()
    guard let rows = try Python.run(Self.script, [folder.path]) else { return }
    for row in rows {
      let path = try #require(row["path"]?.string)
      let what = "\(path.split(separator: "/").last ?? "") \(row["what"]?.string ?? "")"
      let volume: Volume
      do {
        volume = try Volume(contentsOf: path)
      } catch {
        Issue.record("\(what): \(error)")
        continue
      }
      let shape = try #require(row.numbers("shape")).map { Int($0) } + [1, 1]
      #expect([volume.size.x, volume.size.y, volume.size.z] == Array(shape.prefix(3)), "\(what)")
      #expect(Double(volume.storedCRC32) == row["crc"]?.number, "\(what)")
      for (a, b) in zip(volume.geometry.affine.ras, try #require(row.numbers("ras"))) {
        #expect(abs(a - b) < 1e-4 * max(1, abs(b)), "\(what)")
      }
      guard let least = row["min"]?.number, let greatest = row["max"]?.number,
        let mean = row["mean"]?.number, mean.isFinite
      else { continue }
      let range = volume.statistics()
      for (a, b) in [(range.min, least), (range.max, greatest), (range.mean, mean)] {
        #expect(abs(a - b) <= 1e-9 * max(1, abs(b)), "\(what)")
      }
    }
    print("NIBABEL: \(rows.count) files compared")
    #expect(rows.count > 130)
  }
}
