// The fields of a NIfTI-1, NIfTI-2 or Analyze 7.5 header.
// Source: nifti1.h and nifti2.h, https://nifti.nimh.nih.gov; field names are the standard's.

/// The header of a NIfTI or Analyze image, both versions in one shape.
public struct NIfTIHeader: Sendable, Hashable {
  /// Which header the file has.
  public enum Version: String, Sendable, Hashable {
    /// Analyze 7.5: 348 bytes, no magic, no orientation.
    case analyze
    /// NIfTI-1: 348 bytes, sizes of 16 bits.
    case one
    /// NIfTI-2: 540 bytes, sizes of 64 bits.
    case two
  }

  public var version: Version = .one
  /// Whether voxels stand in another file (`.img`) than the header (`.hdr`).
  public var isPair = false
  /// Whether the file's numbers are big-endian.
  public var isBigEndian = false
  /// Sizes of the axes that the file has: one to seven, each at least 1.
  public var dim: [Int] = [1, 1, 1]
  /// `pixdim[0]`: −1 or 1, the handedness of the quaternion's frame.
  public var qfac: Double = 1
  /// Spacings of the axes of `dim`, in `spatialUnit` and, along the fourth, `temporalUnit`.
  public var pixdim: [Double] = [1, 1, 1]
  public var datatype: NIfTIDataType = .int16
  public var voxOffset = 352
  /// `scl_slope` as the file has it; 0 and values that are not finite mean no scaling.
  public var sclSlope: Double = 0
  public var sclInter: Double = 0
  /// Display range that the file offers, on real-world values; both 0 where it offers none.
  public var calMin: Double = 0
  public var calMax: Double = 0
  public var sliceDuration: Double = 0
  public var toffset: Double = 0
  public var sliceStart = 0
  public var sliceEnd = 0
  public var sliceCode = 0
  public var descrip = ""
  public var auxFile = ""
  public var qformCode = 0
  public var sformCode = 0
  /// `quatern_b`, `quatern_c`, `quatern_d`.
  public var quaternion: SIMD3<Double> = .zero
  /// `qoffset_x`, `qoffset_y`, `qoffset_z`: RAS, in `spatialUnit`.
  public var qoffset: SIMD3<Double> = .zero
  /// `srow_x`, `srow_y`, `srow_z`: twelve numbers, RAS, in `spatialUnit`.
  public var srow: [Double] = [Double](repeating: 0, count: 12)
  public var xyztUnits = 0
  public var intentCode = 0
  public var intentParameters: SIMD3<Double> = .zero
  public var intentName = ""
  public var dimInfo = 0
  /// SPM's origin in an Analyze header (`originator`, voxels counted from 1); zeros where unset.
  var analyzeOrigin: SIMD3<Int> = .zero

  public init() {}

  /// Sizes of the first three axes, 1 for those that the file lacks.
  public var size: SIMD3<Int> {
    SIMD3(dim.first ?? 1, dim.count > 1 ? dim[1] : 1, dim.count > 2 ? dim[2] : 1)
  }

  /// Sizes of the axes beyond the third; empty for a plain volume.
  public var channelAxes: [Int] { Array(dim.dropFirst(3)) }

  /// The count of voxels over all axes, and of voxels in one channel.
  ///
  /// - Throws: `limit` where the product of the sizes is no count.
  package func counts() throws(VolumeError) -> (volume: Int, channels: Int) {
    var product = 1
    for (axis, length) in dim.enumerated() {
      let (next, overflow) = product.multipliedReportingOverflow(by: length)
      guard !overflow, next <= 1 << 55 else {
        throw VolumeError(
          .limit, "sizes \(dim) make no count of voxels", field: "dim[\(axis + 1)]")
      }
      product = next
    }
    let volume = size.x * size.y * size.z
    return (volume, volume == 0 ? 0 : product / volume)
  }

  /// What takes stored samples to real-world values: identity for `scl_slope` 0, NaN or infinite.
  ///
  /// - Throws: `malformed` where the slope is valid and the intercept is not.
  public func rescale() throws(VolumeError) -> Rescale {
    guard sclSlope != 0, sclSlope.isFinite, datatype != .rgb24, datatype != .rgba32 else {
      return .identity
    }
    guard sclInter.isFinite else {
      throw VolumeError(
        .malformed, "\(sclInter) beside a slope of \(sclSlope)", field: "scl_inter")
    }
    return Rescale(slope: sclSlope, intercept: sclInter)
  }

  /// Millimetres in one spatial unit of the header; an unset unit counts as a millimetre.
  public var millimetresPerUnit: Double {
    switch xyztUnits & 0x07 {
    case 1: 1000
    case 3: 0.001
    default: 1
    }
  }

  /// Seconds in one unit of the fourth axis, where that is time; nil where it is not.
  public var secondsPerUnit: Double? {
    switch xyztUnits & 0x38 {
    case 8: 1
    case 16: 1e-3
    case 24: 1e-6
    default: nil
    }
  }
}

/// A block behind the header that another program left there; kept, byte for byte.
public struct NIfTIExtension: Sendable, Hashable {
  /// `ecode`: 2 is DICOM, 4 AFNI, 6 a comment, 44 SPM and so on.
  public var code: Int
  /// `edata`, with the zeros that fill it up to a multiple of 16.
  public var data: [UInt8]

  public init(code: Int, data: [UInt8]) {
    self.code = code
    self.data = data
  }
}
