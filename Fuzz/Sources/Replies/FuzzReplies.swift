// A hostile server's bytes, whole and in pieces, by every vendor's format. The first byte chooses the
// format, the second the content type and the size of the pieces.

import Dispatch
import Foundation
import MLLMClients

struct Hostile: Transport {
  let type: String
  let bytes: [UInt8]
  let chunk: Int

  func send(_ request: HTTPRequest) async throws(ClientError) -> HTTPResponse {
    HTTPResponse(status: 200, headers: ["content-type": type], bytes: bytes, chunk: chunk)
  }
}

func client(_ pick: UInt8, _ transport: Hostile) -> any PromptClient {
  var options = ClientOptions()
  options.retry = .never
  options.streams = pick & 4 != 0
  let key = APIKey.none
  let model = ModelProfile(name: "m")
  switch pick & 3 {
  case 0: return OpenAI(model, key: key, transport: transport, options: options)
  case 1:
    return OpenAI(
      model, interface: .chatCompletions, key: key, transport: transport, options: options)
  case 2: return Anthropic(model, key: key, transport: transport, options: options)
  default: return Gemini(model, key: key, transport: transport, options: options)
  }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  guard size > 2 else { return 0 }
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  let transport = Hostile(
    type: bytes[1] & 1 == 0 ? "application/json" : "text/event-stream",
    bytes: Array(bytes[2...]), chunk: Int(bytes[1] >> 1) + 1)
  let client = client(bytes[0], transport)
  let prompt = Prompt(.text("?")).answering(oneOf: ["yes", "no"])
  let done = DispatchSemaphore(value: 0)
  Task.detached {
    _ = try? await client.reply(to: prompt)
    done.signal()
  }
  done.wait()
  return 0
}
