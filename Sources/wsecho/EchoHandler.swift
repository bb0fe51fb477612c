import Primitives
import Reactor

/// The echo server's reactor handler: moves bytes between sockets and `EchoConnection`s.
final class EchoHandler: ReactorHandler {
    typealias Command = Never
    typealias Transfer = Never
    typealias EchoReactor = Reactor<EchoHandler, UringDriver>

    private struct Peer {
        var echo: EchoConnection
        var isSending = false
        /// Sending was shut down. Further input is read and dropped, so that no reset overtakes the last bytes.
        var isDraining = false
    }

    private unowned let reactor: EchoReactor
    private let messageByteCountMax: Int
    private var peers: [ConnectionID: Peer] = [:]

    init(reactor: EchoReactor, messageByteCountMax: Int) {
        self.reactor = reactor
        self.messageByteCountMax = messageByteCountMax
    }

    func connectionAccepted(_ connection: ConnectionID, from address: PeerAddress?) {
        peers[connection] = Peer(echo: EchoConnection(messageByteCountMax: messageByteCountMax))
        reactor.receive(connection, isMultishot: false)
    }

    func bytesReceived(_ connection: ConnectionID, _ bytes: inout MutableSpan<UInt8>) {
        guard peers[connection]?.isDraining == false else {
            reactor.receive(connection, isMultishot: false)
            return
        }
        peers[connection]?.echo.received(&bytes, at: WallClock.now)
        advance(connection)
    }

    func sendEnded(_ connection: ConnectionID, errnoValue: Int32) {
        guard errnoValue == 0 else {
            reactor.close(connection)
            return
        }
        peers[connection]?.isSending = false
        advance(connection)
    }

    /// Sends pending output, else ends a connection that is ending, else reads on.
    private func advance(_ connection: ConnectionID) {
        guard let peer = peers[connection], !peer.isSending, !peer.isDraining else { return }
        if !peer.echo.output.isEmpty {
            peers[connection]?.isSending = true
            reactor.send(connection, peer.echo.output.span)
            peers[connection]?.echo.output = []
        } else if peer.echo.isEnding {
            peers[connection]?.isDraining = true
            reactor.shutdownSending(connection)
            reactor.receive(connection, isMultishot: false)
            _ = reactor.schedule(at: reactor.now + .seconds(2), token: Self.token(connection))
        } else {
            reactor.receive(connection, isMultishot: false)
        }
    }

    func receiveEnded(_ connection: ConnectionID, errnoValue: Int32) { reactor.close(connection) }
    func connectionClosed(_ connection: ConnectionID) { peers[connection] = nil }

    /// Closes a connection whose peer did not close it in time. The token of a connection that has ended matches
    /// nothing.
    func timerFired(_ token: UInt64) {
        reactor.close(
            ConnectionID(slot: UInt32(truncatingIfNeeded: token), generation: UInt32(token >> 32)))
    }

    func turnEnded() -> Bool { false }

    func connectionTransferred(_ connection: ConnectionID, transfer: Never) {}
    func transferFailed(_ connection: ConnectionID, transfer: Never) {}
    func commandReceived(_ command: Never) {}
    func shortSend(_ connection: ConnectionID, byteCount: Int) {}
    func sendCompleted(_ connection: ConnectionID, byteCount: Int) {}
    func sendFailed(_ connection: ConnectionID, errnoValue: Int32) {}
    func becameWritable(_ connection: ConnectionID) {}

    private static func token(_ connection: ConnectionID) -> UInt64 {
        UInt64(connection.generation) << 32 | UInt64(connection.slot)
    }
}
