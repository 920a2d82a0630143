// One door for every format.

/// What a reader does beyond the format's own rules.
public struct ReadOptions: Sendable, Hashable {
  /// `.stored` keeps the file's samples beside their rescale; `.float32` applies it while reading.
  public var samples: SampleRequest = .stored
  /// The most bytes of samples that a picture, a table or a zip member may unfold to.
  public var mostBytes = 1 << 36
  /// What to do with irregular spacing, a tilted gantry and colour of DICOM series.
  public var dicom = DICOMReadOptions()

  public init() {}
}

extension Volume {
  /// Reads a scan, whatever its format.
  ///
  /// The format is told by the first bytes: NIfTI and Analyze (`.nii`, `.nii.gz`, `.hdr`/`.img`), NRRD,
  /// MetaImage, MGH, PNG, JPEG, TIFF, HDF5 (its only dataset), NumPy, DICOM, and a zip of any of these.
  /// A folder is a DICOM series, or else a stack of pictures or of other slices in the order of their
  /// names (numbers by their value).
  /// - Throws: `unknownFormat` where no reader knows the bytes; else the reader's error, which names
  ///   the file, the field and the place.
  public init(
    contentsOf path: String, _ options: ReadOptions = ReadOptions()
  ) throws(VolumeError) {
    if PathKind(path) == .folder {
      self = try Self.folder(path, options)
    } else {
      let file = try InputFile(path)
      do throws(VolumeError) {
        self = try Self.file(file, options)
      } catch {
        guard error.code == .unknownFormat else { throw error.naming(file.name) }
        throw VolumeError(
          .unknownFormat,
          "no reader knows its bytes; expected DICOM, NIfTI, NRRD, MetaImage, MGH, PNG, JPEG, TIFF, "
            + "HDF5, NumPy or a zip of these", file: file.name, offset: 0)
      }
    }
  }

  /// Reads a scan from the bytes of one file.
  ///
  /// - `name`: The file's name, where bytes alone cannot tell the format.
  public init(
    bytes: [UInt8], name: String = "", _ options: ReadOptions = ReadOptions()
  ) throws(VolumeError) {
    let origin = ByteStream.Origin.memory(bytes)
    let format = try FileFormat.sniff(Array(bytes.prefix(1024)), name: name, origin: origin)
    switch format {
    case .nifti?: self = try NIfTIFile(bytes: bytes).volume(as: options.samples)
    case .nrrd?: self = try Volume(nrrd: origin, folder: nil)
    case .metaImage?: self = try Volume(metaImage: origin, folder: nil)
    case .mgh?: self = try Volume(mgh: origin)
    case .png?: self = try Picture(png: bytes, mostBytes: options.mostBytes).volume()
    case .jpeg?: self = try Picture(jpeg: bytes).volume()
    case .tiff?: self = try TIFFFile(bytes, mostBytes: options.mostBytes).volume()
    case .numPy? where bytes.first == 0x93: self = try NumPyArray(bytes: bytes).volume()
    case .numPy?: self = try Self.numPy(NumPyArchive(bytes: bytes))
    case .hdf5?: self = try HDF5File(bytes: bytes).volume()
    case .zip?: self = try Self.unzipped(try ZipArchive(bytes: bytes), options)
    default:
      // DICOM, with a preamble or without; a bare data set is known only by parsing it.
      let folder = DICOMFolder(members: [(name, bytes)])
      if let failure = folder.failures.first { throw failure.error }
      guard !folder.series.isEmpty else {
        throw VolumeError(.unknownFormat, "no reader knows these bytes", offset: 0)
      }
      self = try Volume(
        series: try DICOMSeries.single(of: folder.series).get(), options: options.dicom)
    }
    if options.samples == .float32 { self = rescaled() }
  }

  private static func file(
    _ file: InputFile, _ options: ReadOptions
  ) throws(VolumeError) -> Volume {
    let format = try FileFormat.sniff(
      try file.prefix(1024), name: file.name, origin: .file(file))
    let volume: Volume
    switch format {
    case .nifti?:
      return try NIfTIFile(contentsOf: file.path).volume(as: options.samples)
    case .nrrd?:
      volume = try Volume(nrrd: .file(file), folder: Folder.parent(of: file.path))
    case .metaImage?:
      volume = try Volume(metaImage: .file(file), folder: Folder.parent(of: file.path))
    case .mgh?: return try Volume(mgh: .file(file), as: options.samples)
    case .png?:
      volume = try Picture(png: try file.readAll(), mostBytes: options.mostBytes).volume()
    case .jpeg?: volume = try Picture(jpeg: try file.readAll()).volume()
    case .tiff?:
      volume = try TIFFFile(try file.readAll(), mostBytes: options.mostBytes).volume()
    case .numPy? where try file.prefix(1) == [0x93]:
      volume = try NumPyArray(.file(file)).volume()
    case .numPy?: volume = try numPy(NumPyArchive(contentsOf: file.path))
    case .hdf5?: volume = try HDF5File(contentsOf: file.path).volume()
    case .zip?: return try unzipped(try ZipArchive(contentsOf: file.path), options)
    default:
      // DICOM, with a preamble or without; a bare data set is known only by parsing it.
      volume = try Volume(
        series: try DICOMSeries.single(in: file.path), options: options.dicom)
    }
    return options.samples == .float32 ? volume.rescaled() : volume
  }

  /// The only array of a `.npz`.
  private static func numPy(_ archive: NumPyArchive) throws(VolumeError) -> Volume {
    guard let name = archive.names.first, archive.names.count == 1 else {
      throw VolumeError(
        .unsupported, "\(archive.names.count) arrays; take one with NumPyArchive.array(_:)")
    }
    return try archive.array(name).volume()
  }

  private static func folder(
    _ path: String, _ options: ReadOptions
  ) throws(VolumeError) -> Volume {
    let names = try Folder.names(in: path).filter { !$0.hasPrefix(".") }
    for name in names.sorted(by: naturallyPrecedes).prefix(16)
    where PathKind(path + "/" + name) == .file {
      let file = try InputFile(path + "/" + name)
      let format = try FileFormat.sniff(
        try file.prefix(1024), name: name, origin: .file(file))
      guard let format, format != .dicom else { continue }
      return try Volume(stackIn: path, options)
    }
    let volume = try Volume(
      series: try DICOMSeries.single(in: path), options: options.dicom)
    return options.samples == .float32 ? volume.rescaled() : volume
  }
}
