import Testing
import VolumeIO

/// Files that Pillow, tifffile, NumPy, h5py and Python's zipfile write.
struct ReferenceWriterTests {
  static let script = """
    import sys, json, zlib, os, io, zipfile, numpy as np
    out = sys.argv[1]
    def crc(a):
        a = np.ascontiguousarray(a)
        a = a.astype('<f8' if a.dtype.kind == 'f' else '<i4')
        return zlib.crc32(a.tobytes())
    def row(name, a, **k):
        print(json.dumps(dict(name=name, shape=list(a.shape), dtype=a.dtype.newbyteorder('=').name, crc=crc(a), **k)))
    r = np.random.default_rng(7)
    def image(dtype, shape):
        y, x = np.mgrid[:shape[0], :shape[1]]
        base = (x * 3 + y * 5) % 200
        if len(shape) == 3: base = base[..., None] + np.arange(shape[2]) * 9
        if np.dtype(dtype).kind == 'f': return (base / 7 + r.random(shape)).astype(dtype)
        return (base + r.integers(0, 40, shape)).astype(dtype)
    try:
        import tifffile
        n = 0
        for dtype in ['u1', 'i1', 'u2', 'i2', 'u4', 'i4', 'f4', 'f8']:
            for compression in [None, 'lzw', 'zlib', 'packbits']:
                for options in [{}, dict(tile=(32, 48)), dict(rowsperstrip=7), dict(bigtiff=True),
                                dict(byteorder='>')]:
                    for predictor in [False, True]:
                        if predictor and (compression not in ('lzw', 'zlib')): continue
                        if predictor and dtype == 'f8' : continue
                        for shape in [(61, 83), (61, 83, 3)]:
                            a = image(dtype, shape)
                            name = f't{n}.tif'; n += 1
                            try:
                                tifffile.imwrite(f'{out}/{name}', a, compression=compression,
                                    predictor=predictor,
                                    photometric='rgb' if len(shape) == 3 else 'minisblack',
                                    **options)
                            except Exception: continue
                            row(name, a, what=f'{dtype} {compression} {options} {predictor}')
        a = np.stack([image('u2', (20, 30)) for _ in range(5)])
        tifffile.imwrite(f'{out}/pages.tif', a, photometric='minisblack'); row('pages.tif', a)
        a = image('u1', (61, 83, 3))
        tifffile.imwrite(f'{out}/planar.tif', np.moveaxis(a, 2, 0), photometric='rgb',
                         planarconfig='separate'); row('planar.tif', a)
        a = image('u1', (64, 96, 3))
        tifffile.imwrite(f'{out}/jpeg.tif', a, photometric='rgb', compression='jpeg', tile=(32, 32))
        row('jpeg.tif', tifffile.imread(f'{out}/jpeg.tif'), tolerance=2)
    except ModuleNotFoundError as e: print(json.dumps(dict(missing=str(e))))
    from PIL import Image
    a = image('u1', (61, 83))
    for mode in ['1', 'P']:
        i = Image.fromarray(a).convert(mode) if mode == '1' else Image.fromarray(
            image('u1', (61, 83, 3))).quantize(37)
        i.save(f'{out}/mode{mode}.tif')
        row(f'mode{mode}.tif', np.asarray(i.convert('L' if mode == '1' else 'RGB')))
    for q in range(1, 9):
        i = Image.fromarray(image('u1', (40, 56, 3)))
        e = Image.Exif(); e[0x112] = q
        i.save(f'{out}/exif{q}.jpg', exif=e, quality=95, subsampling=0)
        from PIL import ImageOps
        row(f'exif{q}.jpg', np.asarray(ImageOps.exif_transpose(Image.open(f'{out}/exif{q}.jpg'))))
    i = Image.fromarray(image('u1', (40, 56, 4)), 'CMYK'); i.save(f'{out}/cmyk.jpg', quality=95)
    row('cmyk.jpg', np.asarray(Image.open(f'{out}/cmyk.jpg').convert('RGB')))
    for dtype in ['?', 'u1', 'i1', '<u2', '>i2', '<i4', '>u4', '<i8', '<f2', '>f4', '<f8']:
        for order in 'CF':
            a = np.asarray(image('u1', (4, 5, 6)) % 2 if dtype == '?' else image('u1', (4, 5, 6)),
                           dtype=dtype, order=order)
            name = f'a{ord(dtype[-2:-1] or "0")}{ord(dtype[0])}{dtype[-1]}{order}.npy'
            np.save(f'{out}/{name}', a)
            flat = a.ravel(order='K')
            f = flat.astype('f4') if dtype == '<f2' else flat.astype('u1') if dtype == '?' else flat
            row(name, f.reshape((6, 5, 4) if order == 'F' else (4, 5, 6)))
    t = np.zeros(3, dtype=[('name', 'U400'), ('vector', 'f4', (768,))])
    t['name'] = ['TUM-PCAM-1', 'NORM-é', '']
    t['vector'] = r.random((3, 768))
    np.save(f'{out}/records.npy', t)
    print(json.dumps(dict(name='records.npy', special='records', crc=crc(t['vector']))))
    np.savez_compressed(f'{out}/one.npz', volume=image('u1', (4, 5, 6)))
    row('one.npz', np.load(f'{out}/one.npz')['volume'])
    a = image('i2', (4, 5))
    b = io.BytesIO(); np.save(b, a)
    for name, method, force in [('store.zip', 0, False), ('deflate.zip', 8, True)]:
        with zipfile.ZipFile(f'{out}/{name}', 'w', method) as z:
            with z.open('folder/a.npy', 'w', force_zip64=force) as f: f.write(b.getvalue())
        row(name, a)
    with zipfile.ZipFile(f'{out}/slices.zip', 'w', 8) as z:
        stack = []
        for k in [10, 9, 1]:
            p = image('u1', (12, 10)); stack.insert(0, p)
            b = io.BytesIO(); Image.fromarray(p).save(b, 'PNG'); z.writestr(f'x/s{k}.png', b.getvalue())
    row('slices.zip', np.stack(stack))
    """

