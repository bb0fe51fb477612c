import API
import Reactor
import Sessions

// The memory of responses is bounded on each reactor. A read reserves what its response may hold before any work is
// done for it, and is refused when too much is held already. The response to a write reports what was done, and is
// small; it counts, and is never refused.

extension Shard {
    /// Reserves what the response to a request may hold, from before it is produced until it is sent or the connection
    /// ends.
    func holdResponseMemory(_ byteCount: Int, for request: Request) throws(APIError) {
        guard http.responseBytes.hasRoom(for: byteCount) else { throw .tooManyResponses }
        // The connection may be gone. Then its response is dropped as soon as it exists.
        if let state = http[request.connection] { setHeldMemory(state, byteCount) }
    }

    /// Corrects what a connection's response holds; 0 releases it.
    func setHeldMemory(_ state: HTTPConnection, _ byteCount: Int) {
        http.responseBytes.correct(from: state.heldByteCount, to: byteCount)
        state.heldByteCount = byteCount
    }
}
