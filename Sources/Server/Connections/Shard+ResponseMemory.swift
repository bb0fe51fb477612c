import Reactor

// Responses are held until their peers have read them, which may take `ServerLimits.responseWait`. So what one reactor
// holds is bounded: a large answer to a read is refused when too much is held already. An answer to a write tells what
// was done, and is small; it counts, and is never refused.

extension Shard {
    /// Refuses when there is no room for a large response. Before work is done for one.
    func requireResponseMemory() throws(APIError) {
        guard responseByteCount < ServerLimits.responseByteCountMax else { throw .tooManyResponses }
    }

    /// Counts what the response to a request will take, from before it is made until it is sent or the connection ends.
    func holdResponseMemory(_ byteCount: Int, for request: Request) throws(APIError) {
        try requireResponseMemory()
        // The connection may be gone; what is made for it then goes at once.
        if let state = http[request.connection] { setHeldMemory(state, byteCount) }
    }

    /// Corrects what a connection's response takes; 0 releases it.
    func setHeldMemory(_ state: HTTPConnection, _ byteCount: Int) {
        responseByteCount += byteCount - state.heldByteCount
        state.heldByteCount = byteCount
    }
}
