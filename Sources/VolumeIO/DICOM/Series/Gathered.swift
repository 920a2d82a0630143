// What the decoders of many slices remark, gathered from all threads.

internal import Dispatch

/// Remarks by slice; their order does not depend on the threads.
final class Gathered: Sendable {
  private let queue = DispatchQueue(label: "VolumeIO.remarks")
  private nonisolated(unsafe) var remarks: [(place: Int, text: String)] = []
  private nonisolated(unsafe) var photometric: (place: Int, name: String)?

  func add(_ texts: [String], _ place: Int, _ name: String?) {
    queue.sync {
      for text in texts { unsafe remarks.append((place, text)) }
      if let name, unsafe photometric.map({ $0.place > place }) ?? true {
        unsafe photometric = (place, name)
      }
    }
  }

  /// All remarks in the order of the slices, and the colour model of the first slice.
  var notes: (diagnostics: [DICOMDiagnostic], photometric: String?) {
    queue.sync {
      let sorted = unsafe remarks.sorted { ($0.place, $0.text) < ($1.place, $1.text) }
      return unsafe (sorted.map { DICOMDiagnostic(.codestream, $0.text) }, photometric?.name)
    }
  }
}
