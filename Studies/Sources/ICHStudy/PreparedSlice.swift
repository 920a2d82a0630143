/// A slice as the arms see it.
struct PreparedSlice: Sendable {
  /// Such as `HEAD_0007/012`.
  var id: String
  var patient: String
  /// The slice's index in its scan.
  var index: Int
  var truth: SliceTruth
  /// Brain, subdural and bone window, channel by channel, `side` × `side` each.
  var input: [UInt8]
  /// Width, height and thickness in millimetres, where known.
  var extent: SIMD3<Double>?
  /// The baseline's reading, where the slice has Hounsfield units and is read.
  var baseline: SliceReading?
  /// The picture that a language model is shown, as PNG; only for slices that are read.
  var picture: [UInt8]?
  /// The same with the reference's outline, for the report.
  var overlay: [UInt8]?
}

/// A patient's slices, and what is known of the whole head.
struct PreparedHead: Sendable {
  var patient: String
  var slices: [PreparedSlice]
  /// Millilitres of blood in the head by the mask, and by the baseline.
  var millilitres: Double?
  var baselineMillilitres: Double?
  /// The baseline's ABC/2 with Kothari's weights, for the largest bleed.
  var abcMillilitres: Double?
}
