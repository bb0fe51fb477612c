import Primitives
import Reactor

/// The one door for the bytes of a connection, between its session and its socket. While there is a session, only this
/// file and `Transport+HotPath` receive from the socket, send to it, shut it down or close it.
///
/// A value of the connection's state, which moves with the connection to another reactor. On the reactor's thread. A
/// connection that is closing or in transfer is not an error: nothing is done.
enum Transport: Sendable {
    /// The bytes of the protocol are those of the socket.
    case plain
}

extension Transport {
    /// Receives one buffer of bytes, unless a receive is in flight.
    func receive<IO>(_ connection: ConnectionID, on reactor: Shard<IO>.ShardReactor) {
        switch self {
        case .plain: if !reactor.isReceiving(connection) { reactor.receive(connection, isMultishot: false) }
        }
    }

    /// Passes the bytes of the protocol to `body` that are in received bytes.
    func open(_ bytes: inout MutableSpan<UInt8>, _ body: (inout MutableSpan<UInt8>) -> Void) {
        switch self {
        case .plain: body(&bytes)
        }
    }

    /// Sends bytes, in this turn what the socket has room for; `sendEnded` of the handler follows. One send at a time.
    func send<IO>(_ connection: ConnectionID, _ bytes: ArraySlice<UInt8>, on reactor: Shard<IO>.ShardReactor) {
        switch self {
        case .plain: reactor.sendPromptly(connection, bytes)
        }
    }

    /// Ends the sending direction after the bytes that were sent.
    func shutDownSending<IO>(_ connection: ConnectionID, on reactor: Shard<IO>.ShardReactor) {
        switch self {
        case .plain: reactor.shutdownSending(connection)
        }
    }

    /// Closes the socket; only `connectionClosed` of the handler follows.
    func close<IO>(_ connection: ConnectionID, on reactor: Shard<IO>.ShardReactor) {
        switch self {
        case .plain: reactor.close(connection)
        }
    }
}
