import Dispatch
import Foundation
import Synchronization
import VolumeIO
import Windowing

/// `series FILE FOLDER THREADS COUNT`: slices to PNG files; one thread writes them one after another.
func runSeries(_ arguments: [String]) throws -> Double {
  let scan = try volume(arguments[0])
  let count = Int(arguments[3]) ?? 300
  // A folder of its own each time: replacing a file has the file system write the old one's blocks at
  // once, and it looks long for the place of a new one among those that have just been removed.
  let folder = "\(arguments[1])/\(UUID())"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  let requests = (0..<count).map { number in
    (slice: SliceRequest(.axial, at: number % scan.size.z), path: "\(folder)/\(number).png")
  }
  let clock = ContinuousClock()
  let start = clock.now
  if arguments[2] == "1" {
    for request in requests {
      let picture = try scan.picture(request.slice, through: .brain)
      try writeFile(picture.png(), to: request.path)
    }
  } else {
    let done = DispatchSemaphore(value: 0)
    let failure = Mutex<String?>(nil)
    Task.detached {
      do {
        try await scan.writePictures(requests, through: .window(.brain))
      } catch {
        failure.withLock { $0 = "\(error)" }
      }
      done.signal()
    }
    done.wait()
    if let text = failure.withLock({ $0 }) { throw WindowingError(.file, text) }
  }
  let (whole, atto) = (clock.now - start).components
  return Double(whole) + Double(atto) * 1e-18
}
