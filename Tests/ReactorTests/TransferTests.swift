import Glibc
import Primitives
import Synchronization
import Testing

@testable import Reactor

/// Transfers between two reactors, and the outcome of those that fail. The test turns both reactors.
@Suite(.timeLimit(.minutes(5))) struct TransferTests {
    /// Keeps account of the connections that it accepts and that are transferred to it.
    private final class TransferringHandler<IO: Driver>: ReactorHandler {
        typealias TransferringReactor = Reactor<TransferringHandler<IO>, IO>

        var held: [ConnectionID] = []
        var received: [ConnectionID: Transfer] = [:]
        var failed: [ConnectionID] = []
        var closed: [ConnectionID] = []
        var commands: [Int] = []

        func connectionAccepted(_ connection: ConnectionID, from address: PeerAddress?) { held.append(connection) }
        func connectionOpened(_ connection: ConnectionID, token: UInt64) { held.append(connection) }
        func connectionTransferred(_ connection: ConnectionID, transfer: Transfer) { received[connection] = transfer }
        func transferFailed(_ connection: ConnectionID, transfer: Transfer) { failed.append(connection) }
        func connectionClosed(_ connection: ConnectionID) { closed.append(connection) }
        func commandReceived(_ command: Int) { commands.append(command) }
        func bytesReceived(_ connection: ConnectionID, _ bytes: inout MutableSpan<UInt8>) {}
        func receiveEnded(_ connection: ConnectionID, errnoValue: Int32) {}
        func sendEnded(_ connection: ConnectionID, errnoValue: Int32) {}
        func shortSend(_ connection: ConnectionID, byteCount: Int) {}
        func sendCompleted(_ connection: ConnectionID, byteCount: Int) {}
        func sendFailed(_ connection: ConnectionID, errnoValue: Int32) {}
        func becameWritable(_ connection: ConnectionID) {}
        func timerFired(_ token: UInt64) {}
        func turnEnded() -> Bool { false }
    }

    /// Something whose end can be seen.
    private final class Transfer: Sendable {}

    private typealias VirtualHandler = TransferringHandler<VirtualDriver>

    private static var limits: ReactorLimits {
        var limits = ReactorLimits()
        limits.descriptorCountMax = 300
        limits.descriptorReserveCount = 1
        limits.receiveBufferCount = 4
        limits.submissionCountMax = 8
        limits.completionCountMax = 16
        limits.listenQueueCountMax = 16
        return limits
    }

    private static func makeReactor<IO>(_ driver: IO, _ limits: ReactorLimits)
        -> TransferringHandler<IO>.TransferringReactor
    {
        let reactor = TransferringHandler<IO>.TransferringReactor(driver: driver, limits: limits)
        reactor.attach(TransferringHandler())
        return reactor
    }

    /// Two reactors on a network of no faults, the first with one connection.
    private struct Pair {
        let network = VirtualNetwork(seed: 1)
        let source: VirtualHandler.TransferringReactor
        let target: VirtualHandler.TransferringReactor
        let peer: VirtualPeer
        let connection: ConnectionID

        init() throws {
            source = makeReactor(VirtualDriver(network: network, limits: limits), limits)
            target = makeReactor(VirtualDriver(network: network, limits: limits), limits)
            let listener = network.listen()
            source.startAccepting(listener)
            peer = try #require(network.connect(to: listener))
            for _ in 0..<5 { source.turn() }
            connection = try #require(source.handler.held.first)
        }

        func turn() {
            for _ in 0..<5 {
                source.turn()
                target.turn()
            }
        }
    }

    @Test func `a connection closed in transfer is closed and the other reactor is not notified of it`() throws {
        let pair = try Pair()
        weak var observed: Transfer?
        do {
            let transfer = Transfer()
            observed = transfer
            pair.source.transfer(pair.connection, to: pair.target, with: transfer)
        }
        #expect(observed != nil)
        pair.source.close(pair.connection)
        #expect(observed == nil, "the transfer is dropped at once")
        pair.turn()
        #expect(pair.target.handler.received.isEmpty && pair.target.handler.closed.isEmpty)
        #expect(pair.source.handler.closed == [pair.connection])
        #expect(pair.source.handler.failed.isEmpty)
        #expect(pair.peer.isServerClosed)
        #expect(pair.source.connectionCount == 0 && pair.target.connectionCount == 0)
    }

    @Test func `a connection closed in transfer is closed when the transfer fails`() throws {
        let pair = try Pair()
        pair.network.faults.transferFailurePerMille = 1_000
        pair.source.transfer(pair.connection, to: pair.target, with: Transfer())
        pair.source.close(pair.connection)
        pair.source.close(pair.connection)
        pair.turn()
        #expect(pair.source.handler.closed == [pair.connection])
        #expect(pair.source.handler.failed.isEmpty)
        #expect(pair.peer.isServerClosed)
    }

    @Test func `a connection that the other reactor has received is not closed by its sender`() throws {
        let pair = try Pair()
        pair.source.transfer(pair.connection, to: pair.target, with: Transfer())
        // The sender submits but handles no completion; the target handles its own.
        pair.source.io.submit()
        pair.target.turn()
        pair.target.turn()
        pair.source.close(pair.connection)
        pair.turn()
        let received = try #require(pair.target.handler.received.keys.first)
        #expect(pair.target.isOpen(received))
        #expect(pair.source.handler.closed == [pair.connection])
        #expect(!pair.peer.isServerClosed)
    }

    @Test func `a descriptor stranded in the other table does not keep the peer waiting for the end`() throws {
        let pair = try Pair()
        pair.network.faults.transferOverflowPerMille = 1_000
        pair.source.transfer(pair.connection, to: pair.target, with: Transfer())
        pair.turn()
        #expect(pair.source.handler.failed == [pair.connection])
        #expect(pair.source.isOpen(pair.connection), "the connection is usable where it was")
        #expect(pair.source.statistics.strandedDescriptorCount == 1)
        #expect(!pair.peer.isAtEnd)
        pair.source.close(pair.connection)
        pair.turn()
        #expect(pair.peer.isAtEnd)
        #expect(!pair.peer.isServerClosed, "the other table still holds the socket")
        #expect(pair.source.handler.closed == [pair.connection])
    }

    @Test(arguments: [false, true])
    func `transfers in flight are released when the reactors end`(isSubmitted: Bool) throws {
        weak var observed: Transfer?
        do {
            let pair = try Pair()
            let transfer = Transfer()
            observed = transfer
            pair.source.transfer(pair.connection, to: pair.target, with: transfer)
            if isSubmitted { pair.source.io.submit() }
            pair.source.stop()
            pair.source.run()
            pair.target.stop()
            pair.target.run()
            #expect(pair.target.incomingTransfers.count == 0)
            #expect(pair.source.outgoingTransfers.isEmpty)
            #expect(pair.peer.isServerClosed)
        }
        #expect(observed == nil)
    }

    @Test func `a wake that the ring cannot do goes through the event descriptor`() throws {
        let pair = try Pair()
        pair.network.faults.wakeFailurePerMille = 1_000
        pair.target.isAsleep.store(true, ordering: .sequentiallyConsistent)
        #expect(pair.target.post(5, from: pair.source))
        pair.source.turn()
        #expect(pair.source.statistics.wakeFailureCount == 1)
        #expect(pair.target.io.isBusy, "its wait would end at once")
        pair.target.turn()
        #expect(pair.target.handler.commands == [5])
    }

    // MARK: - On the ring

    @Test func `a wake of a ring that is gone reaches the event descriptor`() throws {
        let sender = try UringDriver(limits: Self.limits)
        let target = try UringDriver(limits: Self.limits)
        // No descriptor has this number, and none of the two rings.
        let broken = UringAddress(ringDescriptor: .max, wakeDescriptor: target.wakeDescriptor)
        sender.wake(broken, remoteTag: CompletionTag(.wake))
        sender.submit()
        let failures = completions(of: sender)
        #expect(failures.map(\.result) == [-EBADF])
        #expect(failures.map(\.tag.operation) == [.wake])
        for failure in failures { sender.wakeFailed(failure.tag) }
        target.submitAndWait(until: nil)
        #expect(completions(of: target).map(\.tag) == [CompletionTag(.wakeRead)])
        sender.shutDown()
        target.shutDown()
    }

    private func completions(of driver: UringDriver) -> [Completion] {
        var buffer = [Completion](repeating: Completion(tag: CompletionTag(bits: 0), result: 0), count: 100)
        let count = unsafe buffer.withUnsafeMutableBufferPointer { unsafe driver.drain(into: $0) }
        return Array(buffer.prefix(count))
    }

    /// The kernel keeps completions that the target's queue has no room for: a full queue fails no transfer.
    @Test(arguments: systemDrivers)
    func `two hundred connections are transferred to a driver whose queue holds sixteen completions`(
        driver: any SystemDriver.Type
    ) throws {
        try transfersTwoHundred(driver)
    }

    private func transfersTwoHundred<IO: SystemDriver>(_: IO.Type) throws {
        var limits = Self.limits
        limits.outgoingConnectionCountMax = 200
        limits.descriptorCountMax = 400
        let source = Self.makeReactor(try IO(limits: limits), limits)
        let target = Self.makeReactor(try IO(limits: Self.limits), Self.limits)
        let opened = try Listeners.open(#require(ListenAddress("127.0.0.1:0")), count: 1)
        defer { close(opened.descriptors[0]) }
        let address = SocketAddress(PeerAddress(ipv4: 0x7f00_0001), port: opened.port)
        for token in 0..<200 { source.connect(to: address, token: UInt64(token)) }
        while source.handler.held.count < 200 { source.turn() }
        for connection in source.handler.held { source.transfer(connection, to: target, with: Transfer()) }
        source.io.submit()
        while target.handler.received.count < 200 { target.turn() }
        while source.connectionCount > 0 { source.turn() }
        #expect(source.handler.closed.count == 200 && source.handler.failed.isEmpty)
        #expect(target.incomingTransfers.count == 0)
        source.stop()
        source.run()
        target.stop()
        target.run()
    }
}
