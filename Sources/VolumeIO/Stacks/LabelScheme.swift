// From the grey values of mask pictures to labels.

/// Which grey values mean which label.
public struct LabelScheme: Sendable, Hashable {
  /// A range of values and the label that it stands for.
  public struct Entry: Sendable, Hashable {
    public var values: ClosedRange<Double>
    public var label: UInt8
    public var name: String

    public init(_ values: ClosedRange<Double>, _ label: UInt8, _ name: String) {
      self.values = values
      self.label = label
      self.name = name
    }
  }

  /// The first entry whose range holds a value decides.
  public var entries: [Entry]

  public init(_ entries: [Entry]) { self.entries = entries }

  /// CHAOS, MR: liver 63, right kidney 126, left kidney 189, spleen 252, each with the margin that the
  /// challenge allows (CHAOS challenge, "Evaluation", https://chaos.grand-challenge.org).
  public static let chaosMR = LabelScheme([
    Entry(55...70, 1, "liver"), Entry(110...135, 2, "right kidney"),
    Entry(175...200, 3, "left kidney"), Entry(240...255, 4, "spleen"),
  ])

  /// CHAOS, CT: any value above 0 is liver.
  public static let chaosCT = LabelScheme([Entry(1...65535, 1, "liver")])
}

extension Volume {
  /// The label of every voxel: 0 for 0, else what the scheme says of its real-world value.
  ///
  /// - Throws: `malformed` with the value where a voxel is neither 0 nor in any range.
  public func labeled(by scheme: LabelScheme) throws(VolumeError) -> Volume {
    guard components == 1 else {
      throw VolumeError(.shape, "labels of voxels with \(components) components")
    }
    let found = samples.apply(Labels(scheme: scheme, rescale: rescale))
    if let stray = found.stray {
      throw VolumeError(.malformed, "the value \(shortest(stray)) stands for no label")
    }
    var result = self
    result.samples = .uint8(found.labels)
    result.rescale = .identity
    result.paddingValue = nil
    result.display = DisplayHints()
    return result
  }
}

private struct Labels: SampleOperation {
  var scheme: LabelScheme
  var rescale: Rescale

  func run<S: Sample>(_ samples: [S]) -> (labels: [UInt8], stray: Double?) {
    var labels: [UInt8] = []
    labels.reserveCapacity(samples.count)
    // Masks have few values, in long runs.
    var (last, label): (S, UInt8) = (0, 0)
    var isFirst = true
    for sample in samples {
      if isFirst || sample != last {
        let value = rescale(sample.doubleValue)
        if value == 0 {
          label = 0
        } else if let entry = scheme.entries.first(where: { $0.values.contains(value) }) {
          label = entry.label
        } else {
          return ([], value)
        }
        (last, isFirst) = (sample, false)
      }
      labels.append(label)
    }
    return (labels, nil)
  }
}
