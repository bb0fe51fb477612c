import HTTP
import Primitives
import Reactor

// Refusals before the body was read. The response is sent at once, and the rest of the body is read and dropped, so
// that a client that sends first and reads after that sees the response. The connection ends after it.

extension Shard {
    /// Refuses the request that is being read. `unread` are the bytes after those that led to the refusal.
    func refuse(_ connection: ConnectionID, _ state: HTTPConnection, _ error: APIError, unread: Span<UInt8>) {
        respond(connection, state, error)
        skip(state, unread)
    }

    /// The request in flight is answered before its body has ended.
    func beginSkipping(_ state: HTTPConnection) {
        state.refusedBody = RefusedBody(
            isEndKnown: state.parser.skipBody(), isWithheld: state.awaitsContinue, at: reactor.now)
        state.head = nil
        state.body = []
        state.keepsBody = false
    }

    /// Reads and drops bytes of a refused body, if there is one, and forgets the body when it has ended.
    func skip(_ state: HTTPConnection, _ bytes: Span<UInt8>) {
        guard var refused = state.refusedBody else { return }
        refused.received(byteCount: bytes.count)
        state.refusedBody = refused
        guard refused.isEndKnown else { return }
        var consumed = 0
        do throws(HTTPParseError) {
            while true {
                switch try state.parser.next(bytes, consumed: &consumed) {
                case .needMore: return
                case .head, .body: break
                case .end:
                    state.refusedBody = nil
                    return
                }
            }
        } catch {
            state.refusedBody?.isEndKnown = false
        }
    }

    /// The last response of the connection was sent. Reads and drops the rest of a refused body, then ends the
    /// connection.
    func skipRefusedBody(_ connection: ConnectionID, _ state: HTTPConnection) {
        guard let refused = state.refusedBody, let wait = refused.wait(at: reactor.now), !drainProgress.isDraining
        else {
            linger(connection, state)
            return
        }
        state.phase = .skipping
        setTimer(connection, state, wait)
        if !refused.keepsSideOpen { reactor.shutdownSending(connection) }
        // A request that timed out left its receive in flight.
        if !reactor.isReceiving(connection) { reactor.receive(connection, isMultishot: false) }
    }

    func refusedBytesReceived(_ connection: ConnectionID, _ state: HTTPConnection, _ bytes: Span<UInt8>) {
        let isSideOpen = state.refusedBody?.keepsSideOpen == true
        skip(state, bytes)
        guard let refused = state.refusedBody else {
            linger(connection, state)
            return
        }
        guard let wait = refused.wait(at: reactor.now) else {
            reactor.close(connection)
            return
        }
        if isSideOpen, !refused.keepsSideOpen { reactor.shutdownSending(connection) }
        setTimer(connection, state, wait)
        reactor.receive(connection, isMultishot: false)
    }
}
