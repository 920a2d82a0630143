// Header → bytes, little-endian.

extension NIfTIHeader {
  /// The header's bytes: 348 or 540, without the four of the extension flag.
  package func bytes() -> [UInt8] { version == .two ? bytesTwo() : bytesOne() }

  private func padded<T>(_ values: [T], with filler: T) -> [T] {
    values + [T](repeating: filler, count: max(0, 7 - values.count))
  }

  private var bitsPerVoxel: Int16 {
    guard let layout = datatype.layout else { return 0 }
    guard layout.encoding != .bits else { return 1 }
    return Int16((layout.encoding.byteCount(layout.components) ?? 0) * 8)
  }

  private func bytesOne() -> [UInt8] {
    var w = ByteWriter()
    w.append(Int32(348))
    w.pad(to: 38)
    w.bytes.append(UInt8(ascii: "r"))
    w.bytes.append(UInt8(truncatingIfNeeded: dimInfo))
    w.append(Int16(dim.count))
    for size in padded(dim, with: 1) { w.append(Int16(truncatingIfNeeded: size)) }
    for i in 0..<3 { w.append(Float(intentParameters[i])) }
    w.append(Int16(truncatingIfNeeded: intentCode))
    w.append(Int16(truncatingIfNeeded: datatype.rawValue))
    w.append(bitsPerVoxel)
    w.append(Int16(truncatingIfNeeded: sliceStart))
    w.append(Float(qfac))
    for step in padded(pixdim, with: 1).prefix(7) { w.append(Float(step)) }
    w.append(Float(voxOffset))
    w.append(Float(sclSlope))
    w.append(Float(sclInter))
    w.append(Int16(truncatingIfNeeded: sliceEnd))
    w.bytes.append(UInt8(truncatingIfNeeded: sliceCode))
    w.bytes.append(UInt8(truncatingIfNeeded: xyztUnits))
    for value in [calMax, calMin, sliceDuration, toffset] { w.append(Float(value)) }
    w.pad(to: 148)
    w.append(descrip, length: 80)
    w.append(auxFile, length: 24)
    w.append(Int16(truncatingIfNeeded: qformCode))
    w.append(Int16(truncatingIfNeeded: sformCode))
    for i in 0..<3 { w.append(Float(quaternion[i])) }
    for i in 0..<3 { w.append(Float(qoffset[i])) }
    for value in srow { w.append(Float(value)) }
    w.append(intentName, length: 16)
    w.append(isPair ? "ni1" : "n+1", length: 4)
    return w.bytes
  }

  private func bytesTwo() -> [UInt8] {
    var w = ByteWriter()
    w.append(Int32(540))
    w.append(isPair ? "ni2" : "n+2", length: 4)
    w.bytes += [0x0D, 0x0A, 0x1A, 0x0A]
    w.append(Int16(truncatingIfNeeded: datatype.rawValue))
    w.append(bitsPerVoxel)
    w.append(Int64(dim.count))
    for size in padded(dim, with: 1) { w.append(Int64(size)) }
    for i in 0..<3 { w.append(intentParameters[i]) }
    w.append(qfac)
    for step in padded(pixdim, with: 1).prefix(7) { w.append(step) }
    w.append(Int64(voxOffset))
    for value in [sclSlope, sclInter, calMax, calMin, sliceDuration, toffset] { w.append(value) }
    w.append(Int64(sliceStart))
    w.append(Int64(sliceEnd))
    w.append(descrip, length: 80)
    w.append(auxFile, length: 24)
    w.append(Int32(truncatingIfNeeded: qformCode))
    w.append(Int32(truncatingIfNeeded: sformCode))
    for i in 0..<3 { w.append(quaternion[i]) }
    for i in 0..<3 { w.append(qoffset[i]) }
    for value in srow { w.append(value) }
    w.append(Int32(truncatingIfNeeded: sliceCode))
    w.append(Int32(truncatingIfNeeded: xyztUnits))
    w.append(Int32(truncatingIfNeeded: intentCode))
    w.append(intentName, length: 16)
    w.bytes.append(UInt8(truncatingIfNeeded: dimInfo))
    w.pad(to: 540)
    return w.bytes
  }
}
