/// A decoded scan: stored samples, how to rescale them, and their place in the patient.
///
/// Order, fastest first: component (`components` values a voxel, interleaved), x, y, z, channel.
/// The stored value of component `c` at voxel `(x, y, z)` of channel `t` is
/// `samples[c + components · (x + size.x · (y + size.y · (z + size.z · t)))]`.
/// Rescaled values are `rescale.slope · stored + rescale.intercept`; for CT they are Hounsfield units.
public struct Volume: Sendable, Hashable {
  /// What the interleaved values of one voxel mean.
  public enum Components: String, Sendable, Hashable, Codable {
    case scalar, rgb, rgba, complex, vector
  }

  /// The stored samples, in their stored type.
  public var samples: Samples
  /// Voxels along x, y and z, and the map to patient millimetres.
  public var geometry: Geometry
  /// The number of values stored for each voxel; 1 for grey, 3 for RGB, 2 for complex.
  public var components: Int
  public var componentKind: Components
  /// The length of the fourth axis (time, echo, modality); 1 for a plain volume.
  public var channels: Int
  /// The lengths of the axes that make up `channels`, fastest first: `[4]` for four time points,
  /// `[1, 3]` for NIfTI's five-dimensional vectors. Their product is `channels`.
  public var channelAxes: [Int]
  /// From stored to real-world values.
  public var rescale: Rescale
  /// DICOM's modality code, such as `CT` or `MR`, where the file tells it.
  public var modality: String?
  /// What the file says about display: windows, VOI look-up tables, inversion.
  public var display: DisplayHints
  /// Stored value that marks voxels outside the scanner's field of view, in stored units.
  public var paddingValue: ClosedRange<Int>?
  /// What else the file says of itself, by the names its format uses: NRRD's key/value pairs,
  /// NIfTI's `descrip`, TIFF's `ImageDescription`. It may identify a patient, so nothing prints it.
  public var metadata: [String: String] = [:]

  /// - Throws: `VolumeError.Code.shape` where the count of samples is not the product of the sizes.
  public init(
    _ samples: Samples, geometry: Geometry, components: Int = 1,
    componentKind: Components = .scalar, channels: Int = 1, rescale: Rescale = .identity,
    modality: String? = nil, display: DisplayHints = DisplayHints(),
    paddingValue: ClosedRange<Int>? = nil
  ) throws(VolumeError) {
    let wanted = [geometry.size.x, geometry.size.y, geometry.size.z, components, channels]
    var product = 1
    for n in wanted {
      let (p, overflow) = product.multipliedReportingOverflow(by: n)
      guard n >= 0, !overflow else {
        throw VolumeError(.shape, "sizes \(wanted) make no count of samples")
      }
      product = p
    }
    guard product == samples.count else {
      throw VolumeError(
        .shape,
        "\(samples.count) samples for \(geometry.size.x) × \(geometry.size.y) × "
          + "\(geometry.size.z) voxels, \(components) components, \(channels) channels")
    }
    self.samples = samples
    self.geometry = geometry
    self.components = components
    self.componentKind = componentKind
    self.channels = channels
    self.channelAxes = [channels]
    self.rescale = rescale
    self.modality = modality
    self.display = display
    self.paddingValue = paddingValue
  }

  /// Voxels along x, y and z.
  public var size: SIMD3<Int> { geometry.size }

  /// The distance between voxel centres along each axis, in millimetres.
  public var spacing: SIMD3<Double> { geometry.affine.spacing }
}

/// The linear map from stored samples to real-world values: `slope · stored + intercept`.
public struct Rescale: Sendable, Hashable, Codable {
  public var slope: Double
  public var intercept: Double

  public init(slope: Double, intercept: Double) {
    self.slope = slope
    self.intercept = intercept
  }

  public static let identity = Rescale(slope: 1, intercept: 0)

  public func callAsFunction(_ stored: Double) -> Double { slope * stored + intercept }
}
