import Chat
import Hub
import Primitives
import Reactor
import Sessions
import WebSocket

// The hub's input and output: publications in, one send for each subscriber out, once per turn.

extension Shard {
    /// Appends an event's frames to the shop's logs, one for each encoding that a stream subscribed with.
    func publish(_ event: EncodedEvent, to shop: ShopID) {
        counters.broadcasts += 1
        let span = event.trace.map { startOwnSpan("publish", in: $0) }
        let subscribed = hub.encodings(of: shop)
        guard !subscribed.isEmpty else {
            if let span { published(span, subscriberCount: 0) }
            return
        }
        for encoding in EventEncoding.allCases where subscribed.contains(encoding.streamEncoding) {
            guard let payload = event.payload(in: encoding) else { continue }
            publish(payload: payload, to: shop, in: encoding.streamEncoding)
        }
        pendingFlush.publishedAt.append(reactor.io.now)
        pendingFlush.isNeeded = true
        if let span { published(span, subscriberCount: hub.subscriberCount(of: shop)) }
    }

    func publish(payload: [UInt8], to shop: ShopID, in encoding: StreamEncoding) {
        var frame: [UInt8] = []
        swap(&frame, &pendingFlush.frame)
        FrameEncoder.append(opcode: .text, payload: payload.span, to: &frame)
        while hub.publish(frame.span, to: shop, encoding: encoding) == .logFull {
            // More was published in one turn than a log holds: send what it has first.
            sendDue()
        }
        guard frame.capacity <= ServerLimits.keptFrameByteCountMax else { return }
        frame.removeAll(keepingCapacity: true)
        swap(&frame, &pendingFlush.frame)
    }

    /// Sends what is due. What remains is for the next turn (`pendingFlush.isNeeded`).
    func flush() {
        guard pendingFlush.isNeeded else { return }
        sendDue()
        pendingFlush.isNeeded = hub.needsFlush
        if !pendingFlush.sends.isEmpty, !pendingFlush.isNeeded { endSends() }
        if !pendingFlush.publishedAt.isEmpty {
            let now = reactor.io.now
            for instant in pendingFlush.publishedAt {
                counters.broadcastMilliseconds.observe(Double(now.nanoseconds - instant.nanoseconds) / 1e6)
            }
            pendingFlush.publishedAt.removeAll(keepingCapacity: true)
        }
        settle()
    }

    /// One flush and its submission. The reports arrive within this call, before the log may move its bytes.
    private func sendDue() {
        var sink = TransportSink<IO>(reactor: reactor, streams: streams, sealedSends: sealedSends)
        var budget = FlushBudget(
            sendCount: ServerLimits.flushSendCountMax, byteCount: ServerLimits.flushByteCountMax)
        hub.flush(at: reactor.turnBeganAt, budget: &budget, into: &sink)
        reactor.submit()
        reportUnsentSends()
        hub.submitted()
        sealedSends.submitted()
    }

    /// Acts on the submission's reports. They arrive in the middle of a flush, when the hub must not change.
    private func settle() {
        while let connection = pendingFlush.sentCloseFrames.popLast() {
            report(connection) { $0.closeFrameSent(streamWaits, at: turnTime) }
        }
        while let connection = hub.nextSlowConsumer() {
            counters.broadcastErrors += 1
            closeStream(connection, .slowConsumer)
        }
    }

    // MARK: - Reports

    func shortSend(_ connection: ConnectionID, byteCount: Int) {
        if let send = sealedSends.take(connection) {
            return sealedSendEnded(connection, send, sentByteCount: byteCount)
        }
        act(on: hub.shortSend(connection, sentByteCount: byteCount), connection)
    }

    func sendCompleted(_ connection: ConnectionID, byteCount: Int) {
        if byteCount > 0 { streams.withValue(connection) { $0.session.sendProgressed() } }
        if let send = sealedSends.take(connection) {
            return sealedSendEnded(connection, send, sentByteCount: byteCount)
        }
        act(on: hub.sendCompleted(connection, sentByteCount: byteCount), connection)
    }

    func sendFailed(_ connection: ConnectionID, errnoValue: Int32) {
        report(connection) { $0.connectionFailed() }
    }

    /// - Parameter isHeld: Whether a send is in flight already, whose end shows that the socket has room.
    func act(on followUp: SendFollowUp, _ connection: ConnectionID, isHeld: Bool = false) {
        switch followUp {
        case .none:
            break
        case .pollWritable:
            if !isHeld { reactor.pollWritable(connection) }
            report(connection) { $0.sendBlocked(streamWaits, at: turnTime) }
        case .closeFrameSent:
            pendingFlush.sentCloseFrames.append(connection)
        }
    }

    func becameWritable(_ connection: ConnectionID) {
        streams.withValue(connection) { $0.session.sendProgressed() }
        hub.becameWritable(connection)
        pendingFlush.isNeeded = true
    }
}
