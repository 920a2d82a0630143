import BenchProtocol
import Dispatch
import Foundation
import VolumeIO

/// Series and headers of DICOM.
func dicomWorks() -> [String: Work] {
  [
    // All slices of a folder's one series, headers first: FOLDER [serial]
    "series": { arguments in
      let path = try argument(arguments, 0)
      var options = DICOMReadOptions()
      options.isSerial = arguments.count > 1
      return try seconds { keep(try DICOMSeries.single(in: path).read(options).volume) }
    },
    // The stored samples of every `.dcm` of a folder, one after the other on one thread: FOLDER
    "frames": { arguments in
      let path = try argument(arguments, 0)
      let files = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
      return try seconds {
        for file in files where file.hasSuffix(".dcm") {
          keep(try DICOMFile(contentsOf: path + "/" + file).storedPixels())
        }
      }
    },
    // The same files as one after another of a list, on all cores: FOLDER
    "frames-parallel": { arguments in
      let path = try argument(arguments, 0)
      let files = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        .filter { $0.hasSuffix(".dcm") }
      return seconds {
        DispatchQueue.concurrentPerform(iterations: files.count) { index in
          keep(try? DICOMFile(contentsOf: path + "/" + files[index]).storedPixels())
        }
      }
    },
    // The headers of a folder tree, sorted into series: FOLDER
    "headers": { arguments in
      let path = try argument(arguments, 0)
      return try seconds { keep(try DICOMFolder(path).series) }
    },
  ]
}
