import Auth
import HTTP
import Primitives
import Reactor
import Sessions

// Key rotation: a token with an unknown `kid` triggers a read of the JWKS file and waits for it. Then the keys of that
// read decide, as on every reactor.

extension Shard {
    /// Stops reading a request whose token names an unknown key, when a read of the keys is in flight or due. After
    /// that read it continues with the rest of the bytes. False when there is nothing to wait for.
    func pauseForKeys(_ connection: ConnectionID, _ state: HTTPConnection, _ rest: Span<UInt8>) -> Bool {
        guard state.session.mayAwaitKeys, let reload = authenticator.joinReload() else { return false }
        // Not a failure yet.
        counters.authFailures[.unknownKey, default: 1] -= 1
        state.session.keysNeeded(rest: rest)
        updateTimer(connection, state)
        Task(executorPreference: reactor) {
            await reload.wait()
            self.keysAwaited(connection)
        }
        return true
    }
}
