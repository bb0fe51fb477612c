import Primitives
import Reactor
import TLS

/// The echo server's reactor handler: moves bytes between sockets and `EchoConnection`s.
final class EchoHandler<IO: SystemDriver>: ReactorHandler {
    typealias Command = Never
    typealias Transfer = Never
    typealias EchoReactor = Reactor<EchoHandler<IO>, IO>

    private struct Peer {
        var echo: EchoConnection
        /// Nil for a plain connection.
        let tls: TLSConnection?
        var isSending = false
        /// Sending was shut down. Further input is read and dropped, so that no reset overtakes the last bytes.
        var isDraining = false
    }

    private unowned let reactor: EchoReactor
    private let messageByteCountMax: Int
    private let context: TLSServerContext?
    private var peers: [ConnectionID: Peer] = [:]

    /// - Parameter context: Nil for plain connections.
    init(reactor: EchoReactor, messageByteCountMax: Int, context: TLSServerContext?) {
        self.reactor = reactor
        self.messageByteCountMax = messageByteCountMax
        self.context = context
    }

    func connectionAccepted(_ connection: ConnectionID, from address: PeerAddress?) {
        do throws(TLSError) {
            peers[connection] = Peer(
                echo: EchoConnection(messageByteCountMax: messageByteCountMax),
                tls: try context.map { (context) throws(TLSError) in try TLSConnection(server: context) })
        } catch {
            return reactor.close(connection)
        }
        reactor.receive(connection, isMultishot: false)
    }

    func bytesReceived(_ connection: ConnectionID, _ bytes: inout MutableSpan<UInt8>) {
        guard let peer = peers[connection], !peer.isDraining else {
            reactor.receive(connection, isMultishot: false)
            return
        }
        if let tls = peer.tls {
            var plaintext: [UInt8] = []
            do throws(TLSError) {
                try tls.receive(bytes.span, into: &plaintext)
            } catch {
                return reactor.close(connection)
            }
            var span = plaintext.mutableSpan
            peers[connection]?.echo.received(&span, at: WallClock.now)
        } else {
            peers[connection]?.echo.received(&bytes, at: WallClock.now)
        }
        advance(connection)
    }

    func sendEnded(_ connection: ConnectionID, errnoValue: Int32) {
        guard errnoValue == 0 else {
            reactor.close(connection)
            return
        }
        peers[connection]?.isSending = false
        _ = peers[connection]?.tls?.outputSent()
        advance(connection)
    }

    /// Sends pending output, else ends a connection that is ending, else reads on.
    private func advance(_ connection: ConnectionID) {
        guard let peer = peers[connection], !peer.isSending, !peer.isDraining else { return }
        if let output = takeOutput(connection, peer) {
            peers[connection]?.isSending = true
            reactor.send(connection, output[...])
        } else if peer.tls?.hasPeerEnded == true {
            reactor.close(connection)
        } else if peer.echo.isEnding {
            peers[connection]?.isDraining = true
            reactor.shutdownSending(connection)
            reactor.receive(connection, isMultishot: false)
            _ = reactor.schedule(at: reactor.now + .seconds(2), token: Self.token(connection))
        } else {
            reactor.receive(connection, isMultishot: false)
        }
    }

    /// What is to be sent now: the echo's output, sealed with TLS.
    private func takeOutput(_ connection: ConnectionID, _ peer: Peer) -> [UInt8]? {
        let output = peer.echo.output
        peers[connection]?.echo.output = []
        guard let tls = peer.tls else { return output.isEmpty ? nil : output }
        if !output.isEmpty {
            do throws(TLSError) {
                try tls.send(output.span)
            } catch {
                reactor.close(connection)
                return nil
            }
        } else if peer.echo.isEnding {
            tls.end()
        }
        return tls.takeOutput()
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
