import HTTP
import Primitives
import Reactor
import Sessions
import WebSocket

// The stop of a server: it accepts no new connection, closes streams with 1001, and answers the requests in flight.

extension Shard {
    /// Begins the stop. Every connection ends by itself, or the server cuts it off after `ServerLimits.drainWait`.
    func drain() {
        guard drainProgress.began() else { return }
        reactor.stopAccepting()
        for connection in streams.connections {
            closeStream(connection, .serverStopping)
        }
        // In the order of their slots: the order of a dictionary cannot be repeated by a simulation.
        for connection in reactor.connections {
            guard let state = http[connection] else { continue }
            report(connection, state) { $0.drainBegan(at: reactor.now) }
        }
        pendingFlush.isNeeded = true
    }

    /// Notifies the others once the last connection has ended, and stops the reactor when all have done so. Until then
    /// their commands still arrive here, at the owner of a shop or of a user.
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
