import Primitives
import Reactor
import TLS

/// The one door for the bytes of a connection, between its session and its socket. While there is a session, only this
/// file, `Transport+HotPath` and `Shard+TLS` receive from the socket, send to it, shut it down or close it.
///
/// A value of the connection's state, which moves with the connection to another reactor. On the reactor's thread. A
/// connection that is closing or in transfer is not an error: nothing is done.
enum Transport: Sendable {
    /// The bytes of the protocol are those of the socket.
    case plain
    /// A client of TLS that has sent nothing yet. It costs no more than a plain one.
    case awaitingHello
    /// The bytes of the protocol are sealed.
    case tls(TLSConnection)

    /// Whether TLS has nothing to send, and is sending nothing.
    var isIdle: Bool { tls?.isIdle ?? true }

    /// The TLS of the connection, once its first bytes have arrived.
    var tls: TLSConnection? {
        switch self {
        case .plain, .awaitingHello: nil
        case .tls(let tls): tls
        }
    }
}

extension Transport {
    /// Receives one buffer of bytes, unless a receive is in flight.
    func receive<IO>(_ connection: ConnectionID, on reactor: Shard<IO>.ShardReactor) {
        if !reactor.isReceiving(connection) { reactor.receive(connection, isMultishot: false) }
    }

    /// Sends bytes, in this turn what the socket has room for; `sendEnded` of the handler follows. One send at a time.
    func send<IO>(_ connection: ConnectionID, _ bytes: ArraySlice<UInt8>, on reactor: Shard<IO>.ShardReactor) {
        switch self {
        case .plain:
            reactor.sendPromptly(connection, bytes)
        case .awaitingHello:
            preconditionFailure("data before the handshake is complete")
        case .tls(let tls):
            do throws(TLSError) {
                try tls.send(bytes.span)
            } catch {
                return reactor.close(connection)
            }
            tls.isAwaited = true
            sendOutput(connection, on: reactor)
        }
    }

    /// Sends what TLS has to send, unless a send is in flight, after which it follows.
    func sendOutput<IO>(_ connection: ConnectionID, on reactor: Shard<IO>.ShardReactor) {
        guard let output = tls?.takeOutput() else { return }
        reactor.sendPromptly(connection, output[...])
    }

    /// A send to the socket ended. True when all that the session sent is sent.
    func sendEnded<IO>(_ connection: ConnectionID, on reactor: Shard<IO>.ShardReactor) -> Bool {
        guard let tls else { return true }
        let isAllSent = tls.outputSent()
        sendOutput(connection, on: reactor)
        if tls.isIdle, tls.hasEnded { reactor.shutdownSending(connection) }
        return isAllSent
    }

    /// Ends the sending direction after the bytes that were sent.
    func shutDownSending<IO>(_ connection: ConnectionID, on reactor: Shard<IO>.ShardReactor) {
        switch self {
        case .plain, .awaitingHello:
            reactor.shutdownSending(connection)
        case .tls(let tls):
            guard !tls.hasEnded else { return }
            tls.end()
            if tls.isIdle { reactor.shutdownSending(connection) } else { sendOutput(connection, on: reactor) }
        }
    }

    /// Closes the socket; only `connectionClosed` of the handler follows. A peer of TLS gets a close_notify before,
    /// unless a send to it is in flight.
    func close<IO>(_ connection: ConnectionID, on reactor: Shard<IO>.ShardReactor) {
        tls?.end()
        sendOutput(connection, on: reactor)
        reactor.close(connection)
    }
}
