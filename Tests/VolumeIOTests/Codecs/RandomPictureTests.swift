import Foundation
import Testing
import VolumeIO

/// Random pictures coded by the reference libraries through Python (`imagecodecs`, `Pillow`), which
/// `ROENTGEN_PYTHON` names. Breadth by `ROENTGEN_SLOW=1`.
struct RandomPictureTests {
  static let script = """
    import sys, os, io, json, random
    import numpy as np, imagecodecs as ic
    from PIL import Image
    folder, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    random.seed(seed); rng = np.random.default_rng(seed)
    def picture(h, w, c, top):
        y, x = np.mgrid[0:h, 0:w]
        kind = random.choice(['noise', 'smooth', 'mixed', 'flat'])
        planes = []
        for i in range(c):
            p = (np.sin(x / 7.0 + i) + np.cos(y / (5.0 + i))) * 0.25 + 0.5
            if kind == 'noise': p = rng.random((h, w))
            if kind == 'mixed': p = np.clip(p + rng.normal(0, 0.1, (h, w)), 0, 1)
            if kind == 'flat': p = np.full((h, w), rng.random())
            planes.append(p)
        a = np.clip(np.round(np.stack(planes, -1) * top), 0, top)
        a = a.astype(np.uint8 if top < 256 else np.uint16)
        return a[..., 0] if c == 1 else a
    sizes = [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64]
    for n in range(count):
        h, w, c = random.choice(sizes), random.choice(sizes), random.choice([1, 3])
        kind = random.choice(['jpeg', 'jpeg', 'sampling', 'twelve', 'lossless', 'ls', 'wavelet', 'real'])
        bound = 0
        if kind == 'jpeg':
            a = picture(h, w, c, 255)
            options = {'subsampling': random.choice([0, 1, 2])} if c == 3 else {}
            if random.random() < 0.5: options['restart_marker_blocks'] = random.choice([1, 2, 7])
            b = io.BytesIO()
            Image.fromarray(a).save(b, 'JPEG', quality=random.choice([5, 50, 90, 100]),
                                    progressive=random.random() < 0.5, **options)
            data = b.getvalue(); truth = ic.jpeg8_decode(data)
        elif kind == 'sampling':
            data = ic.jpeg8_encode(picture(h, w, 3, 255), level=80,
                                   subsampling=random.choice(['444', '422', '420', '411', '440']))
            truth = ic.jpeg8_decode(data)
        elif kind == 'twelve':
            data = ic.jpeg8_encode(picture(h, w, c, 4095), level=85, bitspersample=12)
            truth = ic.jpeg8_decode(data)
        elif kind == 'lossless':
            bits = random.randint(2, 16)
            truth = picture(h, w, c, (1 << bits) - 1)
            data = ic.jpeg8_encode(truth, lossless=True, predictor=random.randint(1, 7),
                                   bitspersample=bits)
        elif kind == 'ls':
            a = picture(h, w, c, random.choice([255, 4095, 65535]))
            try: data = ic.jpegls_encode(a, level=random.choice([0, 0, 1, 3]))
            except ic.JpeglsError:  # noise that grows beyond the encoder's buffer
                data = ic.jpegls_encode(np.zeros_like(a))
            truth = ic.jpegls_decode(data)
        elif kind == 'wavelet':
            truth = picture(h, w, c, random.choice([255, 4095, 65535]))
            data = ic.jpeg2k_encode(truth, level=0, reversible=True,
                                    codecformat=random.choice(['j2k', 'jp2']))
        else:
            data = ic.jpeg2k_encode(picture(h, w, c, 255), level=40, reversible=False,
                                    codecformat='j2k')
            truth = ic.jpeg2k_decode(data); bound = 1
        with open(os.path.join(folder, f'{n}.stream'), 'wb') as f: f.write(data)
        with open(os.path.join(folder, f'{n}.truth'), 'wb') as f:
            f.write(np.ascontiguousarray(truth).astype('<u2').tobytes())
        print(json.dumps({'name': str(n), 'kind': kind, 'bound': bound, 'size': [w, h, c]}))
    """

  @Test func `random pictures decode as the reference libraries decode them`() throws {
    let isSlow = ProcessInfo.processInfo.environment["ROENTGEN_SLOW"] != nil
    let count = isSlow ? 2000 : 150
    let folder = try TemporaryFolder()
    guard let rows = try Python.run(Self.script, [folder.path, String(count), "17"]) else {
      print("SKIPPED: \(count) random pictures")
      return
    }
    #expect(rows.count == count)
    for row in rows {
      guard let name = row["name"]?.string, let bound = row["bound"]?.number,
        let stream = FileManager.default.contents(atPath: "\(folder.path)/\(name).stream"),
        let truth = FileManager.default.contents(atPath: "\(folder.path)/\(name).truth")
      else {
        Issue.record("a row without files: \(row)")
        continue
      }
      let expected = stride(from: 0, to: truth.count - 1, by: 2).map {
        Int(truth[$0]) | Int(truth[$0 + 1]) << 8
      }
      let pixels = try decodeAny([UInt8](stream))
      let isEqual =
        pixels.count == expected.count
        && zip(pixels, expected).allSatisfy { abs($0 - $1) <= Int(bound) }
      #expect(isEqual, "\(row)")
    }
  }
}
