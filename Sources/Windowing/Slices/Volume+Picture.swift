public import VolumeIO

extension Volume {
  /// The picture of a slice: rescale, tone and 8-bit levels in one pass over the stored samples.
  ///
  /// MONOCHROME1 is inverted. NaN is black. 8- and 16-bit integers go through one table; other
  /// types, slabs and oblique planes are computed sample by sample.
  ///
  /// - Throws: `WindowingError` with `outsideVolume`, `window`, `lookupTable`, `statistics`,
  ///   `samples` (colour volumes) or `size`.
  /// - Complexity: O(*pixels*), and O(*voxels*) for a tone that needs statistics: resolve it once
  ///   (`Tone.resolved(for:channel:)`) for many slices.
  public func picture(
    _ request: SliceRequest, through tone: Tone = .file()
  ) throws(WindowingError) -> GrayImage {
    try requireScalar()
    let shader = try Shader(tone, for: self, channel: request.channel)
    var image: GrayImage
    if case .oblique = request.plane {
      image = try values(request).shaded(by: shader)
    } else if request.slab != nil {
      image = try voxelValues(request).shaded(by: shader)
    } else {
      let layout = try SliceLayout(request, of: self)
      try GrayImage.check(width: layout.width, height: layout.height)
      var visitor = LevelVisitor(layout: layout, shader: shader, volume: self)
      try samples.accept(&visitor)
      image = GrayImage(
        checked: visitor.levels, width: layout.width, height: layout.height,
        spacing: layout.spacing)
    }
    if shader.stretchesSlice { image.stretch() }
    image.provenance.steps = [
      .sliced(request),
      .toned(try tone.resolved(for: self, channel: request.channel), inverted: shader.isInverted),
    ]
    return request.aspect == .physical ? try image.withSquarePixels() : image
  }

  /// The picture of a slice through a window, such as `.brain`.
  public func picture(
    _ request: SliceRequest, through window: Window
  ) throws(WindowingError) -> GrayImage {
    try picture(request, through: .window(window))
  }

  /// A picture whose red, green and blue are three windows on the same slice, in one pass.
  ///
  /// RSNA's haemorrhage solutions take brain, subdural, bone; MedGemma its own three.
  ///
  /// - Throws: What `picture(_:through:)-(SliceRequest,Tone)` throws.
  public func composite(
    _ request: SliceRequest, red: Tone, green: Tone, blue: Tone
  ) throws(WindowingError) -> RGBImage {
    try requireScalar()
    var shaders: [Shader] = []
    var tones: [Tone] = []
    for tone in [red, green, blue] {
      let complete = try tone.resolved(for: self, channel: request.channel)
      tones.append(complete)
      shaders.append(try Shader(complete, for: self, channel: request.channel))
    }
    let steps: [Provenance.Step] = [
      .sliced(request), .composed(tones, inverted: display.isInverted),
    ]
    var isSingle = request.slab == nil && !shaders.contains { $0.stretchesSlice }
    if case .oblique = request.plane { isSingle = false }
    var image: RGBImage
    if isSingle {
      let layout = try SliceLayout(request, of: self)
      try RGBImage.check(width: layout.width, height: layout.height)
      var visitor = ColorVisitor(layout: layout, shaders: shaders, volume: self)
      try samples.accept(&visitor)
      image = RGBImage(
        checked: visitor.levels, width: layout.width, height: layout.height,
        spacing: layout.spacing)
    } else {
      let values = try voxelValues(request)
      var planes: [GrayImage] = []
      for shader in shaders {
        var plane = values.shaded(by: shader)
        if shader.stretchesSlice { plane.stretch() }
        planes.append(plane)
      }
      image = try RGBImage(red: planes[0], green: planes[1], blue: planes[2])
    }
    image.provenance.steps = steps
    return request.aspect == .physical ? try image.withSquarePixels() : image
  }

  /// A picture whose red, green and blue are three windows on the same slice, in one pass.
  public func composite(
    _ request: SliceRequest, red: Window, green: Window, blue: Window
  ) throws(WindowingError) -> RGBImage {
    try composite(request, red: .window(red), green: .window(green), blue: .window(blue))
  }

  /// The rescaled values of a slice, such as Hounsfield units.
  ///
  /// An oblique plane has NaN where it leaves the volume.
  ///
  /// - Throws: `WindowingError` with `outsideVolume`, `samples` or `size`.
  public func values(_ request: SliceRequest) throws(WindowingError) -> FloatImage {
    let image = try voxelValues(request)
    return request.aspect == .physical ? try image.withSquarePixels() : image
  }

  func voxelValues(_ request: SliceRequest) throws(WindowingError) -> FloatImage {
    try requireScalar()
    if case .oblique(let plane) = request.plane {
      return try sampled(plane, request: request)
    }
    let layout = try SliceLayout(request, of: self)
    try FloatImage.check(width: layout.width, height: layout.height)
    var visitor = ValueVisitor(layout: layout, slab: request.slab, volume: self)
    return FloatImage(
      checked: try samples.accept(&visitor).map { Float($0) }, width: layout.width,
      height: layout.height, spacing: layout.spacing,
      provenance: Provenance(steps: [.sliced(request)]))
  }

  /// The labels of a slice of a segmentation; never interpolated but by nearest neighbour.
  ///
  /// - Throws: `WindowingError.samples` where a value is not a whole number in 0…65535, and
  ///   what `values(_:)` throws.
  public func labels(_ request: SliceRequest) throws(WindowingError) -> Gray16Image {
    var request = request
    if case .oblique(var plane) = request.plane {
      plane.interpolation = .nearest
      request.plane = .oblique(plane)
    }
    let values = try voxelValues(request)
    var labels: [UInt16] = []
    labels.reserveCapacity(values.pixels.count)
    for value in values.pixels {
      let plain = value.isNaN ? 0 : value
      guard let label = UInt16(exactly: plain) else {
        throw WindowingError(.samples, "a label of \(value), where 0…65535 are allowed")
      }
      labels.append(label)
    }
    let image = Gray16Image(
      checked: labels, width: values.width, height: values.height, spacing: values.spacing,
      provenance: values.provenance)
    return request.aspect == .physical ? try image.withSquarePixels(by: .nearest) : image
  }
}

extension FloatImage {
  /// Levels of rescaled values through a window; NaN is black.
  ///
  /// - Throws: `WindowingError.window`.
  public func picture(through window: Window) throws(WindowingError) -> GrayImage {
    try window.validate()
    var image = GrayImage(
      checked: pixels.map { window.level(Double($0)) }, width: width, height: height,
      spacing: spacing, provenance: provenance)
    image.provenance.steps.append(.toned(.window(window), inverted: false))
    return image
  }

  func shaded(by shader: Shader) -> GrayImage {
    GrayImage(
      checked: pixels.map { shader.level(Double($0)) }, width: width, height: height,
      spacing: spacing, provenance: provenance)
  }
}

extension GrayImage {
  /// Stretches levels over 0…255; a picture of one level stays as it is.
  mutating func stretch() {
    guard let low = pixels.min(), let high = pixels.max(), low < high else { return }
    let span = Int(high) - Int(low)
    let table = (0...255).map { level in
      UInt8(clamping: ((level - Int(low)) * 255 * 2 + span) / (2 * span))
    }
    for index in pixels.indices { pixels[index] = table[Int(pixels[index])] }
  }
}
