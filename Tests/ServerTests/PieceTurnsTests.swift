import Testing

@testable import Server

/// Pieces are bounded in each turn, and tasks that wait have theirs in order.
@Suite struct PieceTurnsTests {
    @MainActor private final class Log { var order: [Int] = [] }

    @Test func `so many pieces are taken in a turn, and as many in the next`() {
        var turns = PieceTurns(countMax: 2)
        #expect(turns.take() && turns.take() && !turns.take())
        #expect(turns.turnEnded().isEmpty)
        #expect(turns.take() && turns.take() && !turns.take())
    }

    @MainActor @Test func `waiting tasks go first, in order, and take the pieces of their turn`() async {
        var turns = PieceTurns(countMax: 2)
        #expect(turns.take() && turns.take())
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
        #expect(turns.isWaiting)
        let first = turns.turnEnded()
        #expect(first.count == 2 && !turns.take(), "those that waited take the pieces of the turn")
        for task in first { task.resume() }
        for task in tasks.prefix(2) { await task.value }
        #expect(log.order.sorted() == [0, 1])
        let second = turns.turnEnded()
        #expect(second.count == 1 && !turns.isWaiting && turns.take() && !turns.take())
        for task in second { task.resume() }
        await tasks[2].value
        #expect(log.order.last == 2)
    }
}
