import Primitives

@testable import Reactor

/// Records the calls for connections that it opens and accepts.
final class ConnectingHandler<IO: Driver>: ReactorHandler {
    typealias ConnectingReactor = Reactor<ConnectingHandler<IO>, IO>

    private unowned let reactor: ConnectingReactor
    private(set) var opened: [UInt64: ConnectionID] = [:]
    private(set) var failures: [UInt64: Int32] = [:]
    private(set) var accepted: [ConnectionID: PeerAddress?] = [:]
    private(set) var closed: [ConnectionID] = []
    private(set) var received: [ConnectionID: [UInt8]] = [:]
    private(set) var ended: [ConnectionID: Int32] = [:]
    /// How many times `connectionOpened` or `connectFailed` came.
    private(set) var outcomeCount = 0

    init(reactor: ConnectingReactor) { self.reactor = reactor }

    func connectionOpened(_ connection: ConnectionID, token: UInt64) {
        outcomeCount += 1
        opened[token] = connection
        reactor.receive(connection, isMultishot: true)
    }

    func connectFailed(token: UInt64, errnoValue: Int32) {
        outcomeCount += 1
        failures[token] = errnoValue
    }

    func connectionAccepted(_ connection: ConnectionID, from address: PeerAddress?) {
        accepted[connection] = address
        reactor.receive(connection, isMultishot: true)
    }

    func bytesReceived(_ connection: ConnectionID, _ bytes: inout MutableSpan<UInt8>) {
        for index in bytes.indices { received[connection, default: []].append(bytes[index]) }
    }

    func receiveEnded(_ connection: ConnectionID, errnoValue: Int32) { ended[connection] = errnoValue }
    func connectionClosed(_ connection: ConnectionID) { closed.append(connection) }

    func connectionTransferred(_ connection: ConnectionID, transfer: Int) {}
    func transferFailed(_ connection: ConnectionID, transfer: Int) {}
    func sendEnded(_ connection: ConnectionID, errnoValue: Int32) {}
    func shortSend(_ connection: ConnectionID, byteCount: Int) {}
    func sendCompleted(_ connection: ConnectionID, byteCount: Int) {}
    func sendFailed(_ connection: ConnectionID, errnoValue: Int32) {}
    func becameWritable(_ connection: ConnectionID) {}
    func timerFired(_ token: UInt64) {}
    func commandReceived(_ command: Int) {}
    func turnEnded() -> Bool { false }
}
