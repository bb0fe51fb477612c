import Glibc
import Hub
import Primitives
import Reactor
import WebSocket

/// A reactor handler with one shop. It publishes on a timer, through the hub or with a loop of `send`.
///
/// The hub's way is that of the server: publish, one flush per turn, sends without waiting on direct descriptors. The
/// loop writes the same frame to the same sockets through ordinary descriptors.
final class FanoutHandler: ReactorHandler {
    typealias Command = Never
    typealias Transfer = Never
    typealias FanoutReactor = Reactor<FanoutHandler, UringDriver>

    /// How a message reaches the subscribers.
    enum Way: CaseIterable {
        case hub
        case sendLoop
    }

    private struct Sink: HubSink {
        unowned let reactor: FanoutReactor

        mutating func trySend(_ connections: Span<ConnectionID>, _ bytes: Span<UInt8>) {
            // SAFETY: the hub keeps the bytes in place until `submitted`, which follows the submission.
            unsafe bytes.withUnsafeBytes { bytes in
                for index in connections.indices { unsafe reactor.trySendInGroup(connections[index], bytes) }
            }
        }

        mutating func trySend(_ connection: ConnectionID, _ bytes: Span<UInt8>) {
            // SAFETY: as above.
            unsafe bytes.withUnsafeBytes { unsafe reactor.trySend(connection, $0) }
        }
    }

    /// The token of timers that only end a wait.
    static let idleToken = UInt64.max

    private unowned let reactor: FanoutReactor
    private var hub: HubShard
    private let shop = ShopID("shop")
    private let frame: [UInt8]
    private var isFlushNeeded = false
    private(set) var connections: [ConnectionID] = []
    /// Ordinary descriptors of the same sockets.
    var descriptors: [Int32] = []
    /// Sends that fell short: the reader, not the sender, was the limit.
    private(set) var shortCount = 0

    var way = Way.hub
    private(set) var remainingCount = 0
    private var interval: Duration = .zero
    private var dueAt = MonotonicInstant(nanoseconds: 0)

    init(reactor: FanoutReactor, payloadByteCount: Int) {
        self.reactor = reactor
        hub = HubShard(subscriberCapacity: reactor.connectionCountMax)
        var frame: [UInt8] = []
        let payload = [UInt8](repeating: UInt8(ascii: "x"), count: payloadByteCount)
        FrameEncoder.append(opcode: .text, payload: payload.span, to: &frame)
        self.frame = frame
    }

    /// Starts publishing `count` messages, one every `interval`.
    func begin(_ way: Way, count: Int, interval: Duration) {
        self.way = way
        self.interval = interval
        remainingCount = count
        dueAt = reactor.now + interval
        _ = reactor.schedule(at: dueAt, token: 0)
    }

    func timerFired(_ token: UInt64) {
        guard token != Self.idleToken, remainingCount > 0 else { return }
        remainingCount -= 1
        switch way {
        case .hub:
            let frame = frame
            _ = hub.publish(frame.span, to: shop)
            isFlushNeeded = true
        case .sendLoop:
            for descriptor in descriptors {
                let sent = unsafe send(
                    descriptor, frame, frame.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
                if sent != frame.count { shortCount += 1 }
            }
        }
        dueAt = dueAt + interval
        _ = reactor.schedule(at: dueAt, token: 0)
    }

    func turnEnded() -> Bool {
        guard isFlushNeeded else { return false }
        var sink = Sink(reactor: reactor)
        var budget = FlushBudget(sendCount: 4_096, byteCount: 16 << 20)
        hub.flush(at: reactor.turnBeganAt, budget: &budget, into: &sink)
        reactor.submit()
        hub.submitted()
        isFlushNeeded = hub.needsFlush
        return isFlushNeeded
    }

    func connectionAccepted(_ connection: ConnectionID, from address: PeerAddress?) {
        connections.append(connection)
        _ = hub.subscribe(connection, to: shop)
        reactor.receive(connection, isMultishot: true)
    }

    func shortSend(_ connection: ConnectionID, byteCount: Int) {
        shortCount += 1
        _ = hub.shortSend(connection, sentByteCount: byteCount)
        reactor.pollWritable(connection)
    }

    func sendCompleted(_ connection: ConnectionID, byteCount: Int) {
        if hub.sendCompleted(connection, sentByteCount: byteCount) == .pollWritable {
            reactor.pollWritable(connection)
        }
        isFlushNeeded = true
    }

    func becameWritable(_ connection: ConnectionID) {
        hub.becameWritable(connection)
        isFlushNeeded = true
    }

    func receiveEnded(_ connection: ConnectionID, errnoValue: Int32) {
        _ = hub.unsubscribe(connection)
        reactor.close(connection)
    }

    func bytesReceived(_ connection: ConnectionID, _ bytes: inout MutableSpan<UInt8>) {}
    func sendEnded(_ connection: ConnectionID, errnoValue: Int32) {}
    func sendFailed(_ connection: ConnectionID, errnoValue: Int32) { shortCount += 1 }
    func connectionClosed(_ connection: ConnectionID) {}
    func connectionTransferred(_ connection: ConnectionID, transfer: Never) {}
    func transferFailed(_ connection: ConnectionID, transfer: Never) {}
    func commandReceived(_ command: Never) {}
}
