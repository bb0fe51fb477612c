import Chat
import HTTP
import Hub
import Primitives
import Reactor
import Sessions
import WebSocket

// The stop of a server: it accepts no new connection, ends its streams, and answers the requests in flight.

extension Shard {
    /// The stop was announced: `/readyz` says so, and all else goes on.
    func announceStop() { drainProgress.announced() }

    /// Begins the stop. Every connection ends by itself, or the server cuts it off `ServerLimits.drainWait` after the
    /// window. Streams end with 1012 over the window, or all at once with 1001 when there is none.
    func drain() {
        guard drainProgress.began() else { return }
        reactor.stopAccepting(.main)
        reactor.stopAccepting(.second)
        // A scraper may watch the stop, and a probe ask for it, unless another server answers them.
        if reactor.isSteered(.side) { reactor.stopAccepting(.side) }
        let window = environment.configuration.drainWindow
        if window > .zero {
            publish(.serverDraining(reconnectInSeconds: Disconnect.advisedReconnectSeconds))
            let span = window * ServerLimits.drainSpreadPercent / 100
            streamDrain = StreamDrain(streams.connections, over: span, at: reactor.now)
            endDueStreams()
        } else {
            for connection in streams.connections { closeStream(connection, .serverStopping) }
        }
        // In the order of their slots: the order of a dictionary cannot be repeated by a simulation.
        for connection in reactor.connections {
            guard let state = http[connection] else { continue }
            report(connection, state) { $0.drainBegan(at: reactor.now) }
        }
        pendingFlush.isNeeded = true
    }

    /// Ends the streams that are due, and sets the timer for the next one.
    func endDueStreams() {
        while let connection = streamDrain?.popDue(at: reactor.now) { closeStream(connection, .serverRestarting) }
        let timer = streamDrain?.nextAt.map { schedule(.streamDrain, at: $0) }
        streamDrain?.timer = timer
    }

    /// Publishes an event to the streams of all shops of this shard that may get it.
    private func publish(_ event: PassingEvent) {
        for encoding in EventEncoding.allCases {
            guard let payload = event.payload(in: encoding) else { continue }
            // Sorted, as a simulation repeats its order.
            for shop in hub.shops.sorted(by: { $0.text < $1.text })
            where hub.encodings(of: shop).contains(encoding.streamEncoding) {
                publish(payload: payload, to: shop, in: encoding.streamEncoding)
            }
        }
    }

    /// Notifies the others once the last connection has ended, and stops the reactor when all have done so. Until then
    /// their commands still arrive here, at the owner of a shop or of a user.
    func finishDrainIfIdle() {
        guard reactor.connectionCount == reactor.sideConnectionCount else { return }
        reactor.stopAccepting(.side)
        guard !reactor.isListening, reactor.connectionCount == 0 else { return }
        if let timer = streamDrain?.timer { reactor.cancel(timer) }
        streamDrain = nil
        if outbox.isEmpty, drainProgress.connectionsEnded() {
            for index in directory.members.indices { send(.drained, to: index) }
        }
        guard drainProgress.isComplete(shardCount: directory.members.count) else { return }
        dropDispensableCommands()
        if outbox.isEmpty { reactor.stop() }
    }
}
