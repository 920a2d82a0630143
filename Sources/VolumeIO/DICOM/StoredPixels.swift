// All frames of one file as they are stored.

/// Stored samples of a file: before any rescale, interleaved, rows from the top.
public struct StoredPixels: Sendable, Hashable {
  /// Order, fastest first: sample of a pixel, column, row, frame.
  public var samples: Samples
  public var layout: PixelLayout
  /// The colour model of `samples`; `RGB` where the codestream undid another.
  public var photometric: String
  /// What the codecs remarked.
  public var diagnostics: [DICOMDiagnostic] = []
}

extension DICOMFile {
  /// Whether the file has pixels at all; reports and annotations have none.
  public var hasPixels: Bool { pixels != nil }

  /// The sizes and bits of the pixels.
  ///
  /// - Throws: `unsupported` for a file without pixels, `malformed` where an element is wrong.
  public func pixelLayout() throws(VolumeError) -> PixelLayout {
    guard let pixels else {
      let modality = dataSet.string(.modality) ?? "unknown modality"
      throw VolumeError(.unsupported, "a DICOM object without pixels (\(modality))", file: name)
    }
    do throws(VolumeError) {
      return try PixelLayout(dataSet, pixels.tag)
    } catch {
      throw error.naming(name)
    }
  }

  func pixelReader(keepsColor: Bool) throws(VolumeError) -> PixelReader {
    let layout = try pixelLayout()
    guard let pixels else {
      throw VolumeError(.unsupported, "a DICOM object without pixels", file: name)
    }
    return try PixelReader(
      source, layout, transferSyntax, isBigEndian: syntax.isBigEndian, pixels, dataSet,
      keepsColor: keepsColor)
  }

  /// Decodes frames as they are stored, without rescale and without conversion of colour.
  ///
  /// - Parameter frames: Those to read, counted from 0; nil for all.
  /// - Throws: `unsupported` for a file without pixels or a syntax that this build cannot decode;
  ///   `truncated`, `malformed`, `corrupt` and `limit` for bad ones.
  /// - Precondition: `frames` is within the file's.
  public func storedPixels(frames: Range<Int>? = nil) throws(VolumeError) -> StoredPixels {
    do throws(VolumeError) {
      let reader = try pixelReader(keepsColor: true)
      let all = 0..<reader.layout.frames
      let wanted = frames ?? all
      precondition(
        wanted.lowerBound >= 0 && wanted.upperBound <= all.upperBound,
        "frames \(wanted) of a file with \(all.upperBound)")
      return try reader.stored(wanted)
    } catch {
      throw error.naming(name)
    }
  }
}

extension PixelReader {
  /// Decodes a range of frames.
  func stored(_ frames: Range<Int>) throws(VolumeError) -> StoredPixels {
    var photometric = layout.photometric
    var diagnostics: [DICOMDiagnostic] = []
    let size = layout.samplesPerFrame
    let samples = try unsafe Samples.filled(layout.type, count: size * frames.count) {
      (target) throws(VolumeError) in
      let bytes = size * layout.type.size
      for frame in frames {
        let start = (frame - frames.lowerBound) * bytes
        let result = try unsafe read(frame, into: .init(rebasing: target[start..<start + bytes]))
        photometric = result.photometric
        diagnostics += result.remarks.map { DICOMDiagnostic(.codestream, $0) }
      }
    }
    return StoredPixels(
      samples: samples, layout: layout, photometric: photometric, diagnostics: diagnostics)
  }
}

extension Samples {
  /// Samples of a type, all of whose memory `fill` writes.
  static func filled(
    _ type: SampleType, count: Int,
    _ fill: (UnsafeMutableRawBufferPointer) throws(VolumeError) -> Void
  ) throws(VolumeError) -> Samples {
    func made<T>(_ zero: T) throws(VolumeError) -> [T] {
      var failure: VolumeError?
      let result = unsafe [T](unsafeUninitializedCapacity: count) { buffer, filled in
        let raw = UnsafeMutableRawBufferPointer(buffer)
        unsafe LargePages.advise(raw)
        do throws(VolumeError) {
          try unsafe fill(raw)
        } catch {
          failure = error
          unsafe buffer.initialize(repeating: zero)
        }
        filled = count
      }
      if let failure { throw failure }
      return result
    }
    switch type {
    case .uint8: return .uint8(try made(0))
    case .int8: return .int8(try made(0))
    case .uint16: return .uint16(try made(0))
    case .int16: return .int16(try made(0))
    case .uint32: return .uint32(try made(0))
    case .int32: return .int32(try made(0))
    case .uint64: return .uint64(try made(0))
    case .int64: return .int64(try made(0))
    case .float32: return .float32(try made(0))
    case .float64: return .float64(try made(0))
    }
  }
}
