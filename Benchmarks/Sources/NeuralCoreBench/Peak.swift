import BenchProtocol
import CPeak
import Dispatch
import NeuralCore
import Synchronization

/// `peak f32|bf16`: the machine's floating-point operations a second with as many threads as the pool
/// has, at best of several tries; 0 where it has no such instruction.
func peak(_ arguments: [String]) throws -> Double {
  let isHalf = arguments.first == "bf16"
  let threads = Threads.count
  var best = 0.0
  for _ in 0..<20 {
    let operations = Mutex(0.0)
    let time = seconds {
      DispatchQueue.concurrentPerform(iterations: threads) { _ in
        var sink: Float = 1
        let done =
          isHalf ? roentgen_peak_bf16(100_000, &sink) : roentgen_peak(100_000, &sink)
        operations.withLock { $0 += done }
      }
    }
    best = max(best, operations.withLock { $0 } / time)
  }
  return best
}

/// `features NETWORK SIZE COUNT`: seconds to read the features of as many pictures, 32 at a time.
func features(_ arguments: [String]) throws -> Double {
  guard arguments.count == 3, arguments[0] == "resnet18", let size = Int(arguments[1]),
    let count = Int(arguments[2])
  else { throw BenchError(text: "features resnet18 SIZE COUNT") }
  return timed(["features"] + arguments) {
    let network = ResNet(.resNet18())
    let pictures = TensorDataset(
      inputs: Tensor.normal([count, 3, size, size], seed: 1),
      targets: Tensor(of: (0..<count).map { Int64($0 % 2) }, shape: [count]))
    return {
      do { keep(try network.features(of: pictures, batchSize: 32)) } catch {
        fatalError("features: \(error)")
      }
    }
  }
}
