import VolumeIO

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  if let file = try? DICOMFile(bytes) {
    if let layout = try? file.pixelLayout(),
      Double(layout.rows) * Double(layout.columns) * Double(layout.frames) < 1e6
    {
      _ = try? file.storedPixels()
      _ = try? DICOMSegmentation(file).labels(overlap: .highestNumber)
    }
    for element in file.dataSet.elements { _ = file.dataSet.strings(element.tag) }
    _ = try? DICOMDeidentifier(key: "fuzz").deidentify(file)
  }
  for series in DICOMFolder(members: [(path: "a", bytes: bytes)]).series.prefix(2) {
    guard Double(series.size.x) * Double(series.size.y) * Double(series.size.z) < 1e6 else {
      continue
    }
    var options = DICOMReadOptions()
    options.irregularSpacing = .keep
    options.isSerial = true
    _ = try? series.read(options)
  }
  return 0
}
