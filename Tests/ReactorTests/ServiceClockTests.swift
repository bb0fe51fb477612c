import Primitives
import Testing

@testable import Reactor

@Suite struct ServiceClockTests {
    private static func at(_ milliseconds: UInt64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: 1_000_000_000_000 + milliseconds * 1_000_000)
    }

    @Test func `the service clock agrees with the monotonic clock while readings come in time`() {
        var clock = ServiceClock(now: Self.at(0))
        for milliseconds in [0, 1, 100, 200, 280] as [UInt64] {
            clock.read(Self.at(milliseconds), expectedAt: Self.at(0))
            #expect(clock.now == Self.at(milliseconds))
        }
        #expect(clock.pauseCount == 0)
    }

    @Test func `a wait that ends at its deadline counts whole`() {
        var clock = ServiceClock(now: Self.at(0))
        clock.read(Self.at(60_000), expectedAt: Self.at(60_000))
        clock.read(Self.at(61_000), expectedAt: .init(nanoseconds: .max))
        #expect(clock.now == Self.at(61_000))
        #expect(clock.pausedNanoseconds == 0)
    }

    @Test func `a wait that ends late counts for the tolerated time`() {
        var clock = ServiceClock(now: Self.at(0))
        clock.read(Self.at(6_000), expectedAt: Self.at(1_000))
        #expect(clock.now == Self.at(100))
        #expect(clock.readAt == Self.at(6_000))
        #expect(clock.pauseCount == 1)
        #expect(clock.monotonic(clock.now) == Self.at(6_000))
        #expect(clock.deadline(at: Self.at(6_000)) == clock.now)
    }

    @Test func `a turn that was held counts for the tolerated time`() {
        var clock = ServiceClock(now: Self.at(0))
        clock.read(Self.at(5_000), expectedAt: Self.at(0))
        clock.read(Self.at(5_050), expectedAt: Self.at(0))
        #expect(clock.now == Self.at(150))
        #expect(clock.pausedNanoseconds == 4_900_000_000)
    }

    @Test func `the time of a reactor that is always late advances`() {
        var clock = ServiceClock(now: Self.at(0))
        for turn in 1...10 { clock.read(Self.at(UInt64(turn) * 150), expectedAt: Self.at(0)) }
        #expect(clock.now == Self.at(1_000))
        #expect(clock.pauseCount == 10)
    }

    @Test func `readings that go back do not move the time`() {
        var clock = ServiceClock(now: Self.at(50))
        clock.read(Self.at(20), expectedAt: Self.at(0))
        #expect(clock.now == Self.at(50))
        clock.read(Self.at(60), expectedAt: Self.at(0))
        #expect(clock.now == Self.at(60))
    }

    @Test func `a time at the end of time stays the same`() {
        var clock = ServiceClock(now: Self.at(0))
        clock.read(Self.at(5_000), expectedAt: Self.at(0))
        #expect(clock.deadline(at: .init(nanoseconds: .max)).nanoseconds == .max)
        #expect(clock.monotonic(.init(nanoseconds: .max)).nanoseconds == .max)
    }
}

@Suite struct TimerGateTests {
    private static func at(_ seconds: UInt64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: seconds * 1_000_000_000)
    }

    private func open(
        _ gate: inout TimerGate, due: UInt64?, now: UInt64, recorded: UInt64, handled: UInt64, short: Bool = false
    ) -> MonotonicInstant? {
        gate.openUntil(
            due: due.map { Self.at($0) }, now: Self.at(now), recordedCount: recorded, handledCount: handled,
            hasShortage: short)
    }

    @Test func `no timer is handled before its time`() {
        var gate = TimerGate(shortageRoundCountMax: 2)
        #expect(open(&gate, due: nil, now: 5, recorded: 0, handled: 0) == nil)
        #expect(open(&gate, due: 6, now: 5, recorded: 0, handled: 0) == nil)
        #expect(open(&gate, due: 5, now: 5, recorded: 9, handled: 9) == Self.at(5))
    }

    @Test func `completions recorded before a timer came due are handled before it, later ones are not`() {
        var gate = TimerGate(shortageRoundCountMax: 2)
        #expect(open(&gate, due: 5, now: 5, recorded: 3_000, handled: 1_000) == nil)
        #expect(open(&gate, due: 5, now: 6, recorded: 5_000, handled: 2_000) == nil)
        // Timers that came due since then wait for the completions recorded since then.
        #expect(open(&gate, due: 5, now: 7, recorded: 7_000, handled: 3_000) == Self.at(5))
        #expect(open(&gate, due: 6, now: 7, recorded: 7_000, handled: 3_000) == nil)
        #expect(open(&gate, due: 6, now: 8, recorded: 9_000, handled: 7_000) == Self.at(7))
    }

    @Test func `a shortage of buffers holds timers back, but not without end`() {
        var gate = TimerGate(shortageRoundCountMax: 2)
        #expect(open(&gate, due: 5, now: 5, recorded: 10, handled: 10, short: true) == nil)
        #expect(open(&gate, due: 5, now: 5, recorded: 20, handled: 20, short: true) == nil)
        #expect(open(&gate, due: 5, now: 6, recorded: 30, handled: 30, short: true) == Self.at(5))
        #expect(open(&gate, due: 6, now: 6, recorded: 40, handled: 40, short: true) == nil)
        #expect(open(&gate, due: 6, now: 6, recorded: 41, handled: 41) == Self.at(6))
    }

    @Test func `a shortage before the last turn of a hold keeps the gate closed too`() {
        var gate = TimerGate(shortageRoundCountMax: 2)
        #expect(open(&gate, due: 5, now: 5, recorded: 20, handled: 10, short: true) == nil)
        // The receive was retried in this turn, and its completion is the last one recorded.
        #expect(open(&gate, due: 5, now: 6, recorded: 21, handled: 20) == nil)
        #expect(open(&gate, due: 5, now: 7, recorded: 21, handled: 21) == Self.at(5))
    }

    @Test func `a receive that is retried after the last turn of a hold is handled before the timers`() {
        var gate = TimerGate(shortageRoundCountMax: 2)
        #expect(open(&gate, due: 5, now: 5, recorded: 10, handled: 10, short: true) == nil)
        // More was recorded in this turn than it handled, the retried receive last.
        #expect(open(&gate, due: 5, now: 6, recorded: 30, handled: 20) == nil)
        #expect(open(&gate, due: 5, now: 7, recorded: 30, handled: 30) == Self.at(5))
    }
}
