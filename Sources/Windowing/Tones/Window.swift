// Window centre and width: from a rescaled value to a level between black and white.
// Source: DICOM PS3.3, C.11.2.1.2 (LINEAR) and C.11.2.1.3 (SIGMOID, LINEAR_EXACT).

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif
public import VolumeIO

/// A window on rescaled values (Hounsfield units for CT), with one of DICOM's three functions.
///
/// A window is a value that may come from a file, so any centre and width can be stored;
/// ``validate()`` tells whether DICOM allows them, and every picture made through a window calls it.
public struct Window: Sendable, Hashable, Codable {
  public typealias Function = DisplayHints.Function

  /// The value at the middle of the window.
  public var center: Double
  /// The distance from black to white, in the unit of the rescaled values.
  public var width: Double
  /// How levels rise between the ends. DICOM's default is `.linear`, with its −0.5 and −1.
  public var function: Function

  public init(center: Double, width: Double, function: Function = .linear) {
    self.center = center
    self.width = width
    self.function = function
  }

  /// The window that shows `low` black and `high` white, as MONAI's `ScaleIntensityRange` with
  /// clipping does: a `.linearExact` window of their middle and their distance.
  public init(low: Double, high: Double) {
    self.init(center: low + (high - low) / 2, width: high - low, function: .linearExact)
  }

  /// The value below which everything is black (`.linear`, `.linearExact`), and where
  /// `.sigmoid` stands at 0.12.
  public var low: Double {
    function == .linear ? center - 0.5 - (width - 1) / 2 : center - width / 2
  }

  /// The value above which everything is white, and where `.sigmoid` stands at 0.88.
  public var high: Double {
    function == .linear ? center - 0.5 + (width - 1) / 2 : center + width / 2
  }

  /// - Throws: ``WindowingError/Code/window`` where the centre or the width is not finite, where
  ///   the width is below 1 (`.linear`) or not above 0 (`.linearExact`, `.sigmoid`).
  public func validate() throws(WindowingError) {
    guard center.isFinite, width.isFinite else {
      throw WindowingError(.window, "centre \(center) and width \(width) must be finite")
    }
    if function == .linear {
      guard width >= 1 else {
        throw WindowingError(.window, "a LINEAR window is at least 1 wide, not \(width)")
      }
    } else {
      guard width > 0 else {
        throw WindowingError(
          .window, "a \(function.rawValue) window is wider than 0, not \(width)")
      }
    }
  }

  /// The place of a rescaled value between black (0) and white (1).
  ///
  /// NaN is black. A width that ``validate()`` refuses acts as a step at the window's low end.
  ///
  /// - Complexity: O(1).
  public func fraction(_ value: Double) -> Double {
    let result: Double
    switch function {
    case .linear:
      let middle = center - 0.5
      let half = (width - 1) / 2
      if value <= middle - half { return 0 }
      if value > middle + half { return 1 }
      result = (value - middle) / (width - 1) + 0.5
    case .linearExact:
      if value <= center - width / 2 { return 0 }
      if value > center + width / 2 { return 1 }
      result = (value - center) / width + 0.5
    case .sigmoid:
      result = 1 / (1 + exp(-4 * (value - center) / width))
    }
    return result >= 0 ? min(result, 1) : 0
  }

  /// The 8-bit level of a rescaled value: 255 times its ``fraction(_:)``, to the nearest level,
  /// halves up. NaN is 0.
  ///
  /// - Complexity: O(1).
  public func level(_ value: Double) -> UInt8 {
    UInt8((fraction(value) * 255 + 0.5).rounded(.down))
  }

  /// The 16-bit level of a rescaled value, likewise.
  public func level16(_ value: Double) -> UInt16 {
    UInt16((fraction(value) * 65535 + 0.5).rounded(.down))
  }
}

extension Window: CustomStringConvertible {
  /// Width and centre as radiologists write them, such as `W 80 C 40`.
  public var description: String {
    let text = "W \(shortest(width)) C \(shortest(center))"
    return function == .linear ? text : text + " " + function.rawValue
  }
}

/// A number without a needless `.0`.
package func shortest(_ value: Double) -> String {
  value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
}
