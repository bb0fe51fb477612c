import Primitives
import Testing

@testable import Reactor

@Suite struct TimingWheelTests {
    static let tick = UInt64(1) << TimingWheel.tickShift

    private static func at(_ ticks: UInt64) -> MonotonicInstant { MonotonicInstant(nanoseconds: ticks * tick) }

    /// The timers that fire when a wheel at tick `start` is turned to each of `turns`.
    @Test(
        arguments: [
            (start: 0, deadlines: [1], turns: [1], fired: [[]]),
            (start: 0, deadlines: [1], turns: [2], fired: [[0]]),
            (start: 0, deadlines: [0], turns: [1], fired: [[0]]),
            (start: 100, deadlines: [3], turns: [101], fired: [[0]]),
            (start: 0, deadlines: [62, 63, 64], turns: [63, 64, 65], fired: [[0], [1], [2]]),
            (
                start: 60, deadlines: [70, 4_200, 300_000], turns: [70, 71, 4_200, 4_201, 300_001],
                fired: [[], [0], [], [1], [2]]
            ),
            (start: 4_095, deadlines: [4_095, 4_096], turns: [4_096, 4_097], fired: [[0], [1]]),
            (start: 5, deadlines: [9, 9, 9], turns: [1_000_000], fired: [[2, 1, 0]]),
            (start: 7, deadlines: [200, 100], turns: [1 << 30], fired: [[1, 0]]),
        ] as [(start: UInt64, deadlines: [UInt64], turns: [UInt64], fired: [[UInt64]])])
    func `timers fire in the order of their ticks, at most one tick after the deadline`(
        start: UInt64, deadlines: [UInt64], turns: [UInt64], fired: [[UInt64]]
    ) {
        var wheel = TimingWheel(now: Self.at(start))
        for (token, deadline) in deadlines.enumerated() {
            _ = wheel.schedule(at: Self.at(deadline), token: UInt64(token))
        }
        for (turn, expected) in zip(turns, fired) {
            var tokens: [UInt64] = []
            wheel.advance(to: Self.at(turn), budget: .max) { tokens.append($0) }
            #expect(tokens == expected, "at tick \(turn)")
        }
    }

    @Test func `a cancelled timer does not fire, and its name is stale`() {
        var wheel = TimingWheel(now: Self.at(0))
        let first = wheel.schedule(at: Self.at(10), token: 1)
        let second = wheel.schedule(at: Self.at(10), token: 2)
        var isCancelled = [wheel.cancel(first), wheel.cancel(first)]
        #expect(isCancelled == [true, false])
        let reused = wheel.schedule(at: Self.at(10), token: 3)
        isCancelled = [wheel.cancel(first)]
        #expect(isCancelled == [false], "the slot is another timer's now")
        var tokens: [UInt64] = []
        wheel.advance(to: Self.at(20), budget: .max) { tokens.append($0) }
        #expect(tokens.sorted() == [2, 3])
        isCancelled = [wheel.cancel(second), wheel.cancel(reused)]
        #expect(isCancelled == [false, false])
        #expect(wheel.count == 0)
        #expect(wheel.nextDeadline == nil)
    }

    /// Regression: a wheel that stopped at a multiple of 64 ticks for lack of budget went back one tick, and then
    /// took the timers of the 63 ticks after it for due.
    @Test func `a spent budget makes nothing fire early`() {
        var wheel = TimingWheel(now: Self.at(0))
        for token in 0..<3 { _ = wheel.schedule(at: Self.at(63), token: UInt64(token)) }
        _ = wheel.schedule(at: Self.at(100), token: 99)
        var tokens: [UInt64] = []
        wheel.advance(to: Self.at(64), budget: 2) { tokens.append($0) }
        #expect(tokens.count == 2)
        #expect(wheel.nextDeadline.map { $0 <= Self.at(64) } == true, "the rest is still due")
        wheel.advance(to: Self.at(64), budget: 2) { tokens.append($0) }
        #expect(tokens.sorted() == [0, 1, 2])
        wheel.advance(to: Self.at(101), budget: 2) { tokens.append($0) }
        #expect(tokens.last == 99)
    }

    @Test func `a deadline at the end of time is far away and never due`() {
        var wheel = TimingWheel(now: Self.at(1_000))
        _ = wheel.schedule(at: MonotonicInstant(nanoseconds: .max), token: 1)
        #expect(wheel.nextDeadline == MonotonicInstant(nanoseconds: .max))
        var isFired = false
        wheel.advance(to: MonotonicInstant(nanoseconds: .max), budget: .max) { _ in isFired = true }
        #expect(!isFired)
        _ = wheel.schedule(at: Self.at(2_000), token: 2)
        #expect(wheel.count == 2)
    }

    /// The wheel against a dictionary of deadlines, over a million virtual hours.
    @Test(arguments: Seed.all)
    func `the wheel agrees with a list of timers`(seed: Seed) {
        var random = SeededGenerator(seed: seed.value)
        let end = UInt64(1_000_000) * 3_600 * 1_000_000_000
        var now = UInt64.random(in: 0...1 << 40, using: &random)
        var wheel = TimingWheel(now: MonotonicInstant(nanoseconds: now))
        var model: [UInt64: (deadline: UInt64, name: TimerID)] = [:]
        var nextToken: UInt64 = 0
        var firedCount = 0
        while now < end {
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                // From microseconds to months, evenly in their logarithm.
                let span = UInt64(1) << UInt64.random(in: 10...53, using: &random)
                let deadline = now + UInt64.random(in: 0...span, using: &random)
                let name = wheel.schedule(at: MonotonicInstant(nanoseconds: deadline), token: nextToken)
                model[nextToken] = (deadline, name)
                nextToken += 1
            }
            if Int.random(in: 0..<3, using: &random) == 0, let victim = model.min(by: { $0.key < $1.key }) {
                model[victim.key] = nil
                let isCancelled = wheel.cancel(victim.value.name)
                #expect(isCancelled)
            }
            now += UInt64(1) << UInt64.random(in: 16...50, using: &random)
            let budget = Bool.random(using: &random) ? Int.random(in: 1...3, using: &random) : .max
            var fired: [UInt64] = []
            wheel.advance(to: MonotonicInstant(nanoseconds: now), budget: budget) { fired.append($0) }
            firedCount += fired.count
            var lastTick: UInt64 = 0
            for token in fired {
                guard let timer = model.removeValue(forKey: token) else {
                    Issue.record("timer \(token) fired that does not exist")
                    return
                }
                #expect(timer.deadline <= now, "timer \(token) fired early")
                #expect(timer.deadline >> TimingWheel.tickShift >= lastTick, "out of order")
                lastTick = timer.deadline >> TimingWheel.tickShift
            }
            if fired.count < budget {
                // A timer that is overdue by a tick now was missed.
                let late = model.values.contains { $0.deadline + Self.tick <= now }
                #expect(!late, "a timer is late at \(now)")
            }
            #expect(wheel.count == model.count)
            if let earliest = model.values.map(\.deadline).min() {
                let next = wheel.nextDeadline
                #expect(next.map { $0.nanoseconds <= earliest + Self.tick } == true, "the loop would oversleep")
            } else {
                #expect(wheel.nextDeadline == nil)
            }
        }
        #expect(firedCount > 1_000)
    }
}
