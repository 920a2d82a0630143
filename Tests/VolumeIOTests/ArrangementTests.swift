import Testing
import VolumeIO

/// NRRD, MetaImage, MGH and Analyze files as others arrange them: detached, in several files, as text,
/// behind headers that are to be skipped. Needs `ROENTGEN_PYTHON`.
struct ArrangementTests {
  static let script = """
    import sys, json, zlib, gzip, numpy as np
    out = sys.argv[1]
    r = np.random.default_rng(11)
    a = r.integers(-900, 900, (3, 4, 5)).astype('<i2')      # slices, rows, columns
    def row(name, a=a, **k):
        a = np.ascontiguousarray(a)
        c = a.astype('<f8' if a.dtype.kind == 'f' else '<i4')
        print(json.dumps(dict(name=name, crc=zlib.crc32(c.tobytes()), size=list(a.shape[::-1]), **k)))
    def put(name, data): open(f'{out}/{name}', 'wb').write(data)
    head = 'NRRD0004\\ntype: short\\ndimension: 3\\nsizes: 5 4 3\\nendian: little\\n' \\
           'space: left-posterior-superior\\nspace directions: (2,0,0) (0,3,0) (0,0,4)\\n' \\
           'space origin: (1,2,3)\\n'
    raw = a.tobytes()
    text = ' '.join(map(str, a.ravel())).encode()
    def nrrd(name, fields, data): put(name, (head + fields + '\\n').encode() + data); row(name)
    nrrd('ascii.nrrd', 'encoding: ascii\\n', text)
    nrrd('hex.nrrd', 'encoding: hex\\n', raw.hex().encode())
    nrrd('hexlines.nrrd', 'encoding: hex\\n', b'\\n'.join(raw.hex().upper().encode()[k:k + 30] for k in range(0, 240, 30)))
    nrrd('gz.nrrd', 'encoding: gzip\\n', gzip.compress(raw))
    put('lines.raw', b'one\\ntwo\\n' + raw)
    nrrd('lines.nhdr', 'encoding: raw\\nline skip: 2\\ndata file: lines.raw\\n', b'')
    put('bytes.raw', b'x' * 77 + raw)
    nrrd('bytes.nhdr', 'encoding: raw\\nbyte skip: 77\\ndata file: bytes.raw\\n', b'')
    nrrd('tail.nhdr', 'encoding: raw\\nbyte skip: -1\\ndata file: bytes.raw\\n', b'')
    put('both.raw', b'line\\n' + b'y' * 9 + raw)
    nrrd('both.nhdr', 'encoding: raw\\nline skip: 1\\nbyte skip: 9\\ndata file: both.raw\\n', b'')
    put('packed.gz', gzip.compress(b'z' * 13 + raw))
    nrrd('packed.nhdr', 'encoding: gzip\\nbyte skip: 13\\ndata file: packed.gz\\n', b'')
    for k in range(3): put(f's{k + 1:03}.raw', a[k].tobytes())
    nrrd('list.nhdr', 'encoding: raw\\ndata file: LIST\\ns001.raw\\ns002.raw\\ns003.raw', b'')
    nrrd('pattern.nhdr', 'encoding: raw\\ndata file: s%03d.raw 1 3 1\\n', b'')
    nrrd('down.nhdr', 'encoding: raw\\ndata file: d%d.raw 3 1 -1\\n', b'')
    for k in range(3): put(f'd{3 - k}.raw', a[k].tobytes())
    big = head.replace('little', 'big')
    put('big.nrrd', (big + 'encoding: raw\\n\\n').encode() + a.astype('>i2').tobytes()); row('big.nrrd')
    meta = 'ObjectType = Image\\nNDims = 3\\nDimSize = 5 4 3\\nElementType = MET_SHORT\\n' \\
           'TransformMatrix = 1 0 0 0 1 0 0 0 1\\nOffset = 1 2 3\\nElementSpacing = 2 3 4\\n'
    def mhd(name, fields, data=b'', order='False'):
        put(name, (meta + f'BinaryData = True\\nBinaryDataByteOrderMSB = {order}\\n' + fields).encode() + data)
        row(name)
    mhd('local.mha', 'ElementDataFile = LOCAL\\n', raw)
    mhd('msb.mha', 'ElementDataFile = LOCAL\\n', a.astype('>i2').tobytes(), 'True')
    z = zlib.compress(raw)
    mhd('zip.mha', f'CompressedData = True\\nCompressedDataSize = {len(z)}\\nElementDataFile = LOCAL\\n', z)
    mhd('zipfree.mha', 'CompressedData = True\\nElementDataFile = LOCAL\\n', z)
    mhd('list.mhd', 'ElementDataFile = LIST\\ns001.raw\\ns002.raw\\ns003.raw\\n')
    mhd('pattern.mhd', 'ElementDataFile = s%03d.raw 1 3 1\\n')
    mhd('tail.mhd', 'HeaderSize = -1\\nElementDataFile = bytes.raw\\n')
    mhd('skip.mhd', 'HeaderSize = 77\\nElementDataFile = bytes.raw\\n')
    put('text.mha', (meta + 'BinaryData = False\\nElementDataFile = LOCAL\\n').encode() + text); row('text.mha')
    import nibabel as nib
    for dtype in ['u1', '>i2', '>i4', '>f4']:
        b = np.abs(a).astype('u1') if dtype == 'u1' else a.astype(dtype)
        m = np.array([[-2, 0, 0, 9], [0, 0, 4, -8], [0, -3, 0, 7], [0, 0, 0, 1.]])
        for suffix in ['mgh', 'mgz']:
            name = f'{dtype[-2:]}.{suffix}'
            nib.save(nib.MGHImage(b.transpose(2, 1, 0), m), f'{out}/{name}')
            i = nib.load(f'{out}/{name}')
            row(name, b, ras=i.affine.ravel().tolist())
    nib.save(nib.AnalyzeImage(a.transpose(2, 1, 0), np.diag([-2, 3, 4, 1.])), f'{out}/analyze.hdr')
    row('analyze.hdr')
    """

  @Test func `volumes in every arrangement of files read the same`() throws {
    let folder = try TemporaryFolder()
    guard let rows = try Python.run(Self.script, [folder.path]) else { return }
    for row in rows {
      let name = try #require(row["name"]?.string)
      let volume: Volume
      do {
        volume = try Volume(contentsOf: folder.path + "/" + name)
      } catch {
        Issue.record("\(name): \(error)")
        continue
      }
      #expect(row["crc"]?.number == Double(volume.storedCRC32), "\(name)")
      let size = volume.size
      #expect(row.numbers("size") == [Double(size.x), Double(size.y), Double(size.z)], "\(name)")
      if let ras = row.numbers("ras") {
        for (a, b) in zip(volume.geometry.affine.ras, ras) {
          #expect(abs(a - b) < 1e-4, "\(name)")
        }
      } else {
        let spacing = volume.geometry.affine.spacing
        #expect(abs(spacing.x - 2) + abs(spacing.y - 3) + abs(spacing.z - 4) < 1e-5, "\(name)")
      }
      if name.contains(".n") || name.contains(".mh") || name.hasSuffix(".mha"),
        row.numbers("ras") == nil
      {
        #expect(volume.geometry.affine.origin == [1, 2, 3], "\(name)")
      }
    }
    print("ARRANGEMENTS: \(rows.count) files compared")
  }
}
