#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Real files that are not part of the repository, and numbers that repeat.
enum TestData {
  /// `ROENTGEN_DATA`, or `../shared/data` beside the repository.
  static let root: String = {
    if let value = unsafe getenv("ROENTGEN_DATA") { return unsafe String(cString: value) }
    let here = #filePath.split(separator: "/").dropLast(3).map(String.init)
    return "/" + here.dropLast().joined(separator: "/") + "/shared/data"
  }()

  static func exists(_ path: String) -> Bool { unsafe access(path, R_OK) == 0 }

  /// The names in a folder, sorted; empty where there is none.
  static func names(in folder: String) -> [String] {
    guard let stream = unsafe opendir(folder) else { return [] }
    defer { _ = unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  static func bytes(_ path: String) -> [UInt8]? {
    guard let file = unsafe fopen(path, "rb") else { return nil }
    defer { _ = unsafe fclose(file) }
    var all: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe fread(&part, 1, part.count, file)
      if count == 0 { return all }
      all += part[0..<count]
    }
  }
}

/// The same pseudo-random numbers in every run.
struct Noise {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }
}
