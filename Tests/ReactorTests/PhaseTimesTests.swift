import Primitives
import Testing

@testable import Reactor

@Suite struct PhaseTimesTests {
    private func instant(_ nanoseconds: UInt64) -> MonotonicInstant { MonotonicInstant(nanoseconds: nanoseconds) }

    @Test func `a phase lasts from the end of the one before, and the first end begins the time`() {
        var phases = PhaseTimes()
        phases.ended(.submit, at: instant(1_000))
        phases.ended(.completions, at: instant(1_300))
        phases.ended(.flush, at: instant(1_350))
        phases.ended(.wait, at: instant(9_350))
        phases.ended(.completions, at: instant(9_351))
        #expect(phases[.submit] == 0 && phases[.jobs] == 0)
        #expect(phases[.completions] == 301)
        #expect(phases[.flush] == 50)
        #expect(phases[.wait] == 8_000)
    }

    @Test func `a clock that goes back adds nothing`() {
        var phases = PhaseTimes()
        phases.ended(.wait, at: instant(1_000))
        phases.ended(.jobs, at: instant(900))
        #expect(phases[.jobs] == 0)
    }

    @Test func `all phases together are all of a reactor's time`() {
        typealias Handler = EchoHandler<VirtualDriver>
        let limits = ReactorLimits()
        let network = VirtualNetwork(seed: 1)
        let reactor = Handler.EchoReactor(driver: VirtualDriver(network: network, limits: limits), limits: limits)
        reactor.attach(Handler(reactor: reactor, modes: [Handler.Mode()]))
        reactor.turn()
        let before = reactor.io.now
        func total() -> UInt64 { ReactorPhase.allCases.reduce(0) { $0 + reactor.statistics.phases[$1] } }
        let totalBefore = total()
        for second in 1...5 as ClosedRange<Int64> {
            _ = reactor.schedule(at: reactor.now + .seconds(second), token: 1)
            reactor.turn()
        }
        #expect(total() - totalBefore == reactor.io.now.since(before).wholeNanoseconds)
        #expect(reactor.io.now > before)
        reactor.stop()
        reactor.run()
    }
}
