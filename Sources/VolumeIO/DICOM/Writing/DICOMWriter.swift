// Writing CT and MR series: PS3.3 A.3 and A.4, one file a slice.

/// Writes a volume as a series of single-frame CT or MR images.
///
/// All UIDs come from `seed`: the same volume, attributes and seed give the same bytes.
public struct DICOMWriter: Sendable {
  /// What the files say beside the picture. Nothing here should identify a person.
  public struct Attributes: Sendable, Hashable {
    /// `CT` or `MR`; nil for the volume's own, or CT where it has none.
    public var modality: String?
    public var patientName = "ANONYMOUS"
    public var patientID = "ANONYMOUS"
    /// `YYYYMMDD`, or empty.
    public var studyDate = ""
    /// `HHMMSS`, or empty.
    public var studyTime = ""
    public var studyDescription = ""
    public var seriesDescription = ""
    public var seriesNumber = 1
    public var manufacturer = "Roentgen"
    /// Millimetres; nil for the distance between slices.
    public var sliceThickness: Double?
    /// Tube voltage in kilovolts, for CT.
    public var peakKilovoltage: Double?
    /// Further elements; they replace those that the writer makes.
    public var further: [DICOMElement] = []

    public init() {}
  }

  public var seed: String
  public var encoding: DICOMEncoding
  public var attributes: Attributes

  /// - `seed`: Any text; two series need two seeds, or their UIDs are the same.
  public init(
    seed: String, encoding: DICOMEncoding = .explicitLittle, attributes: Attributes = Attributes()
  ) {
    self.seed = seed
    self.encoding = encoding
    self.attributes = attributes
  }

  /// Writes `IM00001.dcm` and so on into a folder, which is made where it is missing.
  ///
  /// - Returns: The paths, slice by slice, channel by channel.
  /// - Throws: `unsupported` for volumes that CT and MR images cannot hold (colour, other modalities);
  ///   `geometry` where rows and columns are not at right angles; `file` where writing fails.
  @discardableResult
  public func write(_ volume: Volume, to folder: String) throws(VolumeError) -> [String] {
    try Folder.make(folder)
    let series = try WrittenSeries(volume, self)
    var paths: [String] = []
    for index in 0..<volume.size.z * volume.channels {
      let number = "\(index + 1)"
      let name = "IM" + String(repeating: "0", count: max(0, 5 - number.count)) + number + ".dcm"
      let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
      let bytes = try series.file(index)
      try OutputFile.write(bytes.span, to: path, isSynced: false)
      paths.append(path)
    }
    return paths
  }

  /// The bytes of each file, slice by slice, channel by channel.
  public func files(of volume: Volume) throws(VolumeError) -> [[UInt8]] {
    let series = try WrittenSeries(volume, self)
    var files: [[UInt8]] = []
    for index in 0..<volume.size.z * volume.channels { files.append(try series.file(index)) }
    return files
  }
}
