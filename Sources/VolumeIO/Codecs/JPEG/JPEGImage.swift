// What a JPEG stream holds, decoded.
// Source: ITU-T T.81; JFIF 1.02; Adobe Technical Note 5116 (marker APP14).

/// A decoded JPEG with what its markers say about colour.
package struct JPEGImage: Sendable, Hashable {
  /// The colour model of samples.
  package enum Color: String, Sendable, Hashable {
    case gray, rgb, ycc, cmyk, ycck
    /// A count of components that names no colour model.
    case unknown
  }

  /// Interleaved by pixel, rows from the top: `.uint8` up to eight bits, `.uint16` above.
  package var samples: Samples
  package var width: Int
  package var height: Int
  package var components: Int
  /// Bits a sample: 8 or 12, of lossless frames 2 to 16.
  package var precision: Int
  package var process: JPEGProcess
  /// The colour model of `samples`.
  package var color: Color
  /// The colour model in the stream, before conversion.
  package var storedColor: Color
  /// Adobe's APP14 is there: CMYK samples of its encoders are stored inverted (0 is full ink).
  package var isAdobe: Bool
  /// The payload of APP1 that begins with `Exif`, whole.
  package var exif: [UInt8]?
  /// Oddities that did not stop the decoder.
  package var diagnostics: [String]
}

/// What to do with the colour model of a stream.
package enum JPEGColorTreatment: Sendable, Hashable {
  /// Follow the markers as libjpeg does: YCbCr becomes RGB, YCCK becomes CMYK.
  case automatic
  /// Leave components as they are stored.
  case stored
  /// Take three components for YCbCr, four for YCCK, whatever the markers say.
  case fromYCC
}

/// Markers that speak of colour.
struct JPEGColorMarkers: Sendable, Hashable {
  var hasJFIF = false
  /// APP14's transform: 0 for none, 1 for YCbCr, 2 for YCCK; nil without the marker.
  var adobeTransform: Int?
  var exif: [UInt8]?

  mutating func read(_ segment: JPEGMarkerReader.Segment, _ bytes: Span<UInt8>) {
    let payload = segment.payload
    func begins(with text: StaticString, at least: Int) -> Bool {
      guard payload.count >= least, payload.count >= text.utf8CodeUnitCount else { return false }
      var index = payload.lowerBound
      for scalar in text.description.utf8 {
        if bytes[index] != scalar { return false }
        index += 1
      }
      return true
    }
    switch segment.marker {
    case 0xE0: if begins(with: "JFIF", at: 5) { hasJFIF = true }
    case 0xE1:
      if exif == nil, begins(with: "Exif", at: 6) { exif = payload.map { bytes[$0] } }
    case 0xEE:
      if begins(with: "Adobe", at: 12) { adobeTransform = Int(bytes[payload.lowerBound + 11]) }
    default: break
    }
  }

  /// The colour model of a frame, by libjpeg's rules; lossless frames are as they are stored.
  func color(of frame: JPEGFrame) -> JPEGImage.Color {
    switch frame.components.count {
    case 1: return .gray
    case 3:
      if frame.process == .lossless { return adobeTransform == 1 ? .ycc : .rgb }
      if hasJFIF { return .ycc }
      if let adobeTransform { return adobeTransform == 0 ? .rgb : .ycc }
      return frame.components.map(\.identifier) == [0x52, 0x47, 0x42] ? .rgb : .ycc
    case 4:
      return adobeTransform == 2 ? .ycck : .cmyk
    default: return .unknown
    }
  }
}
