import Glibc
import Primitives
import Testing

@testable import Reactor

/// A reactor that the test turns itself, with a listener of its own to connect to.
struct ConnectingSetup<IO: Driver> {
    let reactor: ConnectingHandler<IO>.ConnectingReactor
    /// The address at which the reactor accepts.
    let address: SocketAddress
    /// An address without a listener.
    let deafAddress: SocketAddress
    /// The address of a listener that never accepts, with a queue of one connection.
    let busyAddress: SocketAddress
    /// Listening descriptors that the test owns.
    var descriptors: [Int32] = []

    var handler: ConnectingHandler<IO> { reactor.handler }

    init(driver: IO, limits: ReactorLimits, addresses: [SocketAddress]) {
        reactor = .init(driver: driver, limits: limits)
        address = addresses[0]
        deafAddress = addresses[1]
        busyAddress = addresses[2]
        reactor.attach(ConnectingHandler(reactor: reactor))
    }

    /// Turns until `condition` holds; the caller's bug, a missing event, shows as a failure or as the time limit.
    func turn(until condition: () -> Bool, sourceLocation: SourceLocation = #_sourceLocation) {
        for _ in 0..<100_000 {
            if condition() { return }
            reactor.turn()
        }
        Issue.record("the condition was not met", sourceLocation: sourceLocation)
    }

    /// Closes everything and ends the driver.
    func end() {
        reactor.stopAccepting()
        for connection in reactor.connections { reactor.close(connection) }
        turn(until: { reactor.connectionCount == 0 && reactor.listeners[.main].descriptor < 0 })
        for descriptor in descriptors { Glibc.close(descriptor) }
        #expect(reactor.io.shutDown())
    }

    static func limits(outgoingCountMax: Int, incomingCountMax: Int) -> ReactorLimits {
        var limits = ReactorLimits()
        limits.outgoingConnectionCountMax = outgoingCountMax
        limits.descriptorCountMax = outgoingCountMax + incomingCountMax
        limits.descriptorReserveCount = 1
        limits.listenQueueCountMax = 64
        limits.receiveBufferCount = 32
        limits.submissionCountMax = 64
        limits.completionCountMax = 256
        return limits
    }
}

extension ConnectingSetup where IO: SystemDriver {
    /// On a driver of the system, and loopback.
    static func live(outgoingCountMax: Int = 16, incomingCountMax: Int = 16) throws -> Self {
        let limits = limits(outgoingCountMax: outgoingCountMax, incomingCountMax: incomingCountMax)
        let host = PeerAddress(ipv4: 0x7f00_0001)
        let anyPort = try #require(ListenAddress("127.0.0.1:0"))
        let opened = try Listeners.open(anyPort, count: 1)
        let busy = try Listeners.open(anyPort, count: 1, backlog: 0)
        let deaf = try Listeners.open(anyPort, count: 1)
        Glibc.close(deaf.descriptors[0])
        var setup = Self(
            driver: try IO(limits: limits), limits: limits,
            addresses: [opened.port, deaf.port, busy.port].map { SocketAddress(host, port: $0) })
        setup.descriptors = busy.descriptors
        setup.reactor.startAccepting(opened.descriptors[0])
        return setup
    }
}

extension ConnectingSetup<VirtualDriver> {
    /// On the virtual network.
    static func virtual(
        faults: VirtualFaults = VirtualFaults(), seed: UInt64 = 1, outgoingCountMax: Int = 16,
        incomingCountMax: Int = 16
    ) throws -> Self {
        let limits = limits(outgoingCountMax: outgoingCountMax, incomingCountMax: incomingCountMax)
        let network = VirtualNetwork(seed: seed, faults: faults)
        let listener = network.listen()
        let busy = network.listen(backlogCountMax: 1)
        let setup = Self(
            driver: VirtualDriver(network: network, limits: limits), limits: limits,
            addresses: [
                try #require(network.address(of: listener)), SocketAddress(PeerAddress(ipv4: 0x0909_0909), port: 9),
                try #require(network.address(of: busy)),
            ])
        setup.reactor.startAccepting(listener)
        return setup
    }
}

/// Which driver a test runs on.
enum DriverKind: CaseIterable, Sendable {
    case virtual
    case uring
    case epoll
}
