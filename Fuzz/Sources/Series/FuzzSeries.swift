import VolumeIO

/// The first byte tells how many files follow, which share the bytes evenly.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  guard let first = bytes.first else { return 0 }
  let count = 2 + Int(first) % 3
  let length = (bytes.count - 1) / count
  let members = (0..<count).map { index in
    (path: "a/\(index)", bytes: Array(bytes[1 + index * length..<1 + (index + 1) * length]))
  }
  let folder = DICOMFolder(members: members)
  _ = folder.failures.map { "\($0.error)" }
  for series in folder.series.prefix(3) {
    _ = "\(series) \(series.diagnostics)"
    guard Double(series.size.x) * Double(series.size.y) * Double(series.size.z) < 1e6 else {
      continue
    }
    var options = DICOMReadOptions()
    options.isSerial = true
    options.irregularSpacing = first & 0x10 == 0 ? .keep : .resample(step: nil)
    options.gantryTilt = first & 0x20 == 0 ? .keep : .resample
    options.repairsRSNA12Bit = first & 0x40 != 0
    options.skipsUnreadableSlices = first & 0x80 != 0
    _ = try? series.read(options)
  }
  return 0
}
