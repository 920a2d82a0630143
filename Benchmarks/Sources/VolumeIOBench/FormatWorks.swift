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
