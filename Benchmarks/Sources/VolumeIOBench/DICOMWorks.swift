import BenchProtocol
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
    // The headers of a folder tree, sorted into series: FOLDER
    "headers": { arguments in
      let path = try argument(arguments, 0)
      return try seconds { keep(try DICOMFolder(path).series) }
    },
  ]
}
