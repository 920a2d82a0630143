// What the decoders of many slices remark, gathered from all threads.

internal import Synchronization

/// Remarks by slice; their order does not depend on the threads.
final class Gathered: Sendable {
  private struct Notes: Sendable {
    var remarks: [(place: Int, text: String)] = []
    var photometric: (place: Int, name: String)?
  }

  private let state = Mutex(Notes())

  func add(_ texts: [String], _ place: Int, _ name: String?) {
    state.withLock { state in
      for text in texts { state.remarks.append((place, text)) }
      if let name, state.photometric.map({ $0.place > place }) ?? true {
        state.photometric = (place, name)
      }
    }
  }

  /// All remarks in the order of the slices, and the colour model of the first slice.
  var notes: (diagnostics: [DICOMDiagnostic], photometric: String?) {
    let state = state.withLock { $0 }
    let sorted = state.remarks.sorted { ($0.place, $0.text) < ($1.place, $1.text) }
    return (sorted.map { DICOMDiagnostic(.codestream, $0.text) }, state.photometric?.name)
  }
}
