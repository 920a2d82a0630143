#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif
import Synchronization
import VolumeIO
import Windowing

/// Inputs that stay in memory between commands.
enum Store {
  static let volumes = Mutex<[String: Volume]>([:])
  /// Results that are written over.
  static let levels = Mutex<[UInt8]>([])

  static func bytes(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "rb") else {
      throw WindowingError(.file, "cannot open").naming(path)
    }
    defer { fclose(file) }
    var all: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = fread(&part, 1, part.count, file)
      if count == 0 { return all }
      all += part[0..<count]
    }
  }
}
