import Foundation
import MLLMClients

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  if let image = try? Image(Data(bytes)), let clean = try? image.bytes() {
    _ = try? image.size()
    // What was stripped once has nothing more to lose.
    if let size = try? image.size(), size.width > 0 {
      let again = try? Image(Data(clean)).bytes()
      precondition(again == clean, "stripping twice changes a picture")
    }
  }
  return 0
}
