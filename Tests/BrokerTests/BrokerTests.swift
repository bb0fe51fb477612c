import Primitives
import Storage
import Testing

@testable import Broker

/// The contract of `Broker`, for each broker. No database listens at the location.
@Suite struct BrokerTests {
    private final class Observer: BrokerObserver {
        private(set) var events: [BrokerEvent] = []
        func brokerReported(_ event: BrokerEvent) { events.append(event) }
    }

    private let nodeLock = NodeLock()

    /// A broker of PostgreSQL on a loop of the test.
    private func postgresBroker(isShared: Bool) throws -> PostgresBroker {
        var configuration = PostgresConfiguration(origin: "node-1")
        configuration.isShared = isShared
        return PostgresBroker(
            try PostgresLocation("postgres://127.0.0.1:1/none"), configuration: configuration, loop: IdleLoop(),
            recent: RecentChanges(), start: 0, nodeLock: nodeLock)
    }

    @Test func `a node that is alone orders its changes and receives nothing`() {
        let broker = LocalBroker()
        let observer = Observer()
        broker.begin(observer)
        #expect(!broker.ordersChanges)
        #expect(broker.statistics == nil)
        broker.end()
        #expect(observer.events == [])
    }

    @Test(arguments: [false, true]) func `a shared database orders the changes`(isShared: Bool) throws {
        #expect(try postgresBroker(isShared: isShared).ordersChanges == isShared)
    }

    @Test func `a broker has statistics from its begin`() throws {
        let broker = try postgresBroker(isShared: false)
        #expect(broker.statistics == nil)
        broker.begin(Observer())
        #expect(
            broker.statistics
                == BrokerStatistics(
                    isReceiving: false, gapCount: 0, refusedNotificationCount: 0, holdsNodeLock: false))
        broker.end()
    }

    @Test func `only the end of a broker that began loses the lock of the node`() throws {
        let (first, second) = (try postgresBroker(isShared: false), try postgresBroker(isShared: false))
        let observer = Observer()
        first.begin(observer)
        nodeLock.learned(.held)
        second.end()
        #expect(nodeLock.isHeld, "a broker that did not begin has no lock to lose")
        first.end()
        #expect(nodeLock.status == .unknown)
        #expect(observer.events == [])
    }
}

/// A loop whose clock does not advance and in which nothing becomes ready.
private final class IdleLoop: SocketLoop {
    let now = MonotonicInstant(nanoseconds: 0)
    let isCurrent = true

    func execute(_ body: @escaping @Sendable () -> Void) {}
    func poll(_ descriptor: Int32, for direction: PollDirection, client: any SocketLoopClient) -> PollID {
        PollID(number: 0)
    }
    func cancel(_ poll: PollID) {}
    func schedule(at time: MonotonicInstant, client: any SocketLoopClient) {}
}
