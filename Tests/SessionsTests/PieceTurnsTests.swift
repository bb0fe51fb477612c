import Primitives
import Testing

@testable import Sessions

/// Pieces are bounded in each turn and in the time that they take, and tasks that wait have theirs in order.
@Suite struct PieceTurnsTests {
    private func at(_ nanoseconds: UInt64) -> MonotonicInstant { MonotonicInstant(nanoseconds: nanoseconds) }

    /// How many of three pieces are taken in the turn that began then.
    private func taken(_ turns: inout PieceTurns<Int>, at nanoseconds: UInt64) -> Int {
        (0..<3).count { _ in turns.take(turnBeganAt: at(nanoseconds)) }
    }

    @Test func `a turn takes a limited number of pieces, and the next one begins after a pause as long as the turn`() {
        var turns = PieceTurns<Int>(countMax: 2)
        #expect(turns.isIdle)
        #expect(taken(&turns, at: 1_000) == 2 && !turns.isIdle)
        #expect(turns.turnEnded(beganAt: at(1_000), at: at(1_300)).isEmpty)
        #expect(turns.isIdle && turns.nextTurnAt == nil)
        #expect(taken(&turns, at: 1_599) == 0 && taken(&turns, at: 1_600) == 2)
    }

    @Test func `a turn in which no piece was taken has no pause`() {
        var turns = PieceTurns<Int>(countMax: 1)
        #expect(turns.turnEnded(beganAt: at(1_000), at: at(9_000)).isEmpty)
        #expect(taken(&turns, at: 9_000) == 1)
    }

    @Test func `waiting tasks go first, in order, after the pause, and take the pieces of their turn`() {
        var turns = PieceTurns<Int>(countMax: 2)
        #expect(taken(&turns, at: 1_000) == 2)
        for number in 0..<3 { turns.wait(number) }
        #expect(turns.turnEnded(beganAt: at(1_000), at: at(1_100)).isEmpty, "the pause is not over")
        #expect(turns.nextTurnAt == at(1_200))
        #expect(turns.turnEnded(beganAt: at(1_150), at: at(1_199)).isEmpty)
        #expect(turns.turnEnded(beganAt: at(1_200), at: at(1_210)) == [0, 1])
        #expect(taken(&turns, at: 1_210) == 0, "the waiting tasks have taken the pieces of the turn")
        #expect(turns.turnEnded(beganAt: at(1_210), at: at(1_310)).isEmpty)
        #expect(turns.nextTurnAt == at(1_410))
        #expect(turns.turnEnded(beganAt: at(1_410), at: at(1_411)) == [2])
        #expect(turns.nextTurnAt == nil)
        #expect(taken(&turns, at: 1_411) == 1)
    }
}
