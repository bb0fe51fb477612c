import Glibc
import Primitives
import Testing

@testable import Reactor

/// What the reactor refuses, and what it promises, over the virtual driver.
@Suite struct ReactorContractTests {
    typealias Handler = EchoHandler<VirtualDriver>

    private static func makeReactor(
        _ network: VirtualNetwork, mode: Handler.Mode = Handler.Mode(), limits: ReactorLimits = smallLimits
    ) -> Handler.EchoReactor {
        let reactor = Handler.EchoReactor(driver: VirtualDriver(network: network, limits: limits), limits: limits)
        reactor.attach(Handler(reactor: reactor, modes: [mode]))
        return reactor
    }

    private static var smallLimits: ReactorLimits {
        var limits = ReactorLimits()
        limits.descriptorCountMax = 16
        limits.descriptorReserveCount = 4
        limits.receiveBufferCount = 4
        return limits
    }

    /// A reactor with one connection, which waits for bytes.
    private static func connected() -> (Handler.EchoReactor, ConnectionID, VirtualPeer) {
        let network = VirtualNetwork(seed: 1)
        let reactor = makeReactor(network)
        let listener = network.listen()
        reactor.startAccepting(listener)
        guard let peer = network.connect(to: listener) else { preconditionFailure("no listener") }
        for _ in 0..<4 { reactor.turn() }
        return (reactor, reactor.connections[0], peer)
    }

