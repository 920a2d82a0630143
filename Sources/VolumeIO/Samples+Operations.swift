// One place that tells the ten sample types apart, for work that is the same for all.

/// Work on an array of any sample type.
package protocol SampleOperation<Output> {
  associatedtype Output
  func run<S: Sample>(_ samples: [S]) -> Output
}

/// Work that makes an array of the same type.
package protocol SampleMap {
  func run<S: Sample>(_ samples: [S]) -> [S]
}

extension Samples {
  /// The result of an operation on the stored array.
  package func apply<Operation: SampleOperation>(_ operation: Operation) -> Operation.Output {
    switch self {
    case .uint8(let s): operation.run(s)
    case .int8(let s): operation.run(s)
    case .uint16(let s): operation.run(s)
    case .int16(let s): operation.run(s)
    case .uint32(let s): operation.run(s)
    case .int32(let s): operation.run(s)
    case .uint64(let s): operation.run(s)
    case .int64(let s): operation.run(s)
    case .float32(let s): operation.run(s)
    case .float64(let s): operation.run(s)
    }
  }

  /// The samples of the same type that a map makes of these.
  package func map<Map: SampleMap>(_ map: Map) -> Samples {
    switch self {
    case .uint8(let s): .uint8(map.run(s))
    case .int8(let s): .int8(map.run(s))
    case .uint16(let s): .uint16(map.run(s))
    case .int16(let s): .int16(map.run(s))
    case .uint32(let s): .uint32(map.run(s))
    case .int32(let s): .int32(map.run(s))
    case .uint64(let s): .uint64(map.run(s))
    case .int64(let s): .int64(map.run(s))
    case .float32(let s): .float32(map.run(s))
    case .float64(let s): .float64(map.run(s))
    }
  }

  /// The stored value at a position, as a double.
  ///
  /// - Precondition: `index` is in `0..<count`.
  public subscript(index: Int) -> Double {
    switch self {
    case .uint8(let s): Double(s[index])
    case .int8(let s): Double(s[index])
    case .uint16(let s): Double(s[index])
    case .int16(let s): Double(s[index])
    case .uint32(let s): Double(s[index])
    case .int32(let s): Double(s[index])
    case .uint64(let s): Double(s[index])
    case .int64(let s): Double(s[index])
    case .float32(let s): Double(s[index])
    case .float64(let s): s[index]
    }
  }
}

extension Samples {
  /// All parts, one after another.
  ///
  /// - Precondition: They are of one type, and there is at least one.
  package static func joined(_ parts: [Samples]) -> Samples {
    precondition(!parts.isEmpty, "no parts to join")
    return parts.count == 1 ? parts[0] : parts[0].map(Join(others: Array(parts.dropFirst())))
  }

  /// The array of a type; nil where the samples are of another.
  package func array<S: Sample>(of type: S.Type = S.self) -> [S]? {
    switch self {
    case .uint8(let s): s as? [S]
    case .int8(let s): s as? [S]
    case .uint16(let s): s as? [S]
    case .int16(let s): s as? [S]
    case .uint32(let s): s as? [S]
    case .int32(let s): s as? [S]
    case .uint64(let s): s as? [S]
    case .int64(let s): s as? [S]
    case .float32(let s): s as? [S]
    case .float64(let s): s as? [S]
    }
  }
}

private struct Join: SampleMap {
  var others: [Samples]

  func run<S: Sample>(_ samples: [S]) -> [S] {
    var result = samples
    for other in others {
      guard let part = other.array(of: S.self) else {
        preconditionFailure("parts of \(S.sampleType) and \(other.type)")
      }
      result += part
    }
    return result
  }
}
