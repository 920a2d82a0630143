// Bytes → header. Offsets are those of nifti1.h (348 bytes), nifti2.h (540) and Analyze's dbh.h.

extension NIfTIHeader {
  /// The count of bytes to read before it is known which header the file has.
  package static let longest = 540

  /// Whether bytes begin like a NIfTI or Analyze header, in either byte order.
  package static func begins(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= 348 else { return false }
    if magic(bytes, 4, "n+2") || magic(bytes, 4, "ni2") { return true }
    if magic(bytes, 344, "n+1") || magic(bytes, 344, "ni1") { return true }
    return false
  }

  private static func magic(_ bytes: [UInt8], _ offset: Int, _ text: String) -> Bool {
    offset + 4 <= bytes.count
      && bytes[offset..<offset + 4].elementsEqual(Array(text.utf8) + [0])
  }

  /// - Parameter bytes: The first bytes of the (decompressed) file.
  package init(parsing bytes: [UInt8]) throws(VolumeError) {
    guard bytes.count >= 348 else {
      throw VolumeError(
        .truncated, "\(bytes.count) bytes of a header of 348", offset: bytes.count)
    }
    let order = bytes.span
    let (little, big): (Int32, Int32) = (order.integer(0, .little), order.integer(0, .big))
    let endian: Endian
    switch (little, big) {
    case (348, _), (540, _): endian = .little
    case (_, 348), (_, 540): endian = .big
    default:
      throw VolumeError(
        .unknownFormat, "\(little) where a NIfTI header says 348 or 540", offset: 0,
        field: "sizeof_hdr")
    }
    let reader = ByteReader(bytes, endian)
    self.init()
    isBigEndian = endian == .big
    if little == 540 || big == 540 {
      try parseTwo(reader)
    } else {
      try parseOne(reader)
    }
  }

  private mutating func parseOne(_ r: ByteReader) throws(VolumeError) {
    if Self.magic(r.bytes, 344, "n+1") {
      version = .one
    } else if Self.magic(r.bytes, 344, "ni1") {
      version = .one
      isPair = true
    } else {
      version = .analyze
      isPair = true
    }
    var sizes: [Int] = []
    var spacings: [Double] = []
    for i in 0..<8 {
      sizes.append(Int(try r.integer(40 + 2 * i, "dim[\(i)]", as: Int16.self)))
      spacings.append(Double(try r.float(76 + 4 * i, "pixdim[\(i)]")))
    }
    try setSizes(sizes, spacings, offset: 40)
    datatype = NIfTIDataType(rawValue: Int(try r.integer(70, "datatype", as: Int16.self)))
    try setOffset(Double(try r.float(108, "vox_offset")), at: 108, header: 348)
    sclSlope = Double(try r.float(112, "scl_slope"))
    calMax = Double(try r.float(124, "cal_max"))
    calMin = Double(try r.float(128, "cal_min"))
    descrip = try r.text(148, 80, "descrip")
    auxFile = try r.text(228, 24, "aux_file")
    guard version != .analyze else {
      for axis in 0..<3 {
        analyzeOrigin[axis] = Int(try r.integer(253 + 2 * axis, "originator", as: Int16.self))
      }
      return
    }
    dimInfo = Int(r.bytes[39])
    for i in 0..<3 { intentParameters[i] = Double(try r.float(56 + 4 * i, "intent_p")) }
    intentCode = Int(try r.integer(68, "intent_code", as: Int16.self))
    sliceStart = Int(try r.integer(74, "slice_start", as: Int16.self))
    sclInter = Double(try r.float(116, "scl_inter"))
    sliceEnd = Int(try r.integer(120, "slice_end", as: Int16.self))
    sliceCode = Int(r.bytes[122])
    xyztUnits = Int(r.bytes[123])
    sliceDuration = Double(try r.float(132, "slice_duration"))
    toffset = Double(try r.float(136, "toffset"))
    qformCode = Int(try r.integer(252, "qform_code", as: Int16.self))
    sformCode = Int(try r.integer(254, "sform_code", as: Int16.self))
    for i in 0..<3 {
      quaternion[i] = Double(try r.float(256 + 4 * i, "quatern"))
      qoffset[i] = Double(try r.float(268 + 4 * i, "qoffset"))
    }
    for i in 0..<12 { srow[i] = Double(try r.float(280 + 4 * i, "srow")) }
    intentName = try r.text(328, 16, "intent_name")
  }

