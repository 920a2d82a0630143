// Look-up tables: Modality LUT and VOI LUT.
// Source: DICOM PS3.3, C.11.1 and C.11.2.1.1.

public import VolumeIO

extension DisplayHints.LookupTable {
  /// - Throws: `WindowingError.lookupTable` for no entries, more than 65,536, or bits outside
  ///   8…16.
  public func validate() throws(WindowingError) {
    guard !values.isEmpty, values.count <= 65_536 else {
      throw WindowingError(.lookupTable, "\(values.count) entries, where 1 to 65,536 are allowed")
    }
    guard (8...16).contains(bits) else {
      throw WindowingError(.lookupTable, "\(bits) bits an entry, where 8 to 16 are allowed")
    }
  }

  /// The entry for an input; inputs beyond the ends take the first or the last entry. Fractional
  /// inputs are rounded to the nearest, halves up; NaN takes the first entry.
  ///
  /// - Complexity: O(1).
  public func entry(_ input: Double) -> UInt16 {
    guard let last = values.indices.last else { return 0 }
    let index = (input + 0.5).rounded(.down) - Double(firstMapped)
    guard index > 0 else { return values[0] }
    return values[index >= Double(last) ? last : Int(index)]
  }

  /// The entry as a fraction of the largest that `bits` can hold, at most 1.
  public func fraction(_ input: Double) -> Double {
    let largest = Double((1 << min(max(bits, 1), 16)) - 1)
    return min(Double(entry(input)) / largest, 1)
  }
}

extension Volume {
  /// The real-world value of a stored one: the Modality LUT's where the file has one, otherwise
  /// slope and intercept.
  ///
  /// - Complexity: O(1).
  public func rescaled(_ stored: Double) -> Double {
    if let table = display.modalityLUT, !table.values.isEmpty {
      return Double(table.entry(stored))
    }
    return rescale(stored)
  }
}
