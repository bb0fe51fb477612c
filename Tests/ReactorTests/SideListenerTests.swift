import Primitives
import Testing

@testable import Reactor

/// The side listener of a reactor, over the virtual driver: 16 descriptors, 4 of them reserved for connections that are
/// transferred and 4 for the side listener.
@Suite struct SideListenerTests {
    typealias Handler = EchoHandler<VirtualDriver>

    private struct Setup {
        let network = VirtualNetwork(seed: 1)
        let reactor: Handler.EchoReactor
        let main: Int32
        let side: Int32
        var peers: [VirtualPeer] = []

        init() {
            var limits = ReactorLimits()
            limits.descriptorCountMax = 16
            limits.descriptorReserveCount = 4
            limits.sideConnectionCountMax = 4
            limits.crowdedRoomCount = 2
            limits.receiveBufferCount = 4
            reactor = Handler.EchoReactor(driver: VirtualDriver(network: network, limits: limits), limits: limits)
            reactor.attach(Handler(reactor: reactor, modes: [Handler.Mode()]))
            (main, side) = (network.listen(), network.listen())
            reactor.startAccepting(main)
            reactor.startAccepting(side, as: .side)
        }

        mutating func connect(_ count: Int, to listener: Int32) {
            for _ in 0..<count {
                if let peer = network.connect(to: listener) { peers.append(peer) }
            }
            for _ in 0..<20 { reactor.turn() }
        }

        func count(_ kind: ListenerKind) -> Int {
            reactor.connections.filter { reactor.listener(of: $0) == kind }.count
        }
    }

    @Test func `a full main listener leaves the side listener its descriptors`() {
        var setup = Setup()
        setup.connect(20, to: setup.main)
        #expect(setup.count(.main) == 8)
        #expect(setup.reactor.isCrowded)
        setup.connect(6, to: setup.side)
        #expect(setup.count(.side) == 4)
        #expect(setup.count(.main) == 8)
        #expect(setup.peers.allSatisfy { !$0.isReset }, "the rest waits in the queues")
    }

    @Test func `connections of the side listener take no room from the main one`() {
        var setup = Setup()
        setup.connect(6, to: setup.side)
        #expect(setup.count(.side) == 4)
        #expect(!setup.reactor.isCrowded)
        setup.connect(20, to: setup.main)
        #expect(setup.count(.main) == 8)
    }

    @Test func `a descriptor of the side listener is used again`() {
        var setup = Setup()
        setup.connect(20, to: setup.main)
        setup.connect(40, to: setup.side)
        for _ in 0..<20 {
            for connection in setup.reactor.connections where setup.reactor.listener(of: connection) == .side {
                setup.reactor.close(connection)
            }
            for _ in 0..<20 { setup.reactor.turn() }
            #expect(setup.count(.side) <= 4)
        }
        #expect(setup.count(.side) == 0)
        #expect(setup.count(.main) == 8)
        #expect(setup.peers.suffix(40).allSatisfy { $0.isServerClosed && !$0.isReset })
    }

    @Test func `the side listener is crowded by its own connections alone`() throws {
        var setup = Setup()
        setup.connect(20, to: setup.main)
        setup.connect(3, to: setup.side)
        let side = try #require(setup.reactor.connections.first { setup.reactor.listener(of: $0) == .side })
        let main = try #require(setup.reactor.connections.first { setup.reactor.listener(of: $0) == .main })
        #expect(!setup.reactor.isCrowded(for: side))
        #expect(setup.reactor.isCrowded(for: main))
        setup.connect(1, to: setup.side)
        #expect(setup.reactor.isCrowded(for: side))
    }

    @Test func `both listeners end`() {
        var setup = Setup()
        setup.connect(1, to: setup.side)
        setup.reactor.stopAccepting()
        for _ in 0..<4 { setup.reactor.turn() }
        for kind in ListenerKind.allCases {
            #expect(setup.reactor.listeners[kind].descriptor < 0)
            #expect(setup.reactor.listeners[kind].acceptCount == 0)
        }
        #expect(setup.network.connect(to: setup.main) == nil)
        #expect(setup.network.connect(to: setup.side) == nil)
        #expect(setup.count(.side) == 1, "open connections stay open")
    }

    @Test func `an accept that fails is tried again`() {
        var setup = Setup()
        setup.network.faults.acceptFailurePerMille = 1_000
        setup.connect(1, to: setup.side)
        #expect(setup.count(.side) == 0)
        setup.network.faults.acceptFailurePerMille = 0
        setup.connect(1, to: setup.side)
        setup.network.advance(by: .milliseconds(101))
        for _ in 0..<4 { setup.reactor.turn() }
        #expect(setup.count(.side) == 1)
    }
}
