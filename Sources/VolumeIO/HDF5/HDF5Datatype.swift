// Datatypes and dataspaces (IV.A.2.b, IV.A.2.d).

/// How one element of a dataset is stored.
struct HDF5Datatype: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case number(SampleType)
    case half
    /// Bytes of text, ended by NUL or filled with NUL or spaces.
    case text
  }

  var kind: Kind
  var endian: Endian
  /// Bytes of one element, arrays within it counted.
  var size: Int
  /// The shape of an element that is an array.
  var shape: [Int] = []

  init(_ block: inout HDF5Block, depth: Int = 0) throws(VolumeError) {
    guard depth < 4 else { throw VolumeError(.limit, "types within types", field: "datatype") }
    let head = try block.byte("datatype")
    let (kind, version) = (head & 15, head >> 4)
    let bits = try block.integer(3, "datatype")
    size = try block.four("datatype")
    endian = bits & 1 == 0 ? .little : .big
    func unsupported(_ what: String) -> VolumeError {
      VolumeError(.unsupported, "\(what); numbers and fixed texts are read", field: "datatype")
    }
    switch kind {
    case 0, 4:
      let isSigned = kind == 0 && bits & 8 != 0
      let (offset, precision) = (try block.two("bit offset"), try block.two("bit precision"))
      guard offset == 0, precision == size * 8 else {
        throw unsupported("integers of \(precision) bits in \(size) bytes")
      }
      let type: SampleType? =
        switch size {
        case 1: isSigned ? .int8 : .uint8
        case 2: isSigned ? .int16 : .uint16
        case 4: isSigned ? .int32 : .uint32
        case 8: isSigned ? .int64 : .uint64
        default: nil
        }
      guard let type else { throw unsupported("integers of \(size) bytes") }
      self.kind = .number(type)
    case 1:
      block.skip(12)
      switch size {
      case 2: self.kind = .half
      case 4: self.kind = .number(.float32)
      case 8: self.kind = .number(.float64)
      default: throw unsupported("floating-point numbers of \(size) bytes")
      }
    case 3: self.kind = .text
    case 8:
      let base = try HDF5Datatype(&block, depth: depth + 1)
      (self.kind, endian) = (base.kind, base.endian)
    case 10:
      let rank = try block.byte("array rank")
      if version < 3 { block.skip(3) }
      guard rank <= 32 else { throw block.malformed("\(rank) axes", "array rank") }
      for _ in 0..<rank { shape.append(try block.four("array axis")) }
      if version < 3 { block.skip(4 * rank) }
      let base = try HDF5Datatype(&block, depth: depth + 1)
      (self.kind, endian) = (base.kind, base.endian)
      guard base.shape.isEmpty,
        shape.reduce(base.size, { $0.multipliedReportingOverflow(by: $1).0 })
          == size
      else { throw unsupported("arrays of arrays") }
    case 6: throw unsupported("compound elements")
    case 9: throw unsupported("elements of varying length")
    default: throw unsupported("elements of class \(kind)")
    }
    guard size > 0, size <= 1 << 30 else { throw block.malformed("\(size) bytes", "datatype") }
  }
}

/// The axes of a dataset, the last one fastest.
struct HDF5Dataspace: Sendable, Hashable {
  var shape: [Int] = []
  /// The most that each axis can grow to; nil without bound.
  var most: [Int?] = []
  var isNull = false

  init(_ block: inout HDF5Block) throws(VolumeError) {
    let version = try block.byte("dataspace")
    let rank = try block.byte("rank")
    let flags = try block.byte("dataspace")
    switch version {
    case 1: block.skip(5)
    case 2: isNull = try block.byte("dataspace type") == 2
    default: throw block.malformed("version \(version)", "dataspace")
    }
    guard rank <= 32 else { throw block.malformed("\(rank) axes", "rank") }
    for _ in 0..<rank { shape.append(try block.length("axis")) }
    if flags & 1 != 0 {
      for _ in 0..<rank { most.append(try block.limit("axis")) }
    } else {
      most = shape
    }
  }

  func count() throws(VolumeError) -> Int {
    guard !isNull else { return 0 }
    var count = 1
    for axis in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: axis)
      guard !overflow else { throw VolumeError(.limit, "axes \(shape)", field: "dataspace") }
      count = product
    }
    return count
  }
}
