// Writing safetensors: keys in order, tensors end to end, atomic on disk.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Safetensors {
  static let words: [ElementType: String] = [
    .float64: "F64", .float32: "F32", .float16: "F16", .bfloat16: "BF16", .int64: "I64",
    .int32: "I32", .int8: "I8", .uint8: "U8", .bool: "BOOL",
  ]

  /// The bytes of a safetensors file. Equal tensors give equal bytes.
  static func bytes(_ tensors: [String: Tensor], metadata: [String: String]) -> [UInt8] {
    var members: [String: JSON] = [:]
    if !metadata.isEmpty { members["__metadata__"] = .object(metadata.mapValues { .string($0) }) }
    let ordered = tensors.sorted { $0.key < $1.key }
    var end = 0
    for (name, tensor) in ordered {
      let start = end
      end += tensor.count * tensor.elementType.byteCount
      members[name] = .object([
        "dtype": .string(words[tensor.elementType] ?? "F32"),
        "shape": .array(tensor.shape.map { .integer($0) }),
        "data_offsets": .array([.integer(start), .integer(end)]),
      ])
    }
    var header = Array(JSON.object(members).serialized().utf8)
    while (8 + header.count) % 64 != 0 { header.append(0x20) }  // so that float32 is aligned
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + header.count + end)
    for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: header.count >> (8 * shift))) }
    bytes += header
    for (_, tensor) in ordered {
      unsafe tensor.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }
    return bytes
  }
}

/// Writes tensors to a safetensors file, in one step: a reader sees the old file or the new one.
///
/// - `tensors`: By name, each in its own type.
/// - `metadata`: Text kept in the file's `__metadata__`.
/// - Throws: ``NeuralCoreError`` `file` with the reason of the operating system.
public func writeSafetensors(
  _ tensors: [String: Tensor], metadata: [String: String] = [:], to path: String
) throws(NeuralCoreError) {
  try writeAtomically(Safetensors.bytes(tensors, metadata: metadata), to: path)
}

/// Writes a file so that after a crash it is whole, old or new: a temporary file beside it,
/// fsync, rename, fsync of the folder.
package func writeAtomically(_ bytes: [UInt8], to path: String) throws(NeuralCoreError) {
  let temporary = "\(path).\(getpid()).partial"
  let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else { throw MappedFile.failure("cannot create", temporary) }
  var written = 0
  while written < bytes.count {
    let count = unsafe bytes.withUnsafeBytes { all in
      unsafe write(descriptor, all.baseAddress.map { unsafe $0 + written }, all.count - written)
    }
    if count < 0 {
      if errno == EINTR { continue }
      let failure = MappedFile.failure("cannot write", temporary)
      close(descriptor)
      unsafe unlink(temporary)
      throw failure
    }
    written += count
  }
  guard fsync(descriptor) == 0, close(descriptor) == 0, unsafe rename(temporary, path) == 0 else {
    let failure = MappedFile.failure("cannot finish", path)
    unsafe unlink(temporary)
    throw failure
  }
  let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
  let folderDescriptor = unsafe open(folder, O_RDONLY | O_CLOEXEC)
  if folderDescriptor >= 0 {
    fsync(folderDescriptor)
    close(folderDescriptor)
  }
}
