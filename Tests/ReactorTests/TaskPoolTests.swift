import Synchronization
import Testing

@testable import Reactor

/// Tasks that handle items, on a reactor whose thread is the test's.
@Suite struct TaskPoolTests {
    typealias Handler = EchoHandler<VirtualDriver>
    typealias TestReactor = Handler.EchoReactor

    /// What the tasks did.
    @safe private final class Journal: @unchecked Sendable {
        // @unchecked: the test and the tasks run on one thread.
        var begun: [Int] = []
        var ended: [Int] = []
        var suspended: [UnsafeContinuation<Void, Never>] = unsafe []

        func wait() async { await unsafe withUnsafeContinuation { unsafe suspended.append($0) } }
        func resumeFirst() { unsafe suspended.removeFirst().resume() }
    }

    private static func makeReactor() -> TestReactor {
        var limits = ReactorLimits()
        limits.descriptorCountMax = 16
        limits.descriptorReserveCount = 4
        limits.receiveBufferCount = 4
        let reactor = TestReactor(
            driver: VirtualDriver(network: VirtualNetwork(seed: 1), limits: limits), limits: limits)
        reactor.attach(Handler(reactor: reactor, modes: [Handler.Mode()]))
        return reactor
    }

    private let reactor = Self.makeReactor()
    private let journal = Journal()

    /// A pool whose tasks suspend in each item below zero.
    private func makePool(waitingCountMax: Int = 2) -> TaskPool<Int> {
        TaskPool(on: reactor, waitingCountMax: waitingCountMax) { [journal] item in
            journal.begun.append(item)
            if item < 0 { await journal.wait() }
            journal.ended.append(item)
        }
    }

    @Test func `an item is handled before the start returns`() {
        let pool = makePool()
        for item in 1...3 {
            reactor.start(item, in: pool)
            #expect(journal.ended.last == item)
            #expect(pool.waitingCount == 1, "one task handles them all")
        }
        #expect(reactor.statistics.jobCount == 3)
    }

    @Test func `an item that waits leaves its task, and another takes the next`() {
        let pool = makePool()
        reactor.start(-1, in: pool)
        reactor.start(2, in: pool)
        #expect(journal.begun == [-1, 2] && journal.ended == [2])
        journal.resumeFirst()
        #expect(journal.ended == [2], "a task that continues waits for the jobs of its turn")
        reactor.turn()
        #expect(journal.ended == [2, -1])
        #expect(pool.waitingCount == 2)
    }

    @Test func `an item behind a job that waits is handled after it, without a task until then`() {
        let pool = makePool()
        reactor.start(-1, in: pool)
        journal.resumeFirst()
        for item in 2...4 { reactor.start(item, in: pool) }
        #expect(journal.begun == [-1])
        #expect(pool.waitingCount == 0)
        reactor.turn()
        #expect(journal.ended == [-1, 2, 3, 4])
        #expect(pool.waitingCount == 1, "the first task handles them all")
    }

    @Test func `an item that a job starts is handled after the job`() {
        let pool = makePool()
        let (reactor, journal) = (reactor, journal)
        let outer = TaskPool<Int>(on: reactor, waitingCountMax: 1) { item in
            reactor.start(item, in: pool)
            journal.begun.append(0)
        }
        reactor.start(7, in: outer)
        #expect(journal.begun == [0])
        #expect(reactor.statistics.jobCount == 1)
        reactor.turn()
        #expect(journal.begun == [0, 7])
    }

    @Test func `tasks beyond the number that waits end`() {
        let pool = makePool(waitingCountMax: 2)
        for item in 1...5 { reactor.start(-item, in: pool) }
        #expect(journal.begun == [-1, -2, -3, -4, -5])
        for _ in 1...5 { journal.resumeFirst() }
        reactor.turn()
        #expect(journal.ended.count == 5)
        #expect(pool.waitingCount == 2)
    }

    @Test func `a closed pool ends its tasks, and still handles what is in flight and what comes`() {
        let pool = makePool()
        reactor.start(1, in: pool)
        reactor.start(-2, in: pool)
        pool.close()
        reactor.turn()
        #expect(pool.waitingCount == 0)
        journal.resumeFirst()
        reactor.start(3, in: pool)
        reactor.turn()
        #expect(journal.ended == [1, -2, 3])
        #expect(pool.waitingCount == 0)
    }

    @Test func `a handled item is released while its task waits`() {
        final class Item: Sendable {}
        let pool = TaskPool<Item>(on: reactor, waitingCountMax: 1) { _ in }
        weak var weakItem: Item?
        do {
            let item = Item()
            weakItem = item
            reactor.start(item, in: pool)
        }
        #expect(pool.waitingCount == 1)
        #expect(weakItem == nil)
    }

    @Test func `items beyond a turn's count of jobs wait for the next turns, in order`() {
        let pool = makePool()
        let count = reactor.limits.jobBudgetPerTurn
        // One job is resumed, so that all items wait; each turn then handles as many as its count allows.
        reactor.start(-1, in: pool)
        journal.resumeFirst()
        for item in 1...2 * count { reactor.start(item, in: pool) }
        reactor.turn()
        #expect(journal.ended.count <= count)
        for _ in 0..<2 * count where journal.ended.count <= 2 * count { reactor.turn() }
        #expect(journal.ended == [-1] + Array(1...2 * count))
    }

    @Test func `an item whose work starts another of its pool`() {
        final class Chain: @unchecked Sendable {
            // @unchecked: one thread.
            var pool: TaskPool<Int>?
        }
        let (reactor, journal, chain) = (reactor, journal, Chain())
        let pool = TaskPool<Int>(on: reactor, waitingCountMax: 1) { item in
            journal.begun.append(item)
            if item > 0, let pool = chain.pool { reactor.start(item - 1, in: pool) }
        }
        chain.pool = pool
        reactor.start(3, in: pool)
        #expect(journal.begun == [3])
        for _ in 0..<8 { reactor.turn() }
        #expect(journal.begun == [3, 2, 1, 0])
        chain.pool = nil
    }
}
