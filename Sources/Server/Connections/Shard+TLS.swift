import Hub
import Primitives
import Reactor
import Sessions
import TLS

// TLS between the socket and the sessions: received bytes become plaintext, handshakes begin and end, and the hub's
// sends that were sealed are reported to it.

extension Shard {
    /// Receives more of a connection. When its peer has ended its side of TLS, this is reported at the end of the turn.
    func receive(_ connection: ConnectionID, _ transport: Transport) {
        if transport.tls?.hasPeerEnded == true {
            endedPeers.append(connection)
        } else {
            transport.receive(connection, on: reactor)
        }
    }

    /// Reports the ends of TLS that sessions now wait for.
    func reportEndedPeers() {
        guard !endedPeers.isEmpty else { return }
        var ended: [ConnectionID] = []
        swap(&ended, &endedPeers)
        for connection in ended { receiveEnded(connection, errnoValue: 0) }
    }

    /// Opens received bytes and passes their plaintext to the connection's session.
    func sealedBytesReceived(_ connection: ConnectionID, _ tls: TLSConnection, _ bytes: Span<UInt8>) {
        let wasEstablished = tls.isEstablished
        var plaintext: [UInt8] = []
        swap(&plaintext, &receivedPlaintext)
        defer {
            plaintext.removeAll(keepingCapacity: plaintext.capacity <= ServerLimits.keptPlaintextByteCountMax)
            swap(&plaintext, &receivedPlaintext)
        }
        do throws(TLSError) {
            try tls.receive(bytes, into: &plaintext)
        } catch {
            return sessionFailed(connection, wasEstablished: wasEstablished)
        }
        if tls.isEstablished, !wasEstablished { handshakeCompleted(connection, tls) }
        if plaintext.isEmpty {
            receiveAgain(connection)
        } else {
            var span = plaintext.mutableSpan
            plaintextReceived(connection, &span)
        }
        // After the session's work, whose bytes are then in the same send as those of TLS itself.
        transport(of: connection)?.sendOutput(connection, on: reactor)
    }

    private func receiveAgain(_ connection: ConnectionID) {
        guard let transport = transport(of: connection) else { return }
        receive(connection, transport)
    }

    private func sessionFailed(_ connection: ConnectionID, wasEstablished: Bool) {
        if !wasEstablished { handshakeEnded(connection, .failed) }
        if let state = http[connection] {
            report(connection, state) {
                wasEstablished ? $0.connectionEnded() : $0.securingFailed(at: reactor.now)
            }
        } else {
            report(connection) { $0.connectionFailed() }
        }
    }
}

// MARK: - Handshakes

extension Shard {
    /// The first bytes of a client arrived: its handshake begins, when there is time for it.
    func helloReceived(_ connection: ConnectionID, _ state: HTTPConnection, _ bytes: Span<UInt8>) {
        // A connection that is ending drops what it receives.
        guard state.session.state == .securing else { return httpReceived(connection, state, Span()) }
        switch handshakes.helloArrived(bytes, of: connection, turnBeganAt: reactor.turnBeganAt) {
        case .begin(let evicted):
            evict(evicted)
            beginHandshake(connection, state, bytes)
        case .wait:
            break
        case .refuse:
            counters.tlsHandshakes[.refused, default: 0] += 1
            report(connection, state) { $0.connectionEnded() }
        }
    }

    /// The turn ends: begins the handshakes that waited for the next one.
    func endHandshakeTurn() {
        guard !handshakes.isIdle else { return }
        for (connection, bytes) in handshakes.turnEnded(beganAt: reactor.turnBeganAt, at: reactor.io.now) {
            guard let state = http[connection], state.session.state == .securing else { continue }
            evict(handshakes.begin(connection))
            beginHandshake(connection, state, bytes.span)
        }
    }

    private func beginHandshake(_ connection: ConnectionID, _ state: HTTPConnection, _ bytes: Span<UInt8>) {
        guard let certificates = environment.certificates else { preconditionFailure("TLS without a certificate") }
        let tls: TLSConnection
        do throws(TLSError) {
            tls = try TLSConnection(server: certificates.current)
        } catch {
            handshakeEnded(connection, .failed)
            return report(connection, state) { $0.connectionEnded() }
        }
        state.transport = .tls(tls)
        sealedBytesReceived(connection, tls, bytes)
    }

    private func handshakeCompleted(_ connection: ConnectionID, _ tls: TLSConnection) {
        handshakeEnded(connection, tls.isResumed ? .resumed : .full)
        guard let state = http[connection], state.session.state == .securing else { return }
        state.session.secured(at: reactor.now)
        updateTimer(connection, state)
    }

    private func handshakeEnded(_ connection: ConnectionID, _ result: TLSHandshakeResult) {
        handshakes.ended(connection)
        counters.tlsHandshakes[result, default: 0] += 1
    }

    private func evict(_ connection: ConnectionID?) {
        guard let connection, let state = http[connection] else { return }
        counters.tlsHandshakes[.evicted, default: 0] += 1
        report(connection, state) { $0.connectionEnded() }
    }
}

/// How a handshake ended; the labels of a metric.
enum TLSHandshakeResult: String, CaseIterable {
    /// Complete, with the work of the server's key.
    case full
    /// Complete, by a ticket of an earlier session.
    case resumed
    /// The client, or what it sent, could not be used.
    case failed
    /// It was not complete in time.
    case timeout
    /// It was the oldest one when too many were incomplete.
    case evicted
    /// It did not begin, as too many clients waited.
    case refused
}

// MARK: - Sends of the hub

extension Shard {
    /// A sealed send sent its first `sentByteCount` bytes. The rest of the record is sent when the socket has room, and
    /// the hub sends nothing more to the stream before that.
    func sealedSendEnded(_ connection: ConnectionID, _ send: SealedSends.Send, sentByteCount: Int) {
        let isHeld = sentByteCount < send.byteCount
        if isHeld, let tls = streams.tls(of: connection) {
            tls.restIsSent()
            tls.isAwaited = true
            reactor.send(connection, sealedSends.rest(of: send, sentByteCount: sentByteCount)[...])
        }
        reportSealed(connection, byteCount: send.plaintextByteCount, isInGroup: send.isInGroup, isHeld: isHeld)
    }

    /// Reports the hub's sends that were not sealed. Between a flush's submission and `HubShard.submitted`.
    func reportUnsentSends() {
        for unsent in sealedSends.takeUnsent() {
            switch unsent {
            case .busy(let connection, let isInGroup):
                streams.tls(of: connection)?.isAwaited = true
                reportSealed(connection, byteCount: 0, isInGroup: isInGroup, isHeld: true)
            case .failed(let connection):
                report(connection) { $0.connectionFailed() }
            }
        }
    }

    private func reportSealed(_ connection: ConnectionID, byteCount: Int, isInGroup: Bool, isHeld: Bool) {
        let followUp =
            isInGroup
            ? hub.shortSend(connection, sentByteCount: byteCount, isHeld: isHeld)
            : hub.sendCompleted(connection, sentByteCount: byteCount, isHeld: isHeld)
        act(on: followUp, connection, isHeld: isHeld)
    }
}
