import Glibc
import HTTP
import HTTPTypes
import Primitives
import Reactor
import WebSocket

// The life of a stream: connect, TLS, upgrade, messages, end, and perhaps reconnect.

extension Lane {
    /// Opens pending streams, a limited number at a time; in a storm all at once.
    func openStreams() {
        let countMax = disturbances.hasStormed ? Int.max : plan.connectingCountMax
        while connectingCount < countMax, let stream = toOpen.popLast() { open(Int(stream)) }
    }

    private func open(_ stream: Int) {
        let number = streamShare.number(of: stream)
        connectingCount += 1
        streams[stream].phase = .connecting
        streams[stream].connectStartedAt = reactor.io.now
        // A stream that was cut off, or failed before, already has its intended time.
        if streams[stream].connectIntendedAt.nanoseconds == 0 {
            streams[stream].connectIntendedAt = streams[stream].connectStartedAt
        }
        measurements.counters.connectsAttempted += 1
        if streams[stream].isReconnecting { measurements.reconnected() }
        guard
            let connection = reactor.connect(
                to: plan.target, from: plan.source(ofStream: number), token: UInt64(stream))
        else { return }
        streams[stream].connection = connection
        owners[Int(connection.slot)] = UInt32(stream)
    }

    func streamConnected(_ stream: Int, _ connection: ConnectionID) {
        if isSecure {
            streams[stream].phase = .securing
            beginSession(connection)
        } else {
            requestUpgrade(stream, connection)
        }
        // A slow stream must be able to stop reading, so it requests one buffer at a time.
        reactor.receive(connection, isMultishot: !streams[stream].isSlow)
    }

    func requestUpgrade(_ stream: Int, _ connection: ConnectionID) {
        let number = streamShare.number(of: stream)
        var fields = HTTPFields()
        do throws(LoadConfigurationError) {
            if let token = try tokens.token(of: plan.population.userName(ofStream: number)) {
                fields[.authorization] = "Bearer \(token)"
            }
        } catch {
            failure = failure ?? error
        }
        let handshake = ClientHandshake(subprotocols: plan.subprotocol.map { [$0] } ?? [], using: &random)
        let shop = plan.population.shopName(Int(streams[stream].shop))
        var request: [UInt8] = []
        handshake.appendRequest(
            host: plan.authority, path: RunPlan.Paths.fill(plan.paths.stream, shop: shop), fields: fields,
            to: &request)
        handshakes[UInt32(stream)] = Handshake(handshake: handshake)
        streams[stream].phase = .handshaking
        streams[stream].isSending = true
        send(connection, request)
    }

    func streamConnectFailed(_ stream: Int, errnoValue: Int32) {
        measurements.counters.connectsRefused += 1
        measurements.counters.connectErrors[LaneMeasurements.name(ofError: errnoValue), default: 0] += 1
        openingEnded()
        streams[stream].phase = .idle
        retry(stream, .connectionLost)
    }

    private func openingEnded() {
        connectingCount -= 1
    }

    /// Queues a stream that did not open for another attempt, or gives it up.
    private func retry(_ stream: Int, _ end: StreamEnd) {
        streams[stream].failureCount &+= 1
        if reconnectLater(stream, end) { return }
        if !streams[stream].isReconnecting, streams[stream].failureCount < Self.attemptCountMax, phase < .posted {
            disturbances.reopenLater.append(UInt32(stream))
        } else {
            measurements.givenUpCount += 1
            isBack(stream)
        }
    }

    /// The number of attempts to open a stream before it is given up.
    private static let attemptCountMax = 3

    // MARK: - The upgrade

    /// Reads the response to the upgrade. Returns the offset of the first frame; nil when the response is incomplete or
    /// invalid.
    func upgradeReceived(_ stream: Int, _ bytes: Span<UInt8>) -> Int? {
        guard var state = handshakes[UInt32(stream)] else { return nil }
        var offset = 0
        do {
            while true {
                switch try state.parser.next(bytes, consumed: &offset) {
                case .needMore:
                    handshakes[UInt32(stream)] = state
                    return nil
                case .head(let head):
                    state.head = head
                    if head.status != .switchingProtocols {
                        refused(stream, head)
                        return nil
                    }
                case .informational, .body:
                    break
                case .end:
                    guard let head = state.head else { return nil }
                    _ = try state.handshake.accept(status: head.status, fields: head.fields)
                    opened(stream)
                    return offset
                }
            }
        } catch {
            measurements.counters.connectErrors["bad upgrade response", default: 0] += 1
            endOpening(stream, .connectionLost)
            return nil
        }
    }

    private func refused(_ stream: Int, _ head: ResponseHead) {
        let statusCode = head.status.code
        measurements.counters.connectsRefused += 1
        measurements.counters.upgradeStatuses[statusCode, default: 0] += 1
        let retryAfterSeconds = head.fields[.retryAfter].flatMap { Int($0) }
        endOpening(stream, .refused(statusCode: statusCode, retryAfterSeconds: retryAfterSeconds))
    }

