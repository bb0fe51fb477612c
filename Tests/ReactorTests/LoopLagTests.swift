import Primitives
import Testing

@testable import Reactor

@Suite struct LoopLagTests {
    @Test func `turns are counted by their length`() {
        var lag = LoopLag()
        for nanoseconds: UInt64 in [0, 100_000, 100_001, 999_999, 3_000_000_000] { lag.turnTook(nanoseconds) }
        #expect(lag.counts == [2, 1, 0, 1] + Array(repeating: 0, count: 8) + [1])
        #expect(lag.totalNanoseconds == 3_001_200_000)
        #expect(lag.counts.count == LoopLag.bounds.count + 1)
    }

    @Test func `each turn of a reactor is counted once`() {
        typealias Handler = EchoHandler<VirtualDriver>
        let limits = ReactorLimits()
        let network = VirtualNetwork(seed: 1)
        let reactor = Handler.EchoReactor(driver: VirtualDriver(network: network, limits: limits), limits: limits)
        reactor.attach(Handler(reactor: reactor, modes: [Handler.Mode()]))
        for _ in 0..<5 { reactor.turn() }
        #expect(reactor.statistics.loopLag.counts.reduce(0, +) == 5)
        reactor.stop()
        reactor.run()
    }
}
