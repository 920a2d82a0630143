public import VolumeIO

extension Volume {
  /// An axial slice through a window: seen from the feet, nose up, in `radiological` convention.
  ///
  /// - `index`: The voxel's index along the axis that runs between feet and head, as
  ///   stored.
  /// - Throws: `WindowingError`, as `picture(_:through:)-(SliceRequest,Tone)`.
  public func axial(
    _ index: Int, through window: Window, convention: Convention = .radiological
  ) throws(WindowingError) -> GrayImage {
    try picture(SliceRequest(.axial, at: index, convention: convention), through: window)
  }

  /// An axial slice through a tone; by default the file's own.
  public func axial(
    _ index: Int, through tone: Tone = .file(), convention: Convention = .radiological
  ) throws(WindowingError) -> GrayImage {
    try picture(SliceRequest(.axial, at: index, convention: convention), through: tone)
  }

  /// A coronal slice through a window: seen from the front, head up, in `radiological` convention.
  ///
  /// - `index`: The voxel's index along the axis that runs between front and back.
  public func coronal(
    _ index: Int, through window: Window, convention: Convention = .radiological
  ) throws(WindowingError) -> GrayImage {
    try picture(SliceRequest(.coronal, at: index, convention: convention), through: window)
  }

  /// A coronal slice through a tone; by default the file's own.
  public func coronal(
    _ index: Int, through tone: Tone = .file(), convention: Convention = .radiological
  ) throws(WindowingError) -> GrayImage {
    try picture(SliceRequest(.coronal, at: index, convention: convention), through: tone)
  }

  /// A sagittal slice through a window: the face to the left, head up.
  ///
  /// - `index`: The voxel's index along the axis that runs between left and right.
  public func sagittal(
    _ index: Int, through window: Window, convention: Convention = .radiological
  ) throws(WindowingError) -> GrayImage {
    try picture(SliceRequest(.sagittal, at: index, convention: convention), through: window)
  }

  /// A sagittal slice through a tone; by default the file's own.
  public func sagittal(
    _ index: Int, through tone: Tone = .file(), convention: Convention = .radiological
  ) throws(WindowingError) -> GrayImage {
    try picture(SliceRequest(.sagittal, at: index, convention: convention), through: tone)
  }

  /// A slice of a colour volume (`rgb` or `rgba` in 8 bits), as stored.
  ///
  /// - Throws: `WindowingError.samples` for grey or for other types; `outsideVolume`.
  public func colors(_ request: SliceRequest) throws(WindowingError) -> RGBImage {
    guard case .uint8(let bytes) = samples, components == 3 || components == 4,
      componentKind == .rgb || componentKind == .rgba
    else {
      throw WindowingError(
        .samples, "\(components) × \(samples.type.rawValue) a voxel, where 8-bit RGB is shown")
    }
    let layout = try SliceLayout(request, of: self)
    try RGBImage.check(width: layout.width, height: layout.height)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * layout.count)
    for y in 0..<layout.height {
      for x in 0..<layout.width {
        let voxel = layout.start + x * layout.columnStride + y * layout.rowStride
        pixels += bytes[(voxel * components)..<(voxel * components + 3)]
      }
    }
    let image = RGBImage(
      checked: pixels, width: layout.width, height: layout.height, spacing: layout.spacing,
      provenance: Provenance(steps: [.sliced(request)]))
    return request.aspect == .physical ? try image.withSquarePixels() : image
  }
}
