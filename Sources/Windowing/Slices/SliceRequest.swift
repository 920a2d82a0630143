/// Which plane of a volume to show, and how to lay it out.
public struct SliceRequest: Sendable, Hashable, Codable {
  public var plane: Plane
  /// The slice's index along the volume's own axis, as stored; unused by oblique planes.
  public var index: Int
  public var convention: Convention
  public var aspect: Aspect
  public var slab: Slab?
  /// The index on the fourth axis.
  public var channel: Int

  public init(
    _ plane: Plane, at index: Int = 0, convention: Convention = .radiological,
    aspect: Aspect = .physical, slab: Slab? = nil, channel: Int = 0
  ) {
    self.plane = plane
    self.index = index
    self.convention = convention
    self.aspect = aspect
    self.slab = slab
    self.channel = channel
  }
}

/// A plane through a volume.
///
/// Axial, coronal and sagittal follow the volume's own axes: the one that lies closest to the
/// patient's direction is the plane's normal, so that a tilted scan is shown as it was acquired.
public enum Plane: Sendable, Hashable, Codable {
  case axial, coronal, sagittal
  /// Any plane, sampled from the volume.
  case oblique(ObliquePlane)
}

/// Which side of the patient lies on the left of the picture.
public enum Convention: String, Sendable, Hashable, Codable {
  /// The patient's right is on the left: seen from the feet, seen from the front. Axial pictures
  /// have the nose up, coronal and sagittal ones the head; sagittal ones look to the left.
  case radiological
  /// The patient's left is on the left; otherwise as `radiological`.
  case neurological
  /// Columns and rows as stored, whatever they mean in the patient.
  case stored
}

/// What to do about pixels that are not square.
public enum Aspect: String, Sendable, Hashable, Codable {
  /// The coarser side is enlarged (bilinear) to the finer one's spacing, so that a millimetre is as
  /// long across as down. Spacings within 0.1 % of each other are left alone.
  case physical
  /// One pixel a voxel.
  case voxels
}

/// Several neighbouring slices as one.
public struct Slab: Sendable, Hashable, Codable {
  public enum Projection: String, Sendable, Hashable, Codable {
    /// Maximum intensity projection (MIP).
    case maximum
    /// Minimum intensity projection (MinIP).
    case minimum
    /// The mean, which lowers noise.
    case mean
  }

  public var projection: Projection
  /// Slices in the slab, centred on the requested one; of an even count the additional one lies
  /// behind it. Parts outside the volume do not count.
  public var count: Int

  public init(_ projection: Projection, count: Int) {
    self.projection = projection
    self.count = count
  }
}

/// A rectangle in the patient, in LPS millimetres.
public struct ObliquePlane: Sendable, Hashable, Codable {
  /// The rectangle's middle, in LPS millimetres.
  public var center: SIMD3<Double>
  /// The direction in which columns are counted; any length but zero.
  public var right: SIMD3<Double>
  /// The direction in which rows are counted; any length but zero, at a right angle to `right`.
  public var down: SIMD3<Double>
  /// Millimetres from pixel to pixel, and from slice to slice of a slab.
  public var spacing: Double
  public var width: Int
  public var height: Int
  public var interpolation: Interpolation

  /// How values between voxel centres are told.
  public enum Interpolation: String, Sendable, Hashable, Codable {
    /// The nearest voxel's: for labels.
    case nearest
    /// Trilinear.
    case linear
  }

  public init(
    center: SIMD3<Double>, right: SIMD3<Double>, down: SIMD3<Double>, spacing: Double,
    width: Int, height: Int, interpolation: Interpolation = .linear
  ) {
    self.center = center
    self.right = right
    self.down = down
    self.spacing = spacing
    self.width = width
    self.height = height
    self.interpolation = interpolation
  }
}
