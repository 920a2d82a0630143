import VolumeIO

/// Deflate without a checksum in the way: the data set of a deflated DICOM file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let head: [UInt8] =
    [UInt8](repeating: 0, count: 128) + Array("DICM".utf8) + [2, 0, 0x10, 0, 0x55, 0x49, 22, 0]
    + Array("1.2.840.10008.1.2.1.99".utf8)
  guard
    let file = try? DICOMFile(head + Array(UnsafeBufferPointer(start: data, count: size)))
  else { return 0 }
  for element in file.dataSet.elements { _ = file.dataSet.strings(element.tag) }
  return 0
}
