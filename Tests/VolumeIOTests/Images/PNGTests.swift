import Testing
import VolumeIO

/// PngSuite and libpng's test pictures, against Pillow.
struct PNGTests {
  static let script = """
    import sys, json, zlib, numpy as np
    from PIL import Image
    for path in sys.stdin.read().split('\\n') if len(sys.argv) < 2 else sys.argv[1:]:
        try:
            i = Image.open(path); i.load()
            mode = i.mode
            if mode == 'P' or 'transparency' in i.info:
                i = i.convert('RGBA' if 'transparency' in i.info else 'RGB')
            elif mode == '1': i = i.convert('L')
            a = np.asarray(i)
            print(json.dumps(dict(path=path, mode=mode, size=list(a.shape), dtype=str(a.dtype),
                                  crc=zlib.crc32(a.astype('<i4').tobytes()))))
        except Exception as e:
            print(json.dumps(dict(path=path, error=str(e))))
    """

  @Test func `pictures decode as Pillow decodes them`() throws {
    guard let folder = TestData.folder else { return }
    var paths: [String] = []
    for sub in ["pngsuite/pngsuite", "pngsuite/pngsuite/interlaced", "pngsuite/testpngs"] {
      for name in try Folder.names(in: folder + "/" + sub) where name.hasSuffix(".png") {
        paths.append(folder + "/" + sub + "/" + name)
      }
    }
    guard let rows = try Python.run(Self.script, paths) else { return }
    var compared = 0
    for row in rows {
      let path = try #require(row["path"]?.string)
      guard let size = row["size"]?.array?.compactMap(\.number) else { continue }
      let picture = try Picture(png: try bytes(of: path))
      #expect(Double(picture.height) == size[0] && Double(picture.width) == size[1], "\(path)")
      let channels = size.count > 2 ? size[2] : 1
      // Pillow cuts 16-bit colour to 8 bits and turns transparent grey into RGBA.
      guard Double(picture.channels) == channels else { continue }
      guard (picture.bitsPerSample == 16) == (row["dtype"]?.string != "uint8") else { continue }
      #expect(
        row["crc"]?.number == Double(try picture.volume().storedCRC32), "\(path)")
      compared += 1
    }
    print("PNG: \(compared) of \(rows.count) pictures compared with Pillow")
    #expect(compared > 60)
  }

  @Test func `broken pictures are errors`() throws {
    guard let folder = TestData.folder else { return }
    for name in try Folder.names(in: folder + "/pngsuite/testpngs/crashers")
    where name.hasSuffix(".png") {
      _ = try? Picture(png: try bytes(of: folder + "/pngsuite/testpngs/crashers/" + name))
    }
  }
}