  /// HDF5 as h5py writes it, by both formats of the library, every index of chunks, and filters.
  static let hdf5 = """
    import sys, json, zlib, numpy as np, h5py
    out = sys.argv[1]
    def crc(a):
        a = np.ascontiguousarray(a)
        a = a.astype('<f8' if a.dtype.kind == 'f' else '<i4')
        return zlib.crc32(a.tobytes())
    r = np.random.default_rng(3)
    n = 0
    for libver in [('earliest', 'v108'), ('v110', 'v110'), ('latest', 'latest')]:
        for block in [0, 512]:
            name = f'f{n}.h5'; n += 1
            with h5py.File(f'{out}/{name}', 'w', libver=libver, userblock_size=block) as f:
                def put(path, a, **k):
                    f.create_dataset(path, data=a, **k)
                    print(json.dumps(dict(name=name, path='/' + path, shape=list(a.shape),
                                          dtype=a.dtype.newbyteorder('=').name, crc=crc(a))))
                for dtype in ['u1', 'i1', '<i2', '>i2', 'u4', '<i8', '>f4', 'f8']:
                    a = (r.random((37, 9, 5)) * 100).astype(dtype)
                    put(f'types/{dtype[-2:]}{ord(dtype[0])}', a)
                a = r.integers(0, 200, (37, 12, 12, 3)).astype('u1')
                put('contiguous', a)
                put('chunked', a, chunks=(5, 7, 12, 3))
                put('gzip', a, chunks=(8, 12, 12, 3), compression='gzip')
                put('shuffled', a.astype('i4'), chunks=(4, 5, 12, 2), compression='gzip',
                    shuffle=True, fletcher32=True)
                put('lzf', a // 9, chunks=(4, 5, 12, 2), compression='lzf', shuffle=True)
                put('one', a, chunks=a.shape, compression='gzip')
                put('grows', a, chunks=(2, 6, 6, 3), maxshape=(None, 12, 12, 3), compression='gzip')
                put('plain', a, chunks=(2, 6, 6, 3), maxshape=(None, 12, 12, 3))
                put('second', a, chunks=(6, 2, 6, 3), maxshape=(37, None, 12, 3))
                put('two', a, chunks=(2, 6, 6, 3), maxshape=(None, None, 12, 3), compression='gzip')
                put('two-plain', a, chunks=(1, 3, 6, 3), maxshape=(None, None, 12, 3))
                big = r.integers(0, 99, (5000, 3)).astype('i2')
                put('many', big, chunks=(1, 3), maxshape=(None, 3))
                put('pages', big, chunks=(1, 3))
                put('pages-gzip', big, chunks=(1, 3), compression='gzip')
                put('scalar', np.array(7, 'i4'))
                put('half', r.random((4, 5)).astype('f2').astype('f4').astype('f2'))
                d = f.create_dataset('sparse', (40, 40), 'i2', chunks=(10, 10), fillvalue=-7)
                d[12:15, 3:9] = 5
                print(json.dumps(dict(name=name, path='/sparse', shape=[40, 40], dtype='int16',
                                      crc=crc(d[...]))))
                f['bool'] = np.array([True, False, True])
                f['texts'] = np.array([b'alpha', b'be', b''], dtype='S8')
                g = f.create_group('dense')
                for k in range(300): g[f'set{k:03}'] = np.arange(k, k + 3, dtype='i4')
                if libver[0] == 'earliest': f.create_dataset('compound', data=np.zeros(2, [('a', 'i4')]))
    """

