import Auth
import Chat
import HTTP
import HTTPTypes
import Hub
import Primitives
import Reactor
import Sessions
import WebSocket

// Open streams: the data plane. The hub decides what is sent. This file handles the input, the timers and the end.

extension Shard {
    /// A connection becomes a stream of a shop that this shard owns.
    func beginStream(_ connection: ConnectionID, _ arrival: StreamArrival) {
        guard !drainProgress.isDraining, !reactor.isCrowded else {
            refuseArrival(connection, arrival, drainProgress.isDraining ? .draining : .full)
            return
        }
        let now = reactor.now
        let lifetime = arrival.tokenExpiresAt.microsecondsSinceEpoch - civilTime.microsecondsSinceEpoch
        var stream = StreamConnection(
            decoder: FrameDecoder(
                endpoint: .server, messageByteCountMax: environment.configuration.stream.messageByteCountMax),
            heartbeat: Heartbeat(startedAt: now), openedAt: now,
            tokenExpiresAt: reactor.turnBeganAt + .microseconds(max(0, lifetime)), slot: arrival.slot.slot,
            slotCounter: arrival.slot.counter, allowance: ByteAllowance(at: now))
        stream.timer = reactor.schedule(
            at: min(
                stream.heartbeat.deadline(environment.heartbeatSchedule), reactor.deadline(at: stream.tokenExpiresAt)),
            token: Self.timerToken(connection))
        streams.insert(stream, for: connection)
        if let ticket = arrival.slot.ticket { streams.tickets.insert(ticket, of: connection) }
        if let address = arrival.countedAddress { streams.addresses[connection] = address }
        counters.openStreams += 1
        // The subscription exists before the 101 is sent, and the 101 is sent before any message.
        let response = arrival.response
        let result = hub.subscribe(
            connection, to: arrival.shopID, encoding: arrival.encoding.streamEncoding, prefix: response.span)
        precondition(result == .subscribed, "no limit of subscribers a shop is set")
        pendingFlush.isNeeded = true
        if !arrival.leftover.isEmpty {
            var bytes = arrival.leftover
            var span = bytes.mutableSpan
            streamReceived(connection, &span)
        } else {
            receiveMore(connection)
        }
        if arrival.slot.ticket != nil { send(.streamOpened(arrival.slot), to: Int(arrival.slot.counter)) }
    }

    /// Refuses a stream that arrived while the server was stopping, or when no room is left.
    private func refuseArrival(_ connection: ConnectionID, _ arrival: StreamArrival, _ error: APIError) {
        release(arrival.slot)
        counters.upgradeFailures[error.status.code, default: 0] += 1
        let state = HTTPConnection(address: arrival.countedAddress, isCounted: arrival.countedAddress != nil)
        state.phase = .handling
        http[connection] = state
        respond(connection, state, error)
    }

    // MARK: - Input

    /// Takes what a client sent, up to its frames of the turn, and receives more. One receive is in flight at a time,
    /// so that a client fills one buffer a turn, and what it sends beyond waits in its socket.
    func streamReceived(_ connection: ConnectionID, _ bytes: inout MutableSpan<UInt8>) {
        takeFrames(connection, &bytes, frameCountMax: ServerLimits.clientFramesPerTurn)
        if !streams.heldInput.contains(connection) { receiveMore(connection) }
    }

    private func receiveMore(_ connection: ConnectionID) {
        guard streams.contains(connection), !reactor.isReceiving(connection) else { return }
        reactor.receive(connection, isMultishot: false)
    }

    /// Continues with the input that was held in the turn before; true when some is left for the next.
    func continueInput() -> Bool {
        guard !streams.heldInput.isEmpty else { return false }
        while let (connection, rest) = streams.heldInput.popDue() {
            guard streams.contains(connection) else { continue }
            var rest = rest
            var span = rest.mutableSpan
            takeFrames(connection, &span, frameCountMax: ServerLimits.clientFramesPerTurn)
            if !streams.heldInput.contains(connection) { receiveMore(connection) }
        }
        streams.heldInput.turnEnded()
        return !streams.heldInput.isEmpty
    }

