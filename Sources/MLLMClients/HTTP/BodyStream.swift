// A body as the stream that URLSession pulls from on Linux, where streams may be one's own.

#if canImport(FoundationNetworking)
  import Foundation
  import Synchronization

  /// Makes a body's bytes when they are asked for.
  final class BodyStream: InputStream {
    private let state: Mutex<(reader: BodyReader, status: Stream.Status, failure: ClientError?)>

    private let pass: UploadGate.Pass

    init(_ body: RequestBody, pass: UploadGate.Pass) {
      self.pass = pass
      state = Mutex((BodyReader(body), .notOpen, nil))
      super.init(data: Data())
    }

    /// Why no more could be made.
    var failure: ClientError? { state.withLock { $0.failure } }

    override var streamStatus: Stream.Status { state.withLock { $0.status } }
    override var hasBytesAvailable: Bool {
      state.withLock { $0.failure == nil && !$0.reader.isAtEnd }
    }

    override func open() { state.withLock { $0.status = .open } }
    override func close() { state.withLock { $0.status = .closed } }

    override func read(_ buffer: UnsafeMutablePointer<UInt8>, maxLength length: Int) -> Int {
      let room = unsafe UnsafeMutableBufferPointer(start: buffer, count: length)
      do throws(ClientError) {
        // Taken out and put back, for a lock's body can't throw a failure and keep it.
        var reader = state.withLock { $0.reader }
        let count = try unsafe reader.read(into: room)
        state.withLock { $0.reader = reader }
        if reader.isAtEnd { pass.leave() }
        return count
      } catch {
        state.withLock { $0.failure = error }
        return -1
      }
    }
  }
#endif
