import Primitives
import Testing

@testable import Server

/// Pieces are bounded in each turn and in the time that they take, and tasks that wait have theirs in order.
@Suite struct PieceTurnsTests {
    @MainActor private final class Log { var order: [Int] = [] }

    private func at(_ nanoseconds: UInt64) -> MonotonicInstant { MonotonicInstant(nanoseconds: nanoseconds) }

    /// How many of three pieces are taken in the turn that began then.
    private func taken(_ turns: inout PieceTurns, at nanoseconds: UInt64) -> Int {
        (0..<3).count { _ in turns.take(turnBeganAt: at(nanoseconds)) }
    }

    @Test func `so many pieces are taken in a turn, and as many after a pause as long as the turn`() {
        var turns = PieceTurns(countMax: 2)
        #expect(turns.isIdle)
        #expect(taken(&turns, at: 1_000) == 2 && !turns.isIdle)
        #expect(turns.turnEnded(beganAt: at(1_000), at: at(1_300)).isEmpty)
        #expect(turns.isIdle && turns.nextTurnAt == nil)
        #expect(taken(&turns, at: 1_599) == 0 && taken(&turns, at: 1_600) == 2)
    }

    @Test func `a turn in which no piece was taken has no pause`() {
        var turns = PieceTurns(countMax: 1)
        #expect(turns.turnEnded(beganAt: at(1_000), at: at(9_000)).isEmpty)
        #expect(taken(&turns, at: 9_000) == 1)
    }

    @MainActor @Test func `waiting tasks go first, in order, after the pause, and take the pieces of their turn`() async
    {
        var turns = PieceTurns(countMax: 2)
        #expect(taken(&turns, at: 1_000) == 2)
        let log = Log()
        var tasks: [Task<Void, Never>] = []
        for number in 0..<3 {
            let continuation = await withCheckedContinuation {
                (made: CheckedContinuation<CheckedContinuation<Void, Never>, Never>) in
                tasks.append(
                    Task { @MainActor in
                        await withCheckedContinuation { made.resume(returning: $0) }
                        log.order.append(number)
                    })
            }
            turns.wait(continuation)
        }
        #expect(turns.turnEnded(beganAt: at(1_000), at: at(1_100)).isEmpty, "it is the pause")
        #expect(turns.nextTurnAt == at(1_200))
        #expect(turns.turnEnded(beganAt: at(1_150), at: at(1_199)).isEmpty)
        let first = turns.turnEnded(beganAt: at(1_200), at: at(1_210))
        #expect(first.count == 2)
        #expect(taken(&turns, at: 1_210) == 0, "those that waited take the pieces of the turn")
        for task in first { task.resume() }
        for task in tasks.prefix(2) { await task.value }
        #expect(log.order.sorted() == [0, 1])
        #expect(turns.turnEnded(beganAt: at(1_210), at: at(1_310)).isEmpty)
        #expect(turns.nextTurnAt == at(1_410))
        let second = turns.turnEnded(beganAt: at(1_410), at: at(1_411))
        #expect(second.count == 1 && turns.nextTurnAt == nil)
        #expect(taken(&turns, at: 1_411) == 1)
        for task in second { task.resume() }
        await tasks[2].value
        #expect(log.order.last == 2)
    }
}
