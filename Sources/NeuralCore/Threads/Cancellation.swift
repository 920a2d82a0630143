// Giving up a long forward pass.

import CNeuralKernels

/// What the kernels ask before each chunk of work.
@safe private final class CancellationFlag: Sendable {
  nonisolated(unsafe) private let state: OpaquePointer

  init?() {
    guard let state = unsafe nk_cancellation_make() else { return nil }
    unsafe self.state = state
  }

  func set() { unsafe nk_cancel(state) }

  var isSet: Bool { unsafe nk_is_cancelled(state) == 1 }

  /// Runs `work` with its chunks bound to this flag.
  func bind<Result>(_ work: () throws -> Result) rethrows -> Result {
    let before = unsafe nk_cancellation_enter(state)
    defer { _ = unsafe nk_cancellation_enter(before) }
    return try work()
  }

  deinit { unsafe nk_cancellation_free(state) }
}

extension Threads {
  /// Runs `work` to its end even where the task is cancelled: for what is kept.
  static func whole<Result>(_ work: () throws -> Result) rethrows -> Result {
    let before = unsafe nk_cancellation_enter(nil)
    defer { _ = unsafe nk_cancellation_enter(before) }
    return try work()
  }

  /// Runs `work`, and gives it up when the task is cancelled.
  ///
  /// ```swift
  /// let logits = try await Threads.cancellable { network(volume) }
  /// ```
  /// Kernels look before each chunk of an operator, which lasts well below a millisecond, and skip
  /// what is left; the operators that follow have nothing to do. What they would have computed is
  /// never seen: this throws instead. `work` runs on the caller's executor and should only compute
  /// values from tensors.
  ///
  /// - Throws: `CancellationError` where the task was cancelled before `work` ended; what `work`
  ///   throws.
  public static func cancellable<Result>(_ work: () throws -> Result) async throws -> Result {
    guard let flag = CancellationFlag() else {
      preconditionFailure("cancellable: out of memory")
    }
    return try await withTaskCancellationHandler {
      try Task.checkCancellation()
      let result: Result
      do {
        result = try flag.bind(work)
      } catch {
        // An error that follows from skipped work says nothing.
        throw flag.isSet ? CancellationError() : error
      }
      if flag.isSet { throw CancellationError() }
      return result
    } onCancel: {
      flag.set()
    }
  }
}

extension Layer {
  /// The output, without a tape, unless the task is cancelled first.
  ///
  /// - Throws: `CancellationError`.
  public func output(for input: Tensor) async throws -> Tensor {
    try await Threads.cancellable { self(input) }
  }
}
