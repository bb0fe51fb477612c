import Primitives
import Reactor

/// The timing wheel with a million timers, as in a reactor full of idle streams, and the mailbox.
let reactorBenchmarks = [
    Benchmark(
        name: "wheel-schedule-cancel", operation: "a timer scheduled and cancelled beside 1,000,000 others",
        batchOperationCount: 10_000
    ) {
        let wheel = FullWheel()
        return Benchmark.Batch { wheel.scheduleAndCancel(count: 10_000) }
    },
    Benchmark(
        name: "wheel-fire", operation: "one of 1,000,000 timers fired, and scheduled again a minute later",
        batchOperationCount: 10_000
    ) {
        let wheel = FullWheel()
        return Benchmark.Batch { wheel.fire(count: 10_000) }
    },
    Benchmark(
        name: "mailbox", operation: "a message pushed and popped, without another thread",
        batchOperationCount: 10_000
    ) {
        let mailbox = Mailbox<UInt64>(commandCountMax: 1_024)
        return Benchmark.Batch {
            for number in 0..<UInt64(10_000) {
                precondition(mailbox.push(number) && mailbox.pop() == number, "the mailbox was empty")
            }
        }
    },
]

/// A wheel with a million timers, spread evenly over the next minute.
private final class FullWheel {
    private static let timerCount = 1_000_000
    private static let period = Duration.seconds(60)

    private var now = MonotonicInstant(nanoseconds: 1_000_000_000)
    private var wheel: TimingWheel
    private var due: [UInt64] = []

    init() {
        wheel = TimingWheel(now: now)
        due.reserveCapacity(10_000)
        for number in 0..<Self.timerCount {
            _ = wheel.schedule(at: now + Self.period / Self.timerCount * number, token: UInt64(number))
        }
    }

    func scheduleAndCancel(count: Int) {
        Self.scheduleAndCancel(count: count, from: now, in: &wheel)
    }

    func fire(count: Int) {
        Self.fire(count: count, from: &now, in: &wheel, due: &due)
    }

    private static func scheduleAndCancel(count: Int, from now: MonotonicInstant, in wheel: inout TimingWheel) {
        for number in 0..<count {
            let timer = wheel.schedule(at: now + .milliseconds(6 * number), token: 0)
            precondition(wheel.cancel(timer), "the timer stands")
        }
    }

    private static func fire(
        count: Int, from now: inout MonotonicInstant, in wheel: inout TimingWheel, due: inout [UInt64]
    ) {
        var remaining = count
        while remaining > 0 {
            now = now + .milliseconds(5)
            wheel.advance(to: now, budget: remaining) { due.append($0) }
            remaining -= due.count
            let deadline = now + period
            for token in due { _ = wheel.schedule(at: deadline, token: token) }
            due.removeAll(keepingCapacity: true)
        }
    }
}