  private mutating func parseTwo(_ r: ByteReader) throws(VolumeError) {
    version = .two
    try r.require(0, 540, "header")
    guard Self.magic(r.bytes, 4, "n+2") || Self.magic(r.bytes, 4, "ni2") else {
      throw VolumeError(
        .unknownFormat, "540 bytes of header without NIfTI-2's magic", offset: 4, field: "magic")
    }
    isPair = Self.magic(r.bytes, 4, "ni2")
    datatype = NIfTIDataType(rawValue: Int(try r.integer(12, "datatype", as: Int16.self)))
    var sizes: [Int] = []
    var spacings: [Double] = []
    for i in 0..<8 {
      sizes.append(try r.int(16 + 8 * i, "dim[\(i)]", as: Int64.self))
      spacings.append(try r.double(104 + 8 * i, "pixdim[\(i)]"))
    }
    try setSizes(sizes, spacings, offset: 16)
    for i in 0..<3 { intentParameters[i] = try r.double(80 + 8 * i, "intent_p") }
    try setOffset(Double(try r.integer(168, "vox_offset", as: Int64.self)), at: 168, header: 540)
    sclSlope = try r.double(176, "scl_slope")
    sclInter = try r.double(184, "scl_inter")
    calMax = try r.double(192, "cal_max")
    calMin = try r.double(200, "cal_min")
    sliceDuration = try r.double(208, "slice_duration")
    toffset = try r.double(216, "toffset")
    sliceStart = try r.int(224, "slice_start", as: Int64.self)
    sliceEnd = try r.int(232, "slice_end", as: Int64.self)
    descrip = try r.text(240, 80, "descrip")
    auxFile = try r.text(320, 24, "aux_file")
    qformCode = Int(try r.integer(344, "qform_code", as: Int32.self))
    sformCode = Int(try r.integer(348, "sform_code", as: Int32.self))
    for i in 0..<3 {
      quaternion[i] = try r.double(352 + 8 * i, "quatern")
      qoffset[i] = try r.double(376 + 8 * i, "qoffset")
    }
    for i in 0..<12 { srow[i] = try r.double(400 + 8 * i, "srow") }
    sliceCode = Int(try r.integer(496, "slice_code", as: Int32.self))
    xyztUnits = Int(try r.integer(500, "xyzt_units", as: Int32.self))
    intentCode = Int(try r.integer(504, "intent_code", as: Int32.self))
    intentName = try r.text(508, 16, "intent_name")
    dimInfo = Int(r.bytes[524])
  }

  private mutating func setSizes(
    _ sizes: [Int], _ spacings: [Double], offset: Int
  ) throws(VolumeError) {
    let axes = sizes[0]
    guard (1...7).contains(axes) else {
      throw VolumeError(
        .malformed, "\(axes) axes, expected 1 to 7", offset: offset, field: "dim[0]")
    }
    for axis in 1...axes where sizes[axis] < 1 {
      throw VolumeError(
        .malformed, "an axis of \(sizes[axis]) voxels", offset: offset, field: "dim[\(axis)]")
    }
    dim = Array(sizes[1...axes])
    qfac = spacings[0] < 0 ? -1 : 1
    pixdim = Array(spacings[1...axes])
    while pixdim.count < 3 { pixdim.append(spacings[pixdim.count + 1]) }
  }

  private mutating func setOffset(
    _ value: Double, at offset: Int, header: Int
  ) throws(VolumeError) {
    guard value.isFinite, value >= 0, value < 1e18 else {
      throw VolumeError(
        .malformed, "\(value) is no place in a file", offset: offset, field: "vox_offset")
    }
    voxOffset = Int(value)
    guard !isPair else { return }
    // Zero means unset; the first place that a voxel can have follows the four extension bytes.
    if voxOffset == 0 { voxOffset = header + 4 }
    guard voxOffset >= header else {
      throw VolumeError(
        .malformed, "\(voxOffset) lies in the header of \(header) bytes", offset: offset,
        field: "vox_offset")
    }
  }
}

extension NIfTIExtension {
  /// The extensions in the bytes between the header and the voxels.
  ///
  /// - Parameter base: Where `bytes` begin in the file.
  package static func parse(
    _ bytes: [UInt8], _ endian: Endian, base: Int
  ) throws(VolumeError) -> [NIfTIExtension] {
    guard bytes.count >= 4, bytes[0] != 0 else { return [] }
    let reader = ByteReader(bytes, endian, base: base)
    var found: [NIfTIExtension] = []
    var position = 4
    while position + 8 <= bytes.count {
      let size = Int(try reader.integer(position, "esize", as: Int32.self))
      if size == 0 { break }
      guard size >= 8, size <= bytes.count - position else {
        throw VolumeError(
          .malformed, "an extension of \(size) bytes where \(bytes.count - position) are left",
          offset: base + position, field: "esize")
      }
      let code = Int(try reader.integer(position + 4, "ecode", as: Int32.self))
      let data = try reader.slice(position + 8, size - 8, "edata")
      found.append(NIfTIExtension(code: code, data: data))
      position += size
    }
    return found
  }
}
