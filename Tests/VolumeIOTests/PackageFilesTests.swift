import Foundation
import Testing
import VolumeIO

/// Every file inside the Python packages pydicom, pydicom-data and nibabel, against what those packages
/// read of them. Needs `ROENTGEN_PYTHON` and `ROENTGEN_SLOW=1`.
struct PackageFilesTests {
  static let script = """
    import sys, json, zlib, os, warnings, pathlib
    import numpy as np, pydicom, nibabel as nib
    warnings.filterwarnings('ignore')
    def crc(a):
        return zlib.crc32(a.astype('<f8' if a.dtype.kind == 'f' else '<i4').tobytes())
    folders = [pathlib.Path(pydicom.__file__).parent / 'data']
    try:
        import data_store; folders.append(pathlib.Path(data_store.__file__).parent / 'data')
    except ImportError:
        sys.stderr.write('SKIPPED: pydicom-data is missing\\n')
    for path in sorted(p for f in folders for p in f.rglob('*') if p.is_file()):
        if path.suffix in ('.py', '.txt', '.json', '.md', '.zip', '.gz', '.tar'): continue
        row = dict(path=str(path), kind='dicom')
        try:
            d = pydicom.dcmread(path)
        except Exception as e:
            row['error'] = repr(e)[:99]; print(json.dumps(row)); continue
        row['elements'] = len(d)
        try:
            a = d.pixel_array if not hasattr(pydicom, 'pixels') else pydicom.pixels.pixel_array(
                d, raw=True)
            row.update(crc=crc(a), count=int(a.size), min=float(a.min()), max=float(a.max()),
                       mean=float(a.mean()), syntax=str(d.file_meta.TransferSyntaxUID))
        except Exception as e:
            row['pixelError'] = repr(e)[:99]
        print(json.dumps(row))
    data = pathlib.Path(nib.__file__).parent
    for path in sorted(p for p in data.rglob('*') if p.suffix in ('.nii', '.gz', '.img', '.mgz', '.mgh')):
        row = dict(path=str(path), kind='volume')
        try:
            i = nib.load(path); a = np.asarray(i.dataobj.get_unscaled())
            if a.dtype.kind not in 'iuf' or not isinstance(i, (nib.Nifti1Pair, nib.AnalyzeImage, nib.MGHImage)):
                continue
            a = a.ravel(order='F')
            row.update(crc=crc(a), count=int(a.size), ras=i.affine.ravel().tolist())
        except Exception as e:
            row['error'] = repr(e)[:99]
        print(json.dumps(row))
    """

  @Test func `files inside Python packages read as those packages read them`() throws {
    guard ProcessInfo.processInfo.environment["ROENTGEN_SLOW"] != nil else { return }
    guard let rows = try Python.run(Self.script) else {
      print("SKIPPED: the files of pydicom, pydicom-data and nibabel (about 250)")
      return
    }
    var compared = 0
    for row in rows {
      let path = try #require(row["path"]?.string)
      let name = String(path.split(separator: "/").suffix(2).joined(separator: "/"))
      if row["error"] != nil {
        // Whatever happens, it is a value or an error.
        _ = try? Volume(contentsOf: path)
      } else if row["kind"] == .string("volume") {
        let volume = try Volume(contentsOf: path)
        #expect(Double(volume.storedCRC32) == row["crc"]?.number, "\(name)")
        for (a, b) in zip(volume.geometry.affine.ras, try #require(row.numbers("ras"))) {
          #expect(abs(a - b) < 1e-4 * max(1, abs(b)), "\(name)")
        }
        compared += 1
      } else {
        compared += dicom(row, path, name) ? 1 : 0
      }
    }
    print("PACKAGES: \(compared) of \(rows.count) files compared")
    #expect(compared > 100)
  }

  /// Whether pixels were compared.
  private func dicom(_ row: JSONValue, _ path: String, _ name: String) -> Bool {
    let file: DICOMFile
    do {
      file = try DICOMFile(contentsOf: path)
    } catch {
      if row["crc"] != nil { Issue.record("\(name): \(error)") }
      return false
    }
    guard let crc = row["crc"]?.number, let count = row["count"]?.number else { return false }
    do {
      let stored = try file.storedPixels()
      #expect(Double(stored.samples.count) == count, "\(name)")
      let isWavelet = file.transferSyntax.rawValue == "1.2.840.10008.1.2.4.91"
      if isWavelet || DICOMOracleTests.isLossyJPEG(file.transferSyntax) {
        // Decoders of lossy streams may round differently.
        let summary = try DICOMSummary(file)
        let bound = isWavelet ? 0.01 : 0.5
        #expect(abs((summary.mean ?? .nan) - (row["mean"]?.number ?? .nan)) < bound, "\(name)")
        if isWavelet {
          #expect(abs((summary.minimum ?? .nan) - (row["min"]?.number ?? .nan)) <= 1, "\(name)")
          #expect(abs((summary.maximum ?? .nan) - (row["max"]?.number ?? .nan)) <= 1, "\(name)")
        }
      } else {
        #expect(Double(stored.samples.storedCRC32) == crc, "\(name) \(row["syntax"]?.string ?? "")")
      }
      return true
    } catch
      where error.code == .unsupported
      && file.transferSyntax.rawValue.hasPrefix("1.2.840.10008.1.2.4.20")
    {
      return false
    } catch {
      Issue.record("\(name): \(error)")
      return false
    }
  }
}
