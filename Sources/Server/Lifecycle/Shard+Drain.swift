import HTTP
import Primitives
import Reactor
import Sessions
import WebSocket

// The end of a server: no new connections, streams told to come back later (1001), requests under way answered.

extension Shard {
    /// Begins the end. Every connection ends by itself or when the server's patience does.
    func drain() {
        guard drainProgress.began() else { return }
        reactor.stopAccepting()
        for connection in streams.connections {
            closeStream(connection, .serverStopping)
        }
        // In the order of their slots: a dictionary has none that a simulation could repeat.
        for connection in reactor.connections {
            guard let state = http[connection] else { continue }
            let isIdle = state.phase == .reading && state.parser.isIdle && !state.isSending
            if isIdle || state.phase == .skipping { linger(connection, state) }
        }
        pendingFlush.isNeeded = true
    }

    /// Tells the others once the last connection is gone, and stops the reactor when all have said so: until then
    /// their requests still come here, to the owner of a shop or of a user.
    func finishDrainIfIdle() {
        guard reactor.connectionCount == 0 else { return }
        if outbox.isEmpty, drainProgress.connectionsEnded() {
            for index in directory.members.indices { send(.drained, to: index) }
        }
        guard drainProgress.isComplete(shardCount: directory.members.count) else { return }
        dropDispensableCommands()
        if outbox.isEmpty { reactor.stop() }
    }
}
