import API
import Auth
import Chat
import HTTP
import HTTPTypes
import Hub
import Primitives
import Reactor
import Sessions
import WebSocket

// Open streams: the data plane. The hub decides what is sent, and `StreamSession` what happens to the stream. This file
// reports events to sessions and performs their actions.

extension Shard {
    /// The time of the reactor's turn, as streams count it.
    var turnTime: TurnTime { TurnTime(now: reactor.now, monotonic: reactor.turnBeganAt) }

    /// A connection becomes a stream of a shop that this shard owns.
    func beginStream(_ connection: ConnectionID, _ transfer: StreamTransfer) {
        guard !drainProgress.isDraining, !reactor.isCrowded else {
            refuseTransfer(connection, transfer, drainProgress.isDraining ? .draining : .full)
            return
        }
        let lifetime = transfer.tokenExpiresAt.microsecondsSinceEpoch - civilTime.microsecondsSinceEpoch
        let session = StreamSession(
            messageByteCountMax: environment.configuration.stream.messageByteCountMax,
            tokenExpiresAt: reactor.turnBeganAt + .microseconds(max(0, lifetime)), at: turnTime)
        streams.insert(
            StreamConnection(
                session: session, transport: transfer.transport, openedAt: reactor.now, slot: transfer.slot.slot,
                slotCounter: transfer.slot.counter),
            for: connection)
        setStreamTimer(connection)
        if let ticket = transfer.slot.ticket { streams.tickets.insert(ticket, of: connection) }
        if let address = transfer.countedAddress { streams.addresses[connection] = address }
        counters.openStreams += 1
        // The subscription exists before the 101 is sent, and the 101 is sent before any message.
        let response = transfer.response
        let result = hub.subscribe(
            connection, to: transfer.shopID, encoding: transfer.encoding.streamEncoding, prefix: response.span)
        precondition(result == .subscribed, "no limit of subscribers a shop is set")
        pendingFlush.isNeeded = true
        if !transfer.leftover.isEmpty {
            var bytes = transfer.leftover
            var span = bytes.mutableSpan
            streamReceived(connection, &span)
        } else {
            receiveMore(connection)
        }
        if transfer.slot.ticket != nil { send(.streamOpened(transfer.slot), to: Int(transfer.slot.counter)) }
    }

    /// Refuses a stream that was transferred while the server was stopping, or when no room is left.
    private func refuseTransfer(_ connection: ConnectionID, _ transfer: StreamTransfer, _ error: APIError) {
        release(transfer.slot)
        counters.upgradeFailures[error.status.code, default: 0] += 1
        let state = HTTPConnection(
            .handling(
                isDraining: drainProgress.isDraining, keepAliveWait: environment.configuration.keepAliveWait,
                at: reactor.now),
            transport: transfer.transport, address: transfer.countedAddress,
            isCounted: transfer.countedAddress != nil)
        http[connection] = state
        respond(connection, state, error)
    }

    // MARK: - Input

    /// Takes what a client sent, up to its frames of the turn, and receives more. One receive is in flight at a time,
    /// so that a client fills one buffer a turn, and what it sends beyond waits in its socket.
    func streamReceived(_ connection: ConnectionID, _ bytes: inout MutableSpan<UInt8>) {
        takeInput(connection, &bytes)
        if !streams.heldInput.contains(connection) { receiveMore(connection) }
    }

    private func receiveMore(_ connection: ConnectionID) {
        guard let transport = streams.withValue(connection, { $0.transport }) else { return }
        receive(connection, transport)
    }

    /// Continues with the input that was held in the turn before; true when some is left for the next.
    func continueInput() -> Bool {
        guard !streams.heldInput.isEmpty else { return false }
        while let (connection, rest) = streams.heldInput.popDue() {
            guard streams.contains(connection) else { continue }
            var rest = rest
            var span = rest.mutableSpan
            streamReceived(connection, &span)
        }
        streams.heldInput.turnEnded()
        return !streams.heldInput.isEmpty
    }

