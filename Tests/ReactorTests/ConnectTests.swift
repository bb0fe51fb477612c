import Glibc
import Primitives
import Testing

@testable import Reactor

/// Connections that a reactor opens, over all drivers: the test turns the reactor, which connects to itself.
@Suite(.timeLimit(.minutes(5))) struct ConnectTests {
    private static let sourceHost: UInt32 = 0x7f00_0102

    // MARK: - Over each driver

    @Test(arguments: DriverKind.allCases)
    func `a connection is opened, carries bytes both ways and ends`(kind: DriverKind) throws {
        switch kind {
        case .virtual: try carriesBytes(.virtual())
        case .uring: try carriesBytes(ConnectingSetup<UringDriver>.live())
        case .epoll: try carriesBytes(ConnectingSetup<EpollDriver>.live())
        }
    }

    private func carriesBytes<IO>(_ setup: ConnectingSetup<IO>) throws {
        let handler = setup.handler
        let connection = try #require(setup.reactor.connect(to: setup.address, token: 7))
        #expect(!setup.reactor.isOpen(connection), "the connection is being established")
        setup.turn(until: { handler.opened.count == 1 && handler.accepted.count == 1 })
        #expect(handler.opened == [7: connection])
        #expect(setup.reactor.isOpen(connection))
        let server = try #require(handler.accepted.keys.first)
        setup.reactor.send(connection, [1, 2, 3].span)
        setup.reactor.send(server, [4, 5].span)
        setup.turn(until: { handler.received[server]?.count == 3 && handler.received[connection]?.count == 2 })
        #expect(handler.received == [server: [1, 2, 3], connection: [4, 5]])
        setup.reactor.close(connection)
        setup.turn(until: { handler.ended[server] != nil && handler.closed == [connection] })
        #expect(handler.ended == [server: 0])
        #expect(setup.reactor.statistics.connectCount == 1)
        setup.end()
    }

    @Test(arguments: DriverKind.allCases)
    func `a refused connection fails, and its slot is free for another`(kind: DriverKind) throws {
        switch kind {
        case .virtual: try refuses(.virtual(outgoingCountMax: 1))
        case .uring: try refuses(ConnectingSetup<UringDriver>.live(outgoingCountMax: 1))
        case .epoll: try refuses(ConnectingSetup<EpollDriver>.live(outgoingCountMax: 1))
        }
    }

    private func refuses<IO>(_ setup: ConnectingSetup<IO>) throws {
        let handler = setup.handler
        let first = try #require(setup.reactor.connect(to: setup.deafAddress, token: 1))
        setup.turn(until: { handler.outcomeCount == 1 })
        #expect(handler.failures == [1: ECONNREFUSED])
        setup.turn(until: { setup.reactor.connectionCount == 0 })
        #expect(handler.closed.isEmpty, "a connection that was never open does not close")
        let second = try #require(setup.reactor.connect(to: setup.address, token: 2))
        #expect(second.slot == first.slot && second.generation != first.generation)
        setup.turn(until: { handler.outcomeCount == 2 })
        #expect(handler.opened == [2: second])
        #expect(setup.reactor.statistics.connectFailureCount == 1)
        setup.end()
    }

    @Test(arguments: DriverKind.allCases)
    func `the acceptor sees the source address`(kind: DriverKind) throws {
        switch kind {
        case .virtual: try showsSource(.virtual())
        case .uring: try showsSource(ConnectingSetup<UringDriver>.live())
        case .epoll: try showsSource(ConnectingSetup<EpollDriver>.live())
        }
    }

    private func showsSource<IO>(_ setup: ConnectingSetup<IO>) throws {
        let handler = setup.handler
        setup.reactor.connect(to: setup.address, from: PeerAddress(ipv4: Self.sourceHost), token: 1)
        setup.turn(until: { handler.outcomeCount == 1 && handler.accepted.count == 1 })
        #expect(Array(handler.accepted.values) == [PeerAddress(ipv4: Self.sourceHost)])
        setup.end()
    }

    @Test(arguments: DriverKind.allCases)
    func `a full table fails with ENFILE until a connection has closed`(kind: DriverKind) throws {
        switch kind {
        case .virtual: try fillsTable(.virtual(outgoingCountMax: 3))
        case .uring: try fillsTable(ConnectingSetup<UringDriver>.live(outgoingCountMax: 3))
        case .epoll: try fillsTable(ConnectingSetup<EpollDriver>.live(outgoingCountMax: 3))
        }
    }

    private func fillsTable<IO>(_ setup: ConnectingSetup<IO>) throws {
        let handler = setup.handler
        let connections = (0..<5).map { setup.reactor.connect(to: setup.address, token: UInt64($0)) }
        #expect(connections.map { $0 == nil } == [false, false, false, true, true])
        #expect(handler.outcomeCount == 0, "no outcome is reported from within the call")
        setup.turn(until: { handler.outcomeCount == 5 && handler.accepted.count == 3 })
        #expect(handler.failures == [3: ENFILE, 4: ENFILE])
        let first = try #require(connections[0])
        setup.reactor.close(first)
        setup.turn(until: { handler.closed == [first] })
        #expect(setup.reactor.connect(to: setup.address, token: 5)?.slot == first.slot)
        setup.turn(until: { handler.outcomeCount == 6 })
        #expect(handler.opened.keys.sorted() == [0, 1, 2, 5])
        setup.end()
    }

    @Test(arguments: DriverKind.allCases, [0, 1, 2])
    func `a close while connecting is followed by connectionClosed alone`(kind: DriverKind, turnCount: Int) throws {
        switch kind {
        case .virtual: try givesUp(.virtual(), turnCount: turnCount)
        case .uring: try givesUp(ConnectingSetup<UringDriver>.live(), turnCount: turnCount)
        case .epoll: try givesUp(ConnectingSetup<EpollDriver>.live(), turnCount: turnCount)
        }
    }

    private func givesUp<IO>(_ setup: ConnectingSetup<IO>, turnCount: Int) throws {
        let handler = setup.handler
        // The queue takes one or two; the others get no answer.
        let connections = try (0..<6).map {
            try #require(setup.reactor.connect(to: setup.busyAddress, token: UInt64($0)))
        }
        // A timer ends turns that would wait.
        for turn in 0..<turnCount {
            _ = setup.reactor.schedule(at: setup.reactor.now + .milliseconds(20 * turn), token: 0)
            setup.reactor.turn()
        }
        let openedCount = handler.opened.count
        #expect(openedCount < connections.count && handler.failures.isEmpty)
        for connection in connections { setup.reactor.close(connection) }
        for connection in connections { setup.reactor.close(connection) }
        setup.turn(until: { setup.reactor.connectionCount == 0 })
        #expect(Set(handler.closed) == Set(connections))
        #expect(handler.closed.count == connections.count)
        #expect(handler.opened.count == openedCount && handler.failures.isEmpty)
        #expect(setup.reactor.connectTokens.isEmpty)
        setup.end()
    }

    // MARK: - On the drivers of the system

    @Test(arguments: systemDrivers)
    func `five thousand connections from five source addresses are opened at once`(driver: any SystemDriver.Type) throws
    {
        func body<IO: SystemDriver>(_: IO.Type) throws {
            let count = 5_000
            let setup = try ConnectingSetup<IO>.live(outgoingCountMax: count, incomingCountMax: count + 200)
            let handler = setup.handler
            for index in 0..<count {
                let source = PeerAddress(ipv4: Self.sourceHost + UInt32(index % 5))
                #expect(setup.reactor.connect(to: setup.address, from: source, token: UInt64(index)) != nil)
            }
            setup.turn(until: { handler.outcomeCount == count && handler.accepted.count == count })
            #expect(handler.failures == [:])
            #expect(Set(handler.opened.values).count == count)
            var countBySource: [PeerAddress: Int] = [:]
            for case let address? in handler.accepted.values { countBySource[address, default: 0] += 1 }
            #expect(countBySource.count == 5)
            #expect(countBySource.values.allSatisfy { $0 == count / 5 })
            setup.end()
        }
        try body(driver)
    }

    @Test(arguments: systemDrivers, ["192.0.2.1", "127.0.0.1"])
    func `one failure is reported, whichever step fails`(driver: any SystemDriver.Type, source: String) throws {
        func body<IO: SystemDriver>(_: IO.Type) throws {
            let setup = try ConnectingSetup<IO>.live()
            let source = try #require(PeerAddress(source))
            // The bind fails for an address that is not ours; the connect for a broadcast address.
            let isOurs = source == PeerAddress(ipv4: 0x7f00_0001)
            let target = isOurs ? SocketAddress(PeerAddress(ipv4: 0xffff_ffff), port: 80) : setup.address
            setup.reactor.connect(to: target, from: source, token: 1)
            setup.turn(until: { setup.handler.outcomeCount > 0 && setup.reactor.connectionCount == 0 })
            setup.reactor.connect(to: setup.address, token: 2)
            setup.turn(until: { setup.handler.opened[2] != nil })
            #expect(setup.handler.failures == [1: isOurs ? ENETUNREACH : EADDRNOTAVAIL])
            #expect(setup.handler.outcomeCount == 2)
            #expect(setup.reactor.statistics.staleCompletionCount == 0)
            setup.end()
        }
        try body(driver)
    }

    @Test(arguments: systemDrivers)
    func `an IPv6 listener is reached`(driver: any SystemDriver.Type) throws {
        func body<IO: SystemDriver>(_: IO.Type) throws {
            let setup = try ConnectingSetup<IO>.live()
            let opened = try Listeners.open(#require(ListenAddress("[::1]:0")), count: 1)
            defer { Glibc.close(opened.descriptors[0]) }
            let host = try #require(PeerAddress("::1"))
            setup.reactor.connect(to: SocketAddress(host, port: opened.port), from: host, token: 6)
            setup.turn(until: { setup.handler.outcomeCount == 1 })
            #expect(setup.handler.failures == [:])
            setup.end()
        }
        try body(driver)
    }

    // MARK: - On the virtual network

    @Test(arguments: Seed.all)
    func `each connect has one outcome and leaves nothing, whatever happens in between`(seed: Seed) throws {
        var random = SeededGenerator(seed: seed.value)
        let setup = try ConnectingSetup<VirtualDriver>.virtual(
            faults: VirtualFaults(everything: 200), seed: seed.value, outgoingCountMax: 12, incomingCountMax: 20)
        let handler = setup.handler
        var givenUpCount = 0
        let count = 2_000
        for token in 0..<count {
            let target = token % 10 == 0 ? setup.deafAddress : setup.address
            let name = setup.reactor.connect(to: target, token: UInt64(token))
            if Bool.random(using: &random) { setup.reactor.turn() }
            if let name, Int.random(in: 0..<4, using: &random) == 0, setup.reactor.connectTokens[name.slot] != nil {
                setup.reactor.close(name)
                givenUpCount += 1
            }
            setup.reactor.turn()
            if token % 20 == 0 {
                for name in setup.reactor.connections where setup.reactor.isOpen(name) { setup.reactor.close(name) }
            }
        }
        setup.reactor.io.network.faults = VirtualFaults()
        setup.turn(until: { setup.reactor.connectTokens.isEmpty })
        #expect(handler.opened.count > 100 && handler.failures.count > 100 && givenUpCount > 10)
        #expect(Set(handler.failures.values).isSuperset(of: [ECONNREFUSED, ETIMEDOUT, ENFILE]))
        #expect(handler.outcomeCount + givenUpCount == count, "one outcome each")
        #expect(handler.opened.count + handler.failures.count == handler.outcomeCount)
        setup.reactor.stopAccepting()
        for _ in 0..<100 {
            for name in setup.reactor.connections { setup.reactor.close(name) }
            setup.reactor.turn()
        }
        #expect(setup.reactor.connectionCount == 0)
        #expect(setup.reactor.connectTokens.isEmpty)
        #expect(setup.reactor.io.usedDescriptorCount == 0)
        #expect(setup.reactor.io.pendingOperationCount == 0)
    }

    @Test func `a handler without the calls for opened connections traps when it opens one`() async {
        await #expect(processExitsWith: .failure) {
            var limits = ReactorLimits()
            limits.outgoingConnectionCountMax = 1
            let network = VirtualNetwork(seed: 1)
            let reactor = EchoHandler<VirtualDriver>.EchoReactor(
                driver: VirtualDriver(network: network, limits: limits), limits: limits)
            reactor.attach(EchoHandler(reactor: reactor, modes: [EchoMode()]))
            reactor.connect(to: SocketAddress(PeerAddress(ipv4: 1), port: 1), token: 1)
            for _ in 0..<10 { reactor.turn() }
        }
    }
}
