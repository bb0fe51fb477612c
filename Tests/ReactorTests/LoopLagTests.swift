import Primitives
import Testing

@testable import Reactor

@Suite struct LoopLagTests {
    private static let start = MonotonicInstant(nanoseconds: 7_000_000_000)

    @Test func `turns are counted by their length`() {
        var lag = LoopLag()
        for nanoseconds: UInt64 in [0, 100_000, 100_001, 999_999, 3_000_000_000] {
            lag.turnTook(nanoseconds, until: Self.start)
        }
        #expect(lag.counts == [2, 1, 0, 1] + Array(repeating: 0, count: 8) + [1])
        #expect(lag.totalNanoseconds == 3_001_200_000)
        #expect(lag.counts.count == LoopLag.bounds.count + 1)
    }

    @Test func `long turns are those over 10 ms`() {
        var lag = LoopLag()
        #expect(LoopLag.bounds.contains(LoopLag.longTurnBound) && lag.longTurnCount == 0)
        for nanoseconds: UInt64 in [1, 10_000_000, 10_000_001, 400_000_000, 5_000_000_000] {
            lag.turnTook(nanoseconds, until: Self.start)
        }
        #expect(lag.longTurnCount == 3)
    }

    @Test func `the longest turn is kept for 60 s at least and for 120 s at most`() {
        var lag = LoopLag()
        func longest(after seconds: Int) -> UInt64 { lag.longestTurnNanoseconds(at: Self.start + .seconds(seconds)) }
        #expect(longest(after: 0) == 0)
        lag.turnTook(10, until: Self.start)
        lag.turnTook(70, until: Self.start + .seconds(59))
        #expect(longest(after: 59) == 70 && longest(after: 119) == 70, "without another turn")
        #expect(longest(after: 120) == 0)
        lag.turnTook(20, until: Self.start + .seconds(60))
        #expect(longest(after: 119) == 70, "60 s after it")
        lag.turnTook(30, until: Self.start + .seconds(120))
        #expect(longest(after: 120) == 30)
        lag.turnTook(5, until: Self.start + .seconds(180))
        #expect(longest(after: 180) == 30)
        lag.turnTook(6, until: Self.start + .seconds(500))
        #expect(longest(after: 500) == 6, "nothing is left of spans long ago")
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
