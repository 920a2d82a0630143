// Requests of many pictures to a server on this machine.

import BenchProtocol
import Dispatch
import Foundation
import MLLMClients

/// Runs asynchronous work to its end, on a thread that may wait.
func wait<Value: Sendable>(
  _ body: @escaping @Sendable () async throws -> Value
) throws -> Value {
  let done = DispatchSemaphore(value: 0)
  nonisolated(unsafe) var result: Result<Value, any Error>?
  Task.detached {
    do { result = .success(try await body()) } catch { result = .failure(error) }
    done.signal()
  }
  done.wait()
  guard let result else { throw ClientError(.cancelled, "no result") }
  return try result.get()
}

struct Load {
  let runner: Runner
  let cases: [Case]

  /// `PORT COUNT CONCURRENCY FOLDER`: each case shows all PNG files of the folder.
  init(_ arguments: [String], over transport: any Transport = URLSessionTransport.shared) throws {
    guard arguments.count == 4, let count = Int(arguments[1]), let at = Int(arguments[2]),
      let base = URL(string: "http://127.0.0.1:\(arguments[0])/v1")
    else { throw ClientError(.invalidPrompt, "PORT COUNT CONCURRENCY FOLDER expected") }
    let names = try FileManager.default.contentsOfDirectory(atPath: arguments[3]).sorted()
      .filter { $0.hasSuffix(".png") }
    let images = try names.map { name in
      Image(png: [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(arguments[3])/\(name)"))))
    }
    let prompt = Prompt {
      System("You are a radiologist.")
      User {
        images
        "Answer JSON."
      }
    }.decoding { $0.maxTokens = 64 }
    let client = OpenAICompatible(
      base: base, model: ModelProfile(name: "gpt-4o"), transport: transport)
    runner = Runner(client, concurrency: at)
    cases = (0..<count).map { Case("\($0)", prompt) }
  }

  func run() throws {
    let runner = runner
    let cases = cases
    let answered = try wait {
      var answered = 0
      for try await result in runner.results(of: cases) where result.outcome.answer != nil {
        answered += 1
      }
      return answered
    }
    guard answered == cases.count else {
      throw ClientError(.server, "\(answered) of \(cases.count) answered")
    }
  }
}

/// Processor time of this process, in seconds.
func processorSeconds() -> Double {
  var usage = rusage()
  #if canImport(Glibc)
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  #else
    getrusage(RUSAGE_SELF, &usage)
  #endif
  func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
  return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// The most memory that this process has held, in megabytes.
///
/// On Linux by `VmHWM`: `ru_maxrss` counts what the parent held when it started this process.
func peakMegabytes() -> Double {
  if let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
    let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
    let kilobytes = line.split(separator: " ").compactMap({ Double($0) }).first
  {
    return kilobytes / 1024
  }
  var usage = rusage()
  #if canImport(Glibc)
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / 1024
  #else
    getrusage(RUSAGE_SELF, &usage)
    return Double(usage.ru_maxrss) / 1_048_576
  #endif
}

/// The second transport, where the benchmarks were built with it.
func overNIO() throws -> any Transport {
  #if AsyncHTTPClient
    AsyncHTTPTransport.shared
  #else
    throw ClientError(.unsupported, "built without the trait AsyncHTTPClient")
  #endif
}

/// Seconds for all requests.
func elapsed(_ load: Load) throws -> Double {
  try seconds { try load.run() }
}

/// Seconds of processor time for all requests.
func processor(_ load: Load) throws -> Double {
  let before = processorSeconds()
  try load.run()
  return processorSeconds() - before
}

/// Megabytes at most, of the whole process.
func memory(_ load: Load) throws -> Double {
  try load.run()
  return peakMegabytes()
}

serve([
  "ask": { try elapsed(Load($0)) },
  "ask-cpu": { try processor(Load($0)) },
  "ask-memory": { try memory(Load($0)) },
  "ask-nio": { try elapsed(Load($0, over: overNIO())) },
  "ask-nio-cpu": { try processor(Load($0, over: overNIO())) },
  "ask-nio-memory": { try memory(Load($0, over: overNIO())) },
])