    private func takeInput(_ connection: ConnectionID, _ bytes: inout MutableSpan<UInt8>) {
        var turn = InputTurn()
        defer {
            counters.clientBytes += UInt64(turn.byteCount)
            if let error = turn.error { counters.protocolErrors[error.closeCode.rawValue, default: 0] += 1 }
        }
        while let input = nextInput(connection, &bytes, &turn) {
            switch input {
            case .done:
                return
            case .held:
                return streams.heldInput.hold(bytes.span.extracting(turn.offset..<bytes.count), of: connection)
            case .ping(let payload):
                var frame: [UInt8] = []
                FrameEncoder.appendPong(answering: payload, from: bytes.span, to: &frame)
                enqueue(.pong, frame.span, to: connection)
            case .ended(let action):
                return perform(action, connection)
            }
        }
    }

    private func nextInput(
        _ connection: ConnectionID, _ bytes: inout MutableSpan<UInt8>, _ turn: inout InputTurn
    ) -> StreamSession.Input? {
        streams.withValue(connection) {
            $0.session.nextInput(in: &bytes, &turn, streamWaits, at: turnTime)
        }
    }

    // MARK: - Events and actions

    /// Reports an event to the session of a stream, and performs its action. Does nothing when there is none.
    func report(_ connection: ConnectionID, _ event: (inout StreamSession) -> StreamSession.Action) {
        guard let action = streams.withValue(connection, { event(&$0.session) }) else { return }
        perform(action, connection)
    }

    /// Closes a stream from our side. Does nothing when it has ended.
    func closeStream(_ connection: ConnectionID, _ reason: Disconnect) {
        report(connection) { $0.closeRequested(reason, streamWaits, at: turnTime) }
    }

    func streamTimerFired(_ connection: ConnectionID) {
        // Another timer of this turn may have set a new one.
        if let timer = streams.withValue(connection, { $0.timer }) ?? nil { reactor.cancel(timer) }
        streams.withValue(connection) { $0.timer = nil }
        // The input that a client has sent is handled before its deadlines.
        guard !streams.heldInput.contains(connection) else {
            let timer = reactor.schedule(at: reactor.now, token: Self.timerToken(connection))
            streams.withValue(connection) { $0.timer = timer }
            return
        }
        report(connection) { $0.timerFired(streamWaits, at: turnTime) }
    }

    private func perform(_ action: StreamSession.Action, _ connection: ConnectionID) {
        switch action {
        case .none:
            break
        case .setTimer:
            setStreamTimer(connection)
        case .sendPing:
            let ping = FrameEncoder.emptyPing
            enqueue(.ping, ping.span, to: connection)
            setStreamTimer(connection)
        case .sendClose(let reason, let code):
            countEnd(connection, reason)
            var frame: [UInt8] = []
            FrameEncoder.appendClose(code: code, reason: reason.reason, to: &frame)
            enqueue(reason.followsMessages ? .closeAfterMessages : .close, frame.span, to: connection)
            setStreamTimer(connection)
        case .shutDownSending:
            hub.unsubscribe(connection)
            streams.withValue(connection) { $0.transport.shutDownSending(connection, on: reactor) }
            setStreamTimer(connection)
        case .closeSocket(let reason):
            if let reason { countEnd(connection, reason) }
            hub.unsubscribe(connection)
            streams.withValue(connection) { $0.transport.close(connection, on: reactor) }
        }
    }

    private func enqueue(_ kind: ControlFrameKind, _ frame: Span<UInt8>, to connection: ConnectionID) {
        hub.enqueueControl(kind, frame, to: connection)
        pendingFlush.isNeeded = true
    }

    /// The stream's end is decided: it counts no more, and its quota slot is free, whatever its socket still sends.
    private func countEnd(_ connection: ConnectionID, _ reason: Disconnect) {
        guard let stream = streams[connection] else { return }
        counters.openStreams -= 1
        counters.disconnects[reason, default: 0] += 1
        counters.connectionSeconds.observe(Double(reactor.now.since(stream.openedAt).wholeNanoseconds) / 1e9)
        let ticket = streams.tickets.remove(connection)
        release(ReservedSlot(slot: stream.slot, counter: stream.slotCounter, ticket: ticket))
    }

    /// Sets the timer of a stream to the deadline of its session.
    private func setStreamTimer(_ connection: ConnectionID) {
        let pending = streams.withValue(connection) { stream in
            (timer: stream.timer, deadline: stream.session.deadline(streamWaits, at: turnTime))
        }
        guard let pending else { return }
        if let timer = pending.timer { reactor.cancel(timer) }
        let timer = reactor.schedule(at: pending.deadline, token: Self.timerToken(connection))
        streams.withValue(connection) { $0.timer = timer }
    }
}
