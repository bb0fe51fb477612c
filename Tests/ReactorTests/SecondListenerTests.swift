import Primitives
import Testing

@testable import Reactor

/// The second listener of a reactor, over the virtual driver: 16 descriptors, 4 of them reserved for connections that
/// are transferred, which leaves 12 for both listeners together.
@Suite struct SecondListenerTests {
    typealias Handler = EchoHandler<VirtualDriver>

    private struct Setup {
        let network = VirtualNetwork(seed: 1)
        let reactor: Handler.EchoReactor
        let main: Int32
        let second: Int32
        var peers: [VirtualPeer] = []

        init() {
            var limits = ReactorLimits()
            limits.descriptorCountMax = 16
            limits.descriptorReserveCount = 4
            limits.crowdedRoomCount = 2
            limits.receiveBufferCount = 4
            reactor = Handler.EchoReactor(driver: VirtualDriver(network: network, limits: limits), limits: limits)
            reactor.attach(Handler(reactor: reactor, modes: [Handler.Mode()]))
            (main, second) = (network.listen(), network.listen())
            reactor.startAccepting(main)
            reactor.startAccepting(second, as: .second)
        }

        mutating func connect(_ count: Int, to listener: Int32) {
            for _ in 0..<count {
                if let peer = network.connect(to: listener) { peers.append(peer) }
            }
            for _ in 0..<40 { reactor.turn() }
        }

        func count(_ kind: ListenerKind) -> Int {
            reactor.connections.filter { reactor.listener(of: $0) == kind }.count
        }
    }

    @Test func `either listener takes all the room while the other has no clients`() {
        var first = Setup()
        first.connect(20, to: first.main)
        #expect(first.count(.main) >= 11 && first.count(.main) <= 12)
        var second = Setup()
        second.connect(20, to: second.second)
        #expect(second.count(.second) >= 11 && second.count(.second) <= 12)
        #expect(second.reactor.isCrowded)
    }

    @Test func `both listeners together never take more than the room`() {
        var setup = Setup()
        for _ in 0..<20 {
            setup.connect(1, to: setup.main)
            setup.connect(1, to: setup.second)
        }
        #expect(setup.count(.main) + setup.count(.second) <= 12)
        #expect(setup.count(.main) >= 5 && setup.count(.second) >= 5)
        #expect(setup.peers.allSatisfy { !$0.isReset }, "the rest waits in the queues")
    }

    @Test func `a listener whose part the other one held gets it back`() {
        var setup = Setup()
        setup.connect(20, to: setup.main)
        for connection in setup.reactor.connections.prefix(4) { setup.reactor.close(connection) }
        setup.connect(0, to: setup.main)
        setup.connect(20, to: setup.second)
        for connection in setup.reactor.connections.prefix(6) { setup.reactor.close(connection) }
        setup.connect(0, to: setup.second)
        #expect(setup.count(.second) > 0)
        #expect(setup.count(.main) + setup.count(.second) <= 12)
    }

    @Test func `all listeners end`() {
        var setup = Setup()
        setup.connect(1, to: setup.second)
        setup.reactor.stopAccepting()
        for _ in 0..<4 { setup.reactor.turn() }
        for kind in ListenerKind.allCases {
            #expect(setup.reactor.listeners[kind].descriptor < 0)
            #expect(setup.reactor.listeners[kind].acceptCount == 0)
        }
        #expect(setup.network.connect(to: setup.second) == nil)
        #expect(setup.count(.second) == 1, "open connections stay open")
    }
}
