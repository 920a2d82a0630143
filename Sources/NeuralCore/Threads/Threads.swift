// The pool of threads that every kernel shares.

import CNeuralKernels

/// The threads that kernels use.
///
/// One pool serves the process. Its size is the environment variable `ROENTGEN_THREADS` when set,
/// otherwise the count of processors this process may use. Every kernel gives the same bits for
/// any count. Calls from several tasks at once are safe: one has the pool, the others run on their
/// own thread.
public enum Threads {
  /// How many threads take part in an operator, the caller included; 1 to 256.
  public static var count: Int {
    get { nk_threads() }
    set { nk_threads_use(newValue < 1 ? 1 : newValue) }
  }

  /// The instruction set that kernels use: `"avx512"`, `"avx2"`, `"neon"` or `"baseline"`.
  ///
  /// The environment variable `ROENTGEN_ISA` chooses a lesser one at the start.
  public static var instructionSet: String { unsafe String(cString: nk_isa()) }

  /// Uses another instruction set from now on; `false` when this machine lacks it.
  @discardableResult
  public static func use(instructionSet name: String) -> Bool { unsafe nk_isa_use(name) == 1 }
}
