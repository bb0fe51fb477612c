import HTTP
import Primitives
import Reactor
import WebSocket

// The end of a server: no new connections, streams told to come back later (1001), requests under way answered.

extension Shard {
    /// Begins the end. Every connection ends by itself or when the server's patience does.
    func drain() {
        guard !isDraining else { return }
        isDraining = true
        reactor.stopAccepting()
        for connection in streams.connections {
            closeStream(connection, .goingAway, reason: .serverStopping, text: "server stopping")
        }
        for (connection, state) in http where state.phase == .reading && state.parser.isIdle && !state.isSending {
            linger(connection, state)
        }
        isFlushNeeded = true
    }

    /// Stops the reactor once the last connection is gone.
    func finishDrainIfIdle() {
        guard !isDrained, reactor.connectionCount == 0, undelivered.isEmpty else { return }
        isDrained = true
        reactor.stop()
    }
}
