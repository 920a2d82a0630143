import Foundation

/// Whether a folder lies at a path, symbolic links followed.
public func isFolder(_ path: String) -> Bool {
  let kind = try? FileManager.default.attributesOfItem(
    atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)
  return kind?[.type] as? FileAttributeType == .typeDirectory
}
