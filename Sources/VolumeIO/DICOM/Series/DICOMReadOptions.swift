// What a caller may ask of a series beyond its defaults.

/// How a series becomes a volume.
public struct DICOMReadOptions: Sendable, Hashable {
  /// What to do where gaps between slices differ.
  public enum IrregularSpacing: Sendable, Hashable {
    /// Throw `.geometry`, saying what the gaps are.
    case refuse
    /// Keep the slices; the affine's step is the mean one, right only at the first and last slice.
    /// `DICOMSeries.positions` has every slice's true place.
    case keep
    /// Interpolate linearly along the line of the slices to even steps of the given millimetres, or
    /// of the smallest usual gap (the median of the smaller half) where nil.
    case resample(step: Double?)
  }

  /// What to do with a tilted gantry.
  public enum GantryTilt: Sendable, Hashable {
    /// Keep the samples; the affine is sheared, and true for every voxel.
    case keep
    /// Shift the slices by linear interpolation so that the axes are at right angles; the grid grows.
    case resample
  }

  /// What to do with colour that is no RGB.
  public enum Color: Sendable, Hashable {
    /// Palettes and YBR become RGB.
    case rgb
    /// As stored; palettes stay indices.
    case stored
  }

  public var irregularSpacing = IrregularSpacing.refuse
  public var gantryTilt = GantryTilt.keep
  public var color = Color.rgb
  /// Give the slices that can be read where others cannot: those are filled with the padding value
  /// (or zero) and named in the diagnostics.
  public var skipsUnreadableSlices = false
  /// Repair the 12-bit unsigned slices of the RSNA 2019 haemorrhage data whose intercept is wrong.
  ///
  /// Applies to slices with BitsStored 12, unsigned, and an intercept above −100: 1000 is added to
  /// each stored value, 4096 subtracted from those that reach 4096, and the intercept becomes −1000.
  /// Never applied unless asked for.
  public var repairsRSNA12Bit = false
  /// Decode on one thread; the samples are the same either way.
  public var isSerial = false

  public init() {}
}