    /// Each frame has a price. When the client has no allowance for one, what follows it is dropped. So is all input of
    /// a client that the server no longer listens to.
    private func takeFrames(_ connection: ConnectionID, _ bytes: inout MutableSpan<UInt8>, frameCountMax: Int) {
        let now = reactor.now
        var offset = 0
        var frameCount = 0
        while streams.withValue(connection, { $0.phase != .lingering && $0.state.isListening }) == true {
            guard frameCount < frameCountMax || offset == bytes.count else {
                streams.heldInput.hold(bytes.span.extracting(offset..<bytes.count), of: connection)
                return
            }
            let start = offset
            let startCount = streams.withValue(connection) { $0.decoder.frameCount } ?? 0
            let event: FrameEvent?
            do throws(WebSocketError) {
                event = try nextEvent(connection, &bytes, &offset)
            } catch {
                failed(connection, error)
                return
            }
            let takenByteCount = offset - start
            counters.clientBytes += UInt64(takenByteCount)
            let isWithinRate = streams.withValue(connection) { stream -> Bool in
                let newCount = Int(stream.decoder.frameCount &- startCount)
                frameCount += newCount
                // A receive costs as much as a frame, even when it brings only a part of one.
                let priceCount = start == 0 ? max(1, newCount) : newCount
                return stream.allowance.take(takenByteCount + priceCount * ServerLimits.clientSendByteCost, at: now)
            }
            guard isWithinRate == true else {
                giveUp(connection, .rateExceeded)
                return
            }
            guard let event else { return }
            handle(event, bytes.span, connection)
        }
    }

    private func nextEvent(
        _ connection: ConnectionID, _ bytes: inout MutableSpan<UInt8>, _ offset: inout Int
    ) throws(WebSocketError) -> FrameEvent? {
        var failure: WebSocketError?
        let event: FrameEvent?? = streams.withValue(connection) { stream in
            do throws(WebSocketError) {
                return try stream.decoder.nextEvent(in: &bytes, at: &offset)
            } catch {
                failure = error
                return nil
            }
        }
        if let failure { throw failure }
        return event ?? nil
    }

    private func handle(_ event: FrameEvent, _ bytes: Span<UInt8>, _ connection: ConnectionID) {
        switch event {
        case .messageBegan, .payload, .messageEnded:
            // The server expects no messages from a client: it checks and drops them.
            break
        case .ping(let payload):
            guard streams.withValue(connection, { $0.state.pingReceived() }) == .sendPong else { return }
            var frame: [UInt8] = []
            FrameEncoder.appendPong(answering: payload, from: bytes, to: &frame)
            _ = hub.enqueueControl(.pong, frame.span, to: connection)
            pendingFlush.isNeeded = true
        case .pong:
            streams.withValue(connection) { $0.heartbeat.pongReceived() }
        case .close(let code, reason: _):
            guard let action = streams.withValue(connection, { $0.state.closeReceived(code) }) else { return }
            countEnd(connection, .clientClosed)
            perform(action, connection)
        }
    }

    private func failed(_ connection: ConnectionID, _ error: WebSocketError) {
        guard let action = streams.withValue(connection, { $0.state.errorDetected(error) }), action != .ignore else {
            return
        }
        counters.protocolErrors[error.closeCode.rawValue, default: 0] += 1
        countEnd(connection, .protocolError)
        perform(action, connection)
    }

    // MARK: - Closing

    /// Starts the closing handshake from our side. Does nothing when the stream has ended and only its socket is left.
    func closeStream(_ connection: ConnectionID, _ reason: Disconnect) {
        guard let phase = streams.withValue(connection, { $0.phase }), phase != .lingering,
            let action = streams.withValue(connection, { $0.state.localCloseRequested(reason.codes.first) })
        else { return }
        countEnd(connection, reason)
        perform(action, connection)
    }

    /// Ends a stream whose client is gone or breaks the rules: sends a close frame and then ends, without waiting for
    /// an answer.
    private func giveUp(_ connection: ConnectionID, _ reason: Disconnect) {
        guard let code = reason.codes.first,
            let action = streams.withValue(connection, { $0.state.peerGivenUp(code) })
        else { return }
        countEnd(connection, reason)
        perform(action, connection)
    }

    private func perform(_ action: ConnectionState.Action, _ connection: ConnectionID) {
        switch action {
        case .deliver, .ignore, .sendPong:
            break
        case .sendClose(let code), .sendCloseThenCloseTransport(let code), .sendCloseThenAwaitTransportClose(let code):
            guard let reason = streams.withValue(connection, { $0.reason }) else { return }
            var frame: [UInt8] = []
            FrameEncoder.appendClose(code: code, reason: reason.reason, to: &frame)
            _ = hub.enqueueControl(reason.followsMessages ? .closeAfterMessages : .close, frame.span, to: connection)
            pendingFlush.isNeeded = true
            setDeadline(connection, min(environment.configuration.stream.writeWait, ServerLimits.drainWait))
        case .closeTransport:
            // Both sides have sent their last frame, but ours may still wait for room in the socket; `closeFrameSent`
            // continues then.
            if !hub.isCloseFrameWaiting(connection) { endAndLinger(connection) }
        case .awaitTransportClose:
            setDeadline(connection, ServerLimits.lingerWait)
        }
    }

    /// Our close frame was sent.
    func closeFrameSent(_ connection: ConnectionID) {
        let isOver = streams.withValue(connection) { $0.hasPeerEnded || !$0.state.isPeerCloseAwaited }
        if isOver == true { endAndLinger(connection) }
    }