  @Test func `HDF5 reads as h5py wrote it`() throws {
    let folder = try TemporaryFolder()
    guard let rows = try Python.run(Self.hdf5, [folder.path]) else { return }
    for row in rows {
      let name = try #require(row["name"]?.string)
      let path = try #require(row["path"]?.string)
      let file = try HDF5File(contentsOf: folder.path + "/" + name)
      let what = "\(name) \(path)"
      let dataset: HDF5Dataset
      do {
        dataset = try file.dataset(path)
        #expect(dataset.shape == row.numbers("shape")?.map { Int($0) }, "\(what)")
        let type = row["dtype"]?.string
        guard case .numbers(let samples) = try dataset.read() else {
          Issue.record("\(what): no numbers")
          continue
        }
        #expect(samples.type.rawValue == (type == "float16" ? "float32" : type), "\(what)")
        let all = try Volume(
          samples, geometry: Geometry(size: [samples.count, 1, 1], affine: .oblique))
        #expect(Double(all.storedCRC32) == row["crc"]?.number, "\(what)")
        guard dataset.rowCount > 7 else { continue }
        guard case .numbers(let part) = try dataset.read(rows: 3..<6) else { continue }
        let width = samples.count / dataset.rowCount
        #expect(
          part == all.cropped(x: 3 * width..<6 * width, y: 0..<1, z: 0..<1).samples, "\(what)")
      } catch {
        Issue.record("\(what): \(error)")
      }
    }
    for name in Set(rows.compactMap { $0["name"]?.string }) {
      let file = try HDF5File(contentsOf: folder.path + "/" + name)
      #expect(try file.datasets().filter { $0.hasPrefix("/dense/") }.count == 300, "\(name)")
      #expect(
        try file.dataset("dense/set299").read() == .numbers(.int32([299, 300, 301])), "\(name)")
      #expect(try file.dataset("texts").read() == .texts(["alpha", "be", ""]))
      #expect(try file.dataset("bool").read() == .numbers(.int8([1, 0, 1])))
    }
    print("HDF5: \(rows.count) datasets compared with h5py")
  }

  @Test func `what reference writers write reads the same`() throws {
    let folder = try TemporaryFolder()
    guard let rows = try Python.run(Self.script, [folder.path]) else { return }
    var compared = 0
    var hasMissing = false
    for row in rows {
      guard let name = row["name"]?.string else {
        print("SKIPPED: \(row)")
        hasMissing = true
        continue
      }
      let path = folder.path + "/" + name
      if row["special"]?.string == "records" {
        let array = try NumPyArray(contentsOf: path)
        #expect(array["name"] == .texts(["TUM-PCAM-1", "NORM-é", ""]))
        guard case .numbers(let vector)? = array["vector"] else {
          Issue.record("no vectors")
          continue
        }
        let volume = try Volume(
          vector, geometry: Geometry(size: [768, 3, 1], affine: Affine(spacing: [1, 1, 1])))
        #expect(Double(volume.storedCRC32) == row["crc"]?.number)
        #expect(array.fields.map(\.shape) == [[], [768]])
        continue
      }
      let what = row["what"]?.string ?? ""
      let volume: Volume
      do {
        volume = try Volume(contentsOf: path)
      } catch {
        Issue.record("\(name) \(what): \(error)")
        continue
      }
      let shape = try #require(row.numbers("shape")).map { Int($0) }
      #expect(volume.samples.count == shape.reduce(1, *), "\(name) \(what)")
      #expect(volume.samples.type.rawValue == row["dtype"]?.string, "\(name) \(what)")
      if row["tolerance"] == nil {
        #expect(Double(volume.storedCRC32) == row["crc"]?.number, "\(name) \(what)")
      }
      compared += 1
    }
    print("REFERENCE WRITERS: \(compared) files compared")
    // Fewer only where a package is missing, which was said above.
    #expect(compared > 150 || hasMissing)
  }
}