    @Test func `a second receive is refused`() async {
        await #expect(processExitsWith: .failure) {
            let (reactor, connection, peer) = Self.connected()
            reactor.receive(connection, isMultishot: false)
            _ = peer
        }
    }

    @Test func `a connection with operations in flight cannot be transferred`() async {
        await #expect(processExitsWith: .failure) {
            let (reactor, connection, peer) = Self.connected()
            reactor.transfer(connection, to: Self.makeReactor(reactor.io.network), with: [])
            _ = peer
        }
    }

    @Test func `a second send, or an empty one, is refused`() async {
        await #expect(processExitsWith: .failure) {
            let (reactor, connection, peer) = Self.connected()
            let bytes: [UInt8] = [1]
            reactor.send(connection, bytes.span)
            reactor.send(connection, bytes.span)
            _ = peer
        }
        await #expect(processExitsWith: .failure) {
            let (reactor, connection, peer) = Self.connected()
            reactor.send(connection, [UInt8]().span)
            _ = peer
        }
    }

    @Test func `operations on a stale name do nothing`() {
        let (reactor, connection, peer) = Self.connected()
        reactor.close(connection)
        for _ in 0..<4 { reactor.turn() }
        #expect(peer.isServerClosed)
        #expect(!reactor.isOpen(connection))
        let bytes: [UInt8] = [1]
        reactor.send(connection, bytes.span)
        reactor.receive(connection, isMultishot: true)
        reactor.pollWritable(connection)
        reactor.shutdownSending(connection)
        reactor.close(connection)
        for _ in 0..<4 { reactor.turn() }
        #expect(reactor.io.pendingOperationCount == reactor.listeners[.main].acceptCount, "the accepts alone")
        #expect(reactor.handler.closedCount == 1)
        #expect(reactor.handler.violations == [])
    }

    @Test func `a connection that ends before it was announced is not reported`() {
        let network = VirtualNetwork(seed: 1)
        let reactor = Self.makeReactor(network)
        let listener = network.listen()
        reactor.startAccepting(listener)
        let peer = network.connect(to: listener)
        reactor.turn()
        while reactor.connectionCount == 0 { reactor.turn() }
        for connection in reactor.connections { reactor.close(connection) }
        for _ in 0..<4 { reactor.turn() }
        #expect(peer?.isServerClosed == true)
        #expect(reactor.connectionCount == 0)
        #expect(reactor.handler.closedCount == 0)
        #expect(reactor.handler.violations == [])
    }

    /// Regression: kernels before 6.14 show a slot given away before its close is seen done.
    @Test func `a slot that is assigned again before its close is reported has two connections, one after the other`() {
        let (reactor, connection, peer) = Self.connected()
        #expect(reactor.isOpen(connection))
        reactor.descriptors[connection].state = .closed
        reactor.descriptors[connection].operationCount = 0
        let successor = reactor.openSlot(connection.slot)
        #expect(successor.slot == connection.slot)
        #expect(successor.generation == connection.generation + 1)
        #expect(reactor.handler.closedCount == 1)
        reactor.closed(Completion(tag: CompletionTag(.close, connection), result: 0))
        #expect(reactor.isOpen(successor), "the late completion is the predecessor's")
        #expect(reactor.connectionCount == 1)
        _ = peer
    }

    @Test(arguments: [1, 2, 4, 100])
    func `a burst fills the table up to the reserve and drops no client`(listenQueueCountMax: Int) {
        let network = VirtualNetwork(seed: 1)
        var limits = Self.smallLimits
        limits.descriptorReserveCount = 10
        limits.listenQueueCountMax = listenQueueCountMax
        let reactor = Self.makeReactor(network, limits: limits)
        let listener = network.listen(backlogCountMax: listenQueueCountMax)
        reactor.startAccepting(listener)
        var peers: [VirtualPeer] = []
        for _ in 0..<50 {
            // As many at once as the listener's queue may hold.
            for _ in 0..<min(listenQueueCountMax, 6) {
                if let peer = network.connect(to: listener) { peers.append(peer) }
            }
            for _ in 0..<3 { reactor.turn() }
            #expect(reactor.connectionCount <= 6)
            if reactor.connectionCount == 6 { for connection in reactor.connections { reactor.close(connection) } }
        }
        for _ in 0..<2_000 {
            reactor.turn()
            for connection in reactor.connections { reactor.close(connection) }
        }
        #expect(peers.allSatisfy { $0.isServerClosed && !$0.isReset })
    }

    @Test func `a reactor is crowded when its last descriptors besides the reserve are all that is free`() {
        let network = VirtualNetwork(seed: 1)
        var limits = Self.smallLimits
        limits.crowdedRoomCount = 3
        let reactor = Self.makeReactor(network, limits: limits)
        let listener = network.listen(backlogCountMax: 16)
        reactor.startAccepting(listener)
        var peers: [VirtualPeer] = []
        var verdicts: [Bool] = []
        for _ in 0..<12 {
            if let peer = network.connect(to: listener) { peers.append(peer) }
            for _ in 0..<3 { reactor.turn() }
            verdicts.append(reactor.isCrowded)
        }
        #expect(verdicts == Array(repeating: false, count: 9) + [true, true, true])
        if let connection = reactor.connections.first { reactor.close(connection) }
        for _ in 0..<3 { reactor.turn() }
        #expect(reactor.connectionCount == 11 && reactor.isCrowded)
        _ = peers
    }

    @Test(arguments: [1, 3, 64])
    func `near the limit a turn accepts as many connections as accepts are in flight`(countMax: Int) {
        let network = VirtualNetwork(seed: 1)
        var limits = Self.smallLimits
        limits.singleAcceptCountMax = countMax
        let reactor = Self.makeReactor(network, limits: limits)
        let listener = network.listen()
        reactor.startAccepting(listener)
        reactor.turn()
        let peers = (0..<20).compactMap { _ in network.connect(to: listener) }
        reactor.turn()
        #expect(reactor.connectionCount == min(countMax, 12), "12 are left besides the reserve")
        for _ in 0..<30 { reactor.turn() }
        #expect(reactor.connectionCount == 12)
        #expect(reactor.listeners[.main].acceptCount == 0)
        #expect(peers.allSatisfy { !$0.isReset })
        reactor.stopAccepting()
        #expect(reactor.listeners[.main].descriptor < 0)
    }

    @Test func `with room again one accept takes all`() {
        let network = VirtualNetwork(seed: 1)
        var limits = Self.smallLimits
        limits.listenQueueCountMax = 3
        let reactor = Self.makeReactor(network, limits: limits)
        let listener = network.listen(backlogCountMax: 3)
        reactor.startAccepting(listener)
        #expect(reactor.listeners[.main].mode == .multishot)
        var peers: [VirtualPeer] = []
        for _ in 0..<10 {
            if let peer = network.connect(to: listener) { peers.append(peer) }
            for _ in 0..<3 { reactor.turn() }
        }
        #expect(reactor.listeners[.main].mode == .single)
        for connection in reactor.connections { reactor.close(connection) }
        for _ in 0..<20 {
            if reactor.listeners[.main].mode == .multishot { break }
            if let peer = network.connect(to: listener) { peers.append(peer) }
            for _ in 0..<3 { reactor.turn() }
            for connection in reactor.connections { reactor.close(connection) }
        }
        #expect(reactor.listeners[.main].mode == .multishot)
        #expect(peers.allSatisfy { !$0.isReset })
    }

    @Test(arguments: [false, true])
    func `bytes of sends that outlive the driver are left in memory and counted`(outlives: Bool) {
        let (reactor, connection, peer) = Self.connected()
        reactor.send(connection, [UInt8](repeating: 1, count: 100_000).span)
        reactor.io.outlivesShutDown = outlives
        reactor.stop()
        reactor.run()
        #expect(reactor.statistics.abandonedSendCount == (outlives ? 1 : 0))
        #expect(reactor.sends.isEmpty)
        _ = peer
    }

    @Test(arguments: [(0, true), (3, true), (-ENOENT, true), (-ETIME, false), (-EINTR, false), (-EALREADY, false)])
    func `only a cancellation that came through lets the ring's memory be freed`(status: Int32, isQuiet: Bool) {
        #expect(UringDriver.isQuiet(afterCancel: status) == isQuiet)
    }

    @Test func `timers of hours fire in their order on the virtual clock`() {
        let network = VirtualNetwork(seed: 1)
        let reactor = Self.makeReactor(network)
        let start = reactor.now
        for hours in [5, 1, 1_000, 24] {
            _ = reactor.schedule(at: start + .seconds(hours * 3_600), token: UInt64(hours))
        }
        for _ in 0..<100 { reactor.turn() }
        #expect(reactor.handler.firedTokens == [1, 5, 24, 1_000])
        #expect(reactor.now.since(start) < .seconds(1_000 * 3_600 + 1))
    }

    @Test(arguments: 1...8)
    func `bytes that came before a deadline are handled before it, however few buffers there are`(
        completionBudget: Int
    ) {
        let network = VirtualNetwork(seed: 1)
        var limits = Self.smallLimits
        limits.descriptorCountMax = 32
        limits.receiveBufferCount = 2
        limits.completionBudgetPerTurn = completionBudget
        let reactor = Self.makeReactor(network, limits: limits)
        let listener = network.listen(backlogCountMax: 12)
        reactor.startAccepting(listener)
        let peers = (0..<12).compactMap { _ in network.connect(to: listener) }
        for _ in 0..<100 { reactor.turn() }
        for peer in peers { _ = peer.write([1]) }
        _ = reactor.schedule(at: reactor.now + .milliseconds(20), token: 7)
        network.advance(by: .milliseconds(40))
        for _ in 0..<1_000 where reactor.handler.firedTokens.isEmpty { reactor.turn() }
        #expect(reactor.handler.firedTokens == [7])
        #expect(reactor.handler.receivedByteCount == 12)
        #expect(reactor.handler.violations == [])
        #expect(reactor.statistics.heldReceiveBufferCountMax == 2 && reactor.heldReceiveBufferCount == 0)
    }
}
