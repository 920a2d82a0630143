// Slices in files of their own, stacked along z.

extension Volume {
  /// Stacks files, one behind the other along z.
  ///
  /// Each file is anything this module reads; all must have the same size in the plane, the same type and
  /// components. The first file gives rescale and in-plane geometry.
  /// - `paths`: The slices in order.
  /// - `geometry`: The grid that the stack belongs to, such as that of the scan that masks were drawn
  ///   on; nil keeps the first slice's axes, 1 mm apart.
  /// - Throws: `shape` naming the first slice that does not fit, or where the stack does not fit
  ///   `geometry`.
  public init(
    stacking paths: [String], in geometry: Geometry? = nil, _ options: ReadOptions = ReadOptions()
  ) throws(VolumeError) {
    guard let first = paths.first else { throw VolumeError(.shape, "a stack of no slices") }
    var volume = try Volume(contentsOf: first, options)
    var parts = [volume.samples]
    var depth = volume.size.z
    for path in paths.dropFirst() {
      let slice = try Volume(contentsOf: path, options)
      let name = path.split(separator: "/").last.map(String.init)
      guard
        slice.size.x == volume.size.x, slice.size.y == volume.size.y,
        slice.samples.type == volume.samples.type, slice.components == volume.components,
        slice.channels == 1, volume.channels == 1
      else {
        throw VolumeError(
          .shape,
          "a slice of \(text(slice.size)) \(slice.samples.type) × \(slice.components) in a stack of "
            + "\(text(volume.size)) \(volume.samples.type) × \(volume.components)", file: name)
      }
      guard slice.rescale == volume.rescale else {
        throw VolumeError(.shape, "a slice with a rescale of its own", file: name)
      }
      parts.append(slice.samples)
      depth += slice.size.z
    }
    volume.samples = Samples.joined(parts)
    volume.geometry.size.z = depth
    if let geometry {
      guard geometry.size == volume.geometry.size else {
        throw VolumeError(
          .shape, "a stack of \(text(volume.size)) for a grid of \(text(geometry.size))")
      }
      volume.geometry = geometry
    }
    self = volume
  }

  /// Stacks the files of a folder in the order of their names, numbers by their value.
  ///
  /// - `suffixes`: Only names that end so are taken, whatever their case; nil takes all but
  ///   hidden ones.
  public init(
    stackIn folder: String, suffixes: [String]? = nil, in geometry: Geometry? = nil,
    _ options: ReadOptions = ReadOptions()
  ) throws(VolumeError) {
    let names = try Folder.names(in: folder).filter { name in
      let lower = name.lowercased()
      return !name.hasPrefix(".")
        && (suffixes?.contains { lower.hasSuffix($0.lowercased()) } ?? true)
    }.sorted(by: naturallyPrecedes)
    guard !names.isEmpty else {
      throw VolumeError(
        .unknownFormat, "no slices in the folder",
        file: folder.split(separator: "/").last.map(String.init))
    }
    try self.init(stacking: names.map { folder + "/" + $0 }, in: geometry, options)
  }
}
