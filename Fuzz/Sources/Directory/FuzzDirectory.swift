import Foundation
import VolumeIO

/// A folder in memory where there is one, with a file beside the DICOMDIR.
private let folder: String = {
  let memory = FileManager.default.fileExists(atPath: "/dev/shm")
  let path =
    (memory ? "/dev/shm" : NSTemporaryDirectory())
    + "/roentgen-fuzz-\(ProcessInfo.processInfo.processIdentifier)"
  try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  try? Data([1, 2, 3]).write(to: URL(filePath: path + "/IM0"))
  return path
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let path = folder + "/DICOMDIR"
  guard (try? Data(bytes: data, count: size).write(to: URL(filePath: path))) != nil else {
    return 0
  }
  guard let found = try? DICOMFolder(path) else { return 0 }
  for failure in found.failures { _ = "\(failure.error)" }
  return 0
}