    /// Ends an attempt to open a stream. It is retried once the connection has ended.
    func endOpening(_ stream: Int, _ end: StreamEnd) {
        handshakes[UInt32(stream)] = nil
        openingEnded()
        streams[stream].phase = .ending
        retry(stream, end)
        close(streams[stream].connection)
    }

    private func opened(_ stream: Int) {
        let now = reactor.io.now
        handshakes[UInt32(stream)] = nil
        openingEnded()
        openCount += 1
        isBack(stream)
        streams[stream].phase = .open
        streams[stream].failureCount = 0
        streams[stream].isReconnecting = false
        streams[stream].decoder = FrameDecoder(
            endpoint: .client, messageByteCountMax: LoadLimits.messageByteCountMax)
        // Messages that are written from now on must arrive; those written before may.
        forEachChannel(of: stream) { channel, _, order in
            order = StreamOrder(baseline: board.issued(ofChannel: channel) + 1)
        }
        measurements.counters.connectsSucceeded += 1
        measurements.connect.record(
            nanoseconds: Int64(now.since(streams[stream].connectIntendedAt).wholeNanoseconds))
        streams[stream].connectIntendedAt = MonotonicInstant(nanoseconds: 0)
        if streams[stream].catchesUp { catchUp(stream, now) }
    }

    /// A stream that the scenario took away is open again, or was given up.
    private func isBack(_ stream: Int) {
        guard streams[stream].isTakenAway else { return }
        streams[stream].isTakenAway = false
        awayCount -= 1
    }

    // MARK: - The end

    /// The server closed its side, or the connection failed.
    func streamEnded(_ stream: Int, errnoValue: Int32) {
        streamEnded(stream, error: LaneMeasurements.name(ofError: errnoValue))
    }

    /// The same for an error with this name.
    func streamEnded(_ stream: Int, error: String) {
        switch streams[stream].phase {
        case .open:
            if !streams[stream].decoder.isAtMessageBoundary, !streams[stream].isSlow { checker.frameCut() }
            measurements.counters.disconnectsByError[error, default: 0] += 1
            streamLost(stream, .connectionLost)
            leave(stream)
        case .securing, .handshaking:
            measurements.counters.connectsRefused += 1
            measurements.counters.connectErrors[error, default: 0] += 1
            handshakes[UInt32(stream)] = nil
            openingEnded()
            streams[stream].phase = .ending
            retry(stream, .connectionLost)
        case .closing:
            leave(stream)
        case .idle, .connecting, .ending:
            break
        }
    }

    /// An open stream has ended.
    func leave(_ stream: Int) {
        guard streams[stream].phase == .open || streams[stream].phase == .closing else { return }
        openCount -= 1
        if streams[stream].catchesUp { left(stream) }
        // The server may end a stream that does not read, as the scenario caused it.
        if streams[stream].isSlow { streams[stream].isTakenAway = true }
        if streams[stream].isTakenAway { awayCount += 1 }
        streams[stream].phase = .ending
        if streams[stream].hasPartial {
            streams[stream].hasPartial = false
            partials[UInt32(stream)] = nil
        }
        for writer in 0..<plan.writersPerShop {
            checker.suspend(
                place: UInt32(stream * plan.writersPerShop + writer),
                channel: streams[stream].shop * UInt32(plan.writersPerShop) + UInt32(writer))
        }
    }

    func streamClosed(_ stream: Int, _ connection: ConnectionID) {
        guard streams[stream].connection == connection else { return }
        if streams[stream].phase == .connecting { openingEnded() }
        streams[stream].phase = .idle
        streams[stream].isSending = false
        guard streams[stream].reopens, phase < .posted else { return }
        streams[stream].reopens = false
        toOpen.append(UInt32(stream))
        openStreams()
    }

    /// Closes a stream like a client that leaves: sends a close frame, then waits for the server's end.
    func closeStream(_ stream: Int) {
        guard streams[stream].phase == .open else { return }
        let connection = streams[stream].connection
        guard !streams[stream].isSending else {
            leave(stream)
            reactor.close(connection)
            return
        }
        var frame: [UInt8] = []
        FrameEncoder.appendClose(code: .normal, mask: .random(using: &random), to: &frame)
        streams[stream].phase = .closing
        streams[stream].isSending = true
        send(connection, frame)
        disturbances.closing.append((UInt32(stream), connection, reactor.turnBeganAt + .seconds(5)))
    }

    /// Gives up streams that did not open in time. It looks at all streams, so it does so a few times a second.
    func giveUpLateHandshakes(_ now: MonotonicInstant) {
        guard connectingCount > 0, now.since(lateHandshakesSoughtAt) >= .milliseconds(200) else { return }
        lateHandshakesSoughtAt = now
        for stream in streams.indices {
            switch streams[stream].phase {
            case .connecting, .securing, .handshaking: break
            case .idle, .open, .closing, .ending: continue
            }
            guard now.since(streams[stream].connectStartedAt) > plan.connectTimeout else { continue }
            measurements.counters.connectTimeouts += 1
            endOpening(stream, .connectionLost)
        }
    }
}
