// Pictures as files, several at a time.

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif
public import VolumeIO

/// Writes a file as a whole.
///
/// The bytes go to a temporary name beside it and are renamed, so that nobody meets half a file.
///
/// - `overwrites`: Replaces a file of that name; otherwise it is left alone.
/// - Throws: ``WindowingError/Code/exists`` for a name that is taken, ``WindowingError/Code/file``
///   for what the operating system refuses.
public func writeFile(
  _ bytes: [UInt8], to path: String, overwrites: Bool = false
) throws(WindowingError) {
  if !overwrites, unsafe access(path, F_OK) == 0 {
    throw WindowingError(.exists, "the file exists").naming(path)
  }
  let temporary = path + ".part"
  guard let file = unsafe fopen(temporary, "wb") else { throw systemError("open", path) }
  let written = unsafe fwrite(bytes, 1, bytes.count, file)
  let closed = unsafe fclose(file)
  guard written == bytes.count, closed == 0 else {
    let error = systemError("write", path)
    _ = unsafe remove(temporary)
    throw error
  }
  guard unsafe rename(temporary, path) == 0 else {
    let error = systemError("rename", path)
    _ = unsafe remove(temporary)
    throw error
  }
}

private func systemError(_ action: String, _ path: String) -> WindowingError {
  let number = errno
  let text = unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
  return WindowingError(.file, "cannot \(action): \(text)").naming(path)
}

extension Volume {
  /// Writes a PNG for each of some slices, on as many threads as there are processors.
  ///
  /// The tone is resolved once. Files are the same whatever the number of threads.
  ///
  /// - `requests`: What to show, and the path of each file.
  /// - `tone`: Statistics are taken from the first request's channel.
  /// - `progress`: Called with the count of files written so far, one call at a time.
  /// - Throws: The first error; files written before stay.
  public func writePictures(
    _ requests: [(slice: SliceRequest, path: String)], through tone: Tone,
    options: PNGOptions = .standard, overwrites: Bool = false,
    progress: (Int) -> Void = { _ in }
  ) async throws {
    guard let first = requests.first else { return }
    let complete = try tone.resolved(for: self, channel: first.slice.channel)
    try await eachInParallel(requests, progress: progress) { request in
      let picture = try self.picture(request.slice, through: complete)
      try writeFile(picture.png(options), to: request.path, overwrites: overwrites)
    }
  }
}

/// Runs work on every element, a few elements at a time.
package func eachInParallel<Element: Sendable>(
  _ elements: [Element], progress: (Int) -> Void,
  _ work: @escaping @Sendable (Element) throws -> Void
) async throws {
  let width = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  try await withThrowingTaskGroup(of: Void.self) { group in
    var started = 0
    var finished = 0
    func start() {
      let element = elements[started]
      started += 1
      group.addTask { try work(element) }
    }
    while started < min(2 * width, elements.count) { start() }
    while try await group.next() != nil {
      finished += 1
      progress(finished)
      try Task.checkCancellation()
      if started < elements.count { start() }
    }
  }
}
