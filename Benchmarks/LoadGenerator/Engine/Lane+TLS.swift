import Primitives
import Reactor
import TLS

// TLS between the sockets of a lane and its streams and posters. A lane without TLS never comes here: all connections of
// a run are alike.

extension Lane {
    /// A connection is established. Its handshake begins.
    func beginSession(_ connection: ConnectionID) {
        guard let settings = plan.tls else { preconditionFailure("TLS without its settings") }
        do throws(TLSError) {
            let session = try TLSConnection(client: settings.context, serverName: settings.serverName)
            sessions[Int(connection.slot)] = session
            // Without bytes, the session makes its hello.
            try session.receive(Span(), into: &receivedPlaintext)
        } catch {
            return sessionFailed(connection, error)
        }
        sendOutput(connection)
    }

    /// Opens received bytes and passes their plaintext to the connection's owner.
    func sealedBytesReceived(_ connection: ConnectionID, _ bytes: Span<UInt8>) {
        guard let session = sessions[Int(connection.slot)] else { return }
        var plaintext: [UInt8] = []
        swap(&plaintext, &receivedPlaintext)
        defer {
            plaintext.removeAll(keepingCapacity: true)
            swap(&plaintext, &receivedPlaintext)
        }
        let wasEstablished = session.isEstablished
        var failure: TLSError?
        do throws(TLSError) {
            try session.receive(bytes, into: &plaintext)
        } catch {
            failure = error
        }
        if session.isEstablished, !wasEstablished { sessionEstablished(connection) }
        if plaintext.isEmpty {
            receiveAgain(connection)
        } else {
            var span = plaintext.mutableSpan
            plaintextReceived(connection, &span)
        }
        guard reactor.isOpen(connection) else { return }
        // Also what the session itself has to send, such as the end of the handshake.
        sendOutput(connection)
        if let failure {
            sessionFailed(connection, failure)
        } else if session.hasPeerEnded {
            receiveEnded(connection, errnoValue: 0)
        }
    }

    /// Seals bytes and sends them, after what is in flight.
    func sendSealed(_ connection: ConnectionID, _ bytes: Span<UInt8>) {
        guard reactor.isOpen(connection), let session = sessions[Int(connection.slot)] else { return }
        do throws(TLSError) {
            try session.send(bytes)
        } catch {
            return sessionFailed(connection, error)
        }
        session.isAwaited = true
        sendOutput(connection)
    }

    /// A send to the socket ended; what waited for it follows. True when the owner's bytes are sent.
    func outputSent(_ connection: ConnectionID) -> Bool {
        guard let session = sessions[Int(connection.slot)] else { return true }
        let isAllSent = session.outputSent()
        sendOutput(connection)
        return isAllSent
    }

    /// Closes a connection in order: with TLS the server is notified before (close_notify), unless a send is in flight.
    /// Closing twice is harmless, and so is an identifier that is stale.
    package func close(_ connection: ConnectionID) {
        if isSecure, reactor.isOpen(connection), let session = sessions[Int(connection.slot)] {
            session.end()
            sendOutput(connection)
        }
        reactor.close(connection)
    }

    private func sendOutput(_ connection: ConnectionID) {
        guard reactor.isOpen(connection), let output = sessions[Int(connection.slot)]?.takeOutput() else { return }
        measurements.sent(byteCount: output.count)
        reactor.send(connection, output[...])
    }

    private func sessionEstablished(_ connection: ConnectionID) {
        let owner = owners[Int(connection.slot)]
        if owner & Self.posterBit == 0 {
            if streams[Int(owner)].phase == .securing { requestUpgrade(Int(owner), connection) }
        } else if owner != Self.nobody {
            posterOpened(Int(owner & ~Self.posterBit))
        }
    }

    private func sessionFailed(_ connection: ConnectionID, _ error: TLSError) {
        let owner = owners[Int(connection.slot)]
        let name = "TLS: \(error)"
        if owner & Self.posterBit == 0 {
            streamEnded(Int(owner), error: name)
        } else if owner != Self.nobody {
            posterEnded(Int(owner & ~Self.posterBit), error: name)
        }
        // The session's alert is its last output.
        close(connection)
    }

    /// The buffer that was received had no plaintext. A slow stream, which requests one at a time, still wants some.
    private func receiveAgain(_ connection: ConnectionID) {
        let owner = owners[Int(connection.slot)]
        guard owner & Self.posterBit == 0, streams[Int(owner)].isSlow else { return }
        switch streams[Int(owner)].phase {
        case .securing, .handshaking, .closing:
            reactor.receive(connection, isMultishot: false)
        case .open:
            if phase >= .posted { reactor.receive(connection, isMultishot: false) }
        case .idle, .connecting, .ending:
            break
        }
    }
}
