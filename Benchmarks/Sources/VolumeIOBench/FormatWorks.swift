import BenchProtocol
import Foundation
import VolumeIO

struct MissingArgument: Error {
  var position: Int
}

/// The argument at a position.
func argument(_ arguments: [String], _ position: Int) throws -> String {
  guard position < arguments.count else { throw MissingArgument(position: position) }
  return arguments[position]
}

/// A line of `/proc/self/status` in gigabytes.
func memory(_ field: String) throws -> Double {
  let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
  let line = status.split(separator: "\n").first { $0.hasPrefix(field + ":") }
  let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap { Double($0) }
  guard let kibibytes else { throw MissingArgument(position: 0) }
  return kibibytes * 1024 / 1e9
}

/// Files that are not DICOM.
func formatWorks() -> [String: Work] {
  [
    // A whole scan, rescaled to floats: FILE
    "float32": { arguments in
      let path = try argument(arguments, 0)
      var options = ReadOptions()
      options.samples = .float32
      return try seconds { keep(try Volume(contentsOf: path, options)) }
    },
    // The same, giving gigabytes in place of seconds: what the process grew by at most: FILE
    "peak": { arguments in
      let path = try argument(arguments, 0)
      var options = ReadOptions()
      options.samples = .float32
      // Makes the most so far what is taken now.
      try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
      let before = try memory("VmRSS")
      keep(try Volume(contentsOf: path, options))
      return try memory("VmHWM") - before
    },
    // A whole scan as it is stored: FILE
    "stored": { arguments in
      let path = try argument(arguments, 0)
      return try seconds { keep(try Volume(contentsOf: path)) }
    },
    // Every JPEG picture of a folder: FOLDER
    "pictures": { arguments in
      let path = try argument(arguments, 0)
      let files = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        .filter { $0.hasSuffix(".jpg") }
      let streams = files.compactMap { FileManager.default.contents(atPath: path + "/" + $0) }
        .map { Array($0) }
      return try seconds { for stream in streams { keep(try Picture(jpeg: stream)) } }
    },
    // The first slice of a NIfTI file: FILE
    "first-slice": { arguments in
      let path = try argument(arguments, 0)
      return try seconds { keep(try NIfTIFile(contentsOf: path).slice(0)) }
    },
  ]
}