    /// The peer has ended its side of the transport. True when our close frame is still pending: it is sent first,
    /// within the deadline of the phase.
    func isAnswerOwed(_ connection: ConnectionID) -> Bool {
        guard hub.isCloseFrameWaiting(connection) else { return false }
        streams.withValue(connection) { $0.hasPeerEnded = true }
        return true
    }

    /// Shuts down our side of the transport, and drops input until the peer has shut down its own.
    private func endAndLinger(_ connection: ConnectionID) {
        guard let reason = streams.withValue(connection, { $0.reason }) else { return }
        streamEnded(connection, reason: reason)
        if streams.withValue(connection, { $0.hasPeerEnded }) == true { return reactor.close(connection) }
        reactor.shutdownSending(connection)
        setDeadline(connection, ServerLimits.lingerWait)
    }

    /// The stream's end is decided: it counts no more, and its quota slot is free, whatever its socket still sends. Has
    /// an effect once for each stream; the first reason applies.
    private func countEnd(_ connection: ConnectionID, _ reason: Disconnect) {
        let now = reactor.now
        let ended = streams.withValue(connection) { stream -> (StreamQuota.Slot, UInt16, Duration)? in
            guard stream.phase == .open else { return nil }
            stream.phase = .closing
            stream.reason = reason
            return (stream.slot, stream.slotCounter, now.since(stream.openedAt))
        }
        guard case .some(.some(let (slot, counter, lifetime))) = ended else { return }
        counters.openStreams -= 1
        counters.disconnects[reason, default: 0] += 1
        counters.connectionSeconds.observe(Double(lifetime.wholeNanoseconds) / 1e9)
        release(ReservedSlot(slot: slot, counter: counter, ticket: streams.tickets.remove(connection)))
    }

    /// The stream leaves the hub; only its socket is left. Has an effect once for each stream.
    func streamEnded(_ connection: ConnectionID, reason: Disconnect) {
        countEnd(connection, reason)
        let isFirst = streams.withValue(connection) { stream in
            defer { stream.phase = .lingering }
            return stream.phase != .lingering
        }
        if isFirst == true { _ = hub.unsubscribe(connection) }
    }

    // MARK: - Time

    private func setDeadline(_ connection: ConnectionID, _ wait: Duration) {
        let deadline = reactor.now + wait
        let timer = streams.withValue(connection) { stream -> TimerID? in
            stream.deadline = deadline
            return stream.timer
        }
        if let timer = timer ?? nil { reactor.cancel(timer) }
        let newTimer = reactor.schedule(at: deadline, token: Self.timerToken(connection))
        streams.withValue(connection) { $0.timer = newTimer }
    }

    func streamTimerFired(_ connection: ConnectionID) {
        let now = reactor.now
        guard let phase = streams.withValue(connection, { $0.phase }),
            let deadline = streams.withValue(connection, { $0.deadline })
        else { return }
        streams.withValue(connection) { $0.timer = nil }
        // The input that a client has sent is handled before its deadlines.
        guard !streams.heldInput.contains(connection) else { return reschedule(connection, at: now) }
        switch phase {
        case .open:
            if deadline <= now {
                streamEnded(connection, reason: .writeTimeout)
                reactor.close(connection)
            } else {
                beat(connection, now)
            }
        case .closing, .lingering:
            if deadline <= now {
                streamEnded(connection, reason: .clientGone)
                reactor.close(connection)
            } else {
                reschedule(connection, at: deadline)
            }
        }
    }

    private func beat(_ connection: ConnectionID, _ now: MonotonicInstant) {
        let schedule = environment.heartbeatSchedule
        if let expiry = streams.withValue(connection, { $0.tokenExpiresAt }), expiry <= reactor.turnBeganAt {
            closeStream(connection, .tokenExpired)
            return
        }
        switch streams.withValue(connection, { $0.heartbeat.timerFired(at: now, schedule) }) {
        case .sendPing:
            let ping = FrameEncoder.emptyPing
            _ = hub.enqueueControl(.ping, ping.span, to: connection)
            pendingFlush.isNeeded = true
        case .close:
            giveUp(connection, .pongTimeout)
            return
        case .wait, nil:
            break
        }
        let next = streams.withValue(connection) { stream in
            min(stream.heartbeat.deadline(schedule), reactor.deadline(at: stream.tokenExpiresAt), stream.deadline)
        }
        if let next { reschedule(connection, at: next) }
    }

    private func reschedule(_ connection: ConnectionID, at deadline: MonotonicInstant) {
        let timer = reactor.schedule(at: deadline, token: Self.timerToken(connection))
        streams.withValue(connection) { $0.timer = timer }
    }
}
