import Primitives
import Testing

@testable import Storage

/// The pool's decisions, as scripts of events and the actions that follow.
@Suite struct PoolMachineTests {
    /// A machine with a clock of its own.
    private struct Bench {
        var machine: PoolMachine
        var now = MonotonicInstant(nanoseconds: 1_000_000_000)
        private var requestCount: UInt64 = 0

        init(connectionCount: Int, isReady: Bool = true) {
            var settings = PoolSettings()
            settings.connectionCount = connectionCount
            settings.batchCountMax = 3
            machine = PoolMachine(settings: settings, jitterSeed: 7, now: now)
            guard isReady else { return }
            _ = machine.ticked(at: now)
            for index in 0..<connectionCount {
                _ = machine.connected(index, at: now)
                _ = machine.prepared(index, at: now)
            }
        }

        mutating func request(_ kind: PoolRequest.Kind, isLookUp: Bool = false, key: UInt64 = 0) -> [PoolAction] {
            requestCount += 1
            return machine.requested(
                PoolRequest(
                    id: requestCount, kind: kind, isLookUp: isLookUp, key: key, deadline: now + .seconds(5)), at: now)
        }

        /// All commands of the segment that is awaited are done, and so is the Sync.
        mutating func segmentDone(on index: Int) -> [PoolAction] {
            while machine.awaitedCommand(on: index) != nil { machine.commandCompleted(on: index) }
            return machine.synced(on: index, at: now)
        }
    }

    private func segment(_ requests: UInt64...) -> PoolSegment {
        PoolSegment(requests.map { PoolRequest(id: $0, kind: .append, deadline: .init(nanoseconds: 0)) })
    }

    /// The segment of an append that is sent again.
    private func checkedSegment(_ request: UInt64) -> PoolSegment {
        var request = PoolRequest(id: request, kind: .append, deadline: .init(nanoseconds: 0))
        request.isUncertain = true
        return PoolSegment([request])
    }

    private let lost = StorageError(.unavailable, detail: "lost")

    @Test func `without the node's lock writes wait, up to their deadline, and reads go on`() {
        var bench = Bench(connectionCount: 2)
        #expect(bench.machine.writability(false, at: bench.now) == [])
        #expect(bench.request(.append) == [])
        #expect(bench.request(.read) != [])
        #expect(bench.machine.writability(true, at: bench.now) == [.send(0, segment(1))], "a short loss fails no write")
        #expect(bench.segmentDone(on: 0) == [.answer(1, nil)])
        #expect(bench.machine.writability(false, at: bench.now) == [])
        #expect(bench.request(.append) == [])
        bench.now = bench.now + .seconds(5)
        let error = StorageError(.unavailable, detail: "another node may hold the database's lock")
        let actions = bench.machine.ticked(at: bench.now)
        #expect(actions.contains(.answer(3, error)))
    }

    @Test func `a pool connects at once, sets the session up, then sends`() {
        var bench = Bench(connectionCount: 1, isReady: false)
        #expect(bench.machine.ticked(at: bench.now) == [.connect(0)])
        #expect(bench.request(.append) == [])
        #expect(bench.machine.connected(0, at: bench.now) == [.prepare(0)])
        #expect(bench.machine.prepared(0, at: bench.now) == [.send(0, segment(1))])
        #expect(bench.segmentDone(on: 0) == [.answer(1, nil)])
    }

    @Test func `appends that come while one is in flight share the next transaction, as many as fit`() {
        var bench = Bench(connectionCount: 1)
        #expect(bench.request(.append) == [.send(0, segment(1))])
        for _ in 2...5 { #expect(bench.request(.append) == []) }
        #expect(bench.segmentDone(on: 0) == [.answer(1, nil), .send(0, segment(2, 3, 4))])
        #expect(
            bench.segmentDone(on: 0) == [.answer(2, nil), .answer(3, nil), .answer(4, nil), .send(0, segment(5))])
    }

    @Test func `no append is answered before the Sync`() {
        var bench = Bench(connectionCount: 1)
        _ = bench.request(.append)
        bench.machine.commandCompleted(on: 0)
        #expect(bench.machine.pendingWriteCount == 1)
        #expect(bench.machine.synced(on: 0, at: bench.now) == [.answer(1, nil)])
    }

    @Test func `a row that aborts its transaction fails alone, and the order stays`() {
        var bench = Bench(connectionCount: 1)
        for _ in 1...4 { _ = bench.request(.append) }
        #expect(bench.segmentDone(on: 0) == [.answer(1, nil), .send(0, segment(2, 3, 4))])
        let invalid = StorageError(.invalid, detail: "row")
        bench.machine.commandCompleted(on: 0)
        bench.machine.commandFailed(invalid, on: 0)
        bench.machine.commandAborted(on: 0)
        _ = bench.request(.append)
        #expect(
            bench.machine.synced(on: 0, at: bench.now) == [.answer(3, invalid), .send(0, segment(2, 4))],
            "what came meanwhile has its turn later")
        #expect(bench.segmentDone(on: 0) == [.answer(2, nil), .answer(4, nil), .send(0, segment(5))])
    }

    @Test func `when a repeated transaction is aborted, or its commit is, each append has its own`() {
        var bench = Bench(connectionCount: 1)
        for key: UInt64 in 1...4 { _ = bench.request(.append, key: key) }
        _ = bench.segmentDone(on: 0)
        let invalid = StorageError(.invalid)
        bench.machine.commandFailed(invalid, on: 0)
        for _ in 1...2 { bench.machine.commandAborted(on: 0) }
        #expect(bench.machine.synced(on: 0, at: bench.now) == [.answer(2, invalid), .send(0, segment(3, 4))])
        for _ in 1...2 { bench.machine.commandCompleted(on: 0) }
        bench.machine.commandFailed(invalid, on: 0)
        #expect(bench.machine.synced(on: 0, at: bench.now) == [.send(0, segment(3)), .send(0, segment(4))])
        bench.machine.commandCompleted(on: 0)
        bench.machine.commandFailed(invalid, on: 0)
        #expect(bench.machine.synced(on: 0, at: bench.now) == [.answer(3, invalid)])
        #expect(bench.segmentDone(on: 0) == [.answer(4, nil)])
    }

    @Test func `a commit that fails after commands that succeeded is a failure`() {
        var bench = Bench(connectionCount: 1)
        _ = bench.request(.append)
        bench.machine.commandCompleted(on: 0)
        let full = StorageError(.full)
        bench.machine.commandFailed(full, on: 0)
        #expect(bench.machine.synced(on: 0, at: bench.now) == [.answer(1, full)])
    }

    @Test func `a lock fails the appends of its shop, and all appends when it is met a second time`() {
        var bench = Bench(connectionCount: 1)
        _ = bench.request(.append)
        // Two appends of the locked shop, one before and one after another shop's; more of both come later.
        for key: UInt64 in [7, 8, 7] { _ = bench.request(.append, key: key) }
        _ = bench.segmentDone(on: 0)
        for key: UInt64 in [7, 8, 9] { _ = bench.request(.append, key: key) }
        let busy = StorageError(.busy)
        bench.machine.commandFailed(busy, on: 0)
        for _ in 1...2 { bench.machine.commandAborted(on: 0) }
        #expect(
            bench.machine.synced(on: 0, at: bench.now) == [.answer(2, busy), .answer(4, busy), .send(0, segment(3))],
            "the other shop's does not meet the lock again with those that came later")
        #expect(bench.segmentDone(on: 0) == [.answer(3, nil), .send(0, segment(5, 6, 7))])
        bench.machine.commandFailed(busy, on: 0)
        for _ in 1...2 { bench.machine.commandAborted(on: 0) }
        #expect(bench.machine.synced(on: 0, at: bench.now) == [.answer(5, busy), .send(0, segment(6, 7))])
        bench.machine.commandFailed(busy, on: 0)
        bench.machine.commandAborted(on: 0)
        #expect(bench.machine.synced(on: 0, at: bench.now) == [.answer(6, busy), .answer(7, busy)])
    }

    @Test func `a transaction that the server rolled back for another one is sent again unchanged, a few times`() {
        var bench = Bench(connectionCount: 1)
        _ = bench.request(.append)
        for key: UInt64 in 2...4 { _ = bench.request(.append, key: key) }
        #expect(bench.segmentDone(on: 0) == [.answer(1, nil), .send(0, segment(2, 3, 4))])
        let deadlock = StorageError(.busy, detail: "deadlock")
        for _ in 2...PoolSettings().sendCountMax {
            bench.machine.commandFailed(deadlock, isTransient: true, on: 0)
            for _ in 1...2 { bench.machine.commandAborted(on: 0) }
            #expect(bench.machine.synced(on: 0, at: bench.now) == [.send(0, segment(2, 3, 4))])
        }
        bench.machine.commandFailed(deadlock, isTransient: true, on: 0)
        for _ in 1...2 { bench.machine.commandAborted(on: 0) }
        #expect(bench.machine.synced(on: 0, at: bench.now) == [.answer(2, deadlock), .send(0, segment(3, 4))])
    }

    @Test(arguments: [PoolRequest.Kind.read, .write(isRepeatable: false)])
    func `a read or another write that the server rolled back is sent again too`(kind: PoolRequest.Kind) {
        var bench = Bench(connectionCount: 1)
        #expect(bench.request(kind) == [.send(0, segment(1))])
        bench.machine.commandFailed(StorageError(.busy), isTransient: true, on: 0)
        #expect(bench.machine.synced(on: 0, at: bench.now) == [.send(0, segment(1))])
        #expect(bench.segmentDone(on: 0) == [.answer(1, nil)])
    }

    @Test func `other writes have a transaction each, in order with the appends`() {
        var bench = Bench(connectionCount: 1)
        _ = bench.request(.append)
        _ = bench.request(.write(isRepeatable: true))
        _ = bench.request(.append)
        #expect(bench.segmentDone(on: 0) == [.answer(1, nil), .send(0, segment(2))])
        #expect(bench.segmentDone(on: 0) == [.answer(2, nil), .send(0, segment(3))])
    }

    @Test func `writes of one key stay on one connection, and no read precedes a write`() {
        var bench = Bench(connectionCount: 3)
        #expect(bench.request(.append, key: 1) == [.send(1, segment(1))])
        #expect(bench.request(.append, key: 1) == [])
        #expect(bench.request(.read) == [.send(2, segment(3))])
        #expect(bench.request(.read) == [.send(2, segment(4))])
        #expect(bench.request(.read) == [], "nor after more reads than keep the server busy")
        #expect(bench.request(.append, key: 2) == [.send(0, segment(6))])
        #expect(bench.segmentDone(on: 2) == [.answer(3, nil), .send(2, segment(5))])
    }

    @Test(arguments: [(1, 1), (2, 1), (3, 2), (4, 3), (6, 4), (9, 6)])
    func `one connection in three reads, at least one when there are two`(count: Int, writerCount: Int) {
        var settings = PoolSettings()
        settings.connectionCount = count
        #expect(settings.writerCount == writerCount)
    }

    @Test func `a single connection, or the only one left, serves writes and one read at a time`() {
        for lostIndex in [nil, 0, 1] {
            var bench = Bench(connectionCount: lostIndex == nil ? 1 : 2)
            if let lostIndex { _ = bench.machine.disconnected(lostIndex, lost, at: bench.now) }
            let index = lostIndex == 0 ? 1 : 0
            #expect(bench.request(.read) == [.send(index, segment(1))])
            #expect(bench.request(.append) == [.send(index, segment(2))])
            // A connection for reads stays one.
            #expect(bench.request(.read) == (lostIndex == 0 ? [.send(1, segment(3))] : []))
        }
    }

    @Test func `a look-up goes before lists that wait, and look-ups keep their order`() {
        var bench = Bench(connectionCount: 1)
        #expect(bench.request(.read) == [.send(0, segment(1))], "a list")
        #expect(bench.request(.read) == [], "a list that waits")
        #expect(bench.request(.read, isLookUp: true) == [])
        #expect(bench.request(.read, isLookUp: true) == [])
        #expect(bench.segmentDone(on: 0) == [.answer(1, nil), .send(0, segment(3))])
        #expect(bench.segmentDone(on: 0) == [.answer(3, nil), .send(0, segment(4))])
        #expect(bench.segmentDone(on: 0) == [.answer(4, nil), .send(0, segment(2))])
    }

    @Test func `a look-up takes an idle writer while the reader has a list, and a list does not`() {
        var bench = Bench(connectionCount: 2)
        #expect(bench.request(.read) == [.send(1, segment(1))])
        #expect(bench.request(.read, isLookUp: true) == [.send(0, segment(2))])
        #expect(bench.request(.read) == [.send(1, segment(3))], "after the first list, though the writer is idle soon")
        #expect(bench.segmentDone(on: 0) == [.answer(2, nil)])
    }

    @Test func `a look-up that was lost with its connection goes before lists again`() {
        var bench = Bench(connectionCount: 1)
        #expect(bench.request(.read, isLookUp: true) == [.send(0, segment(1))])
        #expect(bench.request(.read) == [])
        _ = bench.machine.disconnected(0, lost, at: bench.now)
        bench.now = bench.now + .seconds(1)
        _ = bench.machine.ticked(at: bench.now)
        _ = bench.machine.connected(0, at: bench.now)
        #expect(bench.machine.prepared(0, at: bench.now) == [.send(0, segment(1))])
    }

    @Test func `the time limit of an answer begins when the server reaches its request`() {
        var bench = Bench(connectionCount: 1)
        _ = bench.request(.read)
        _ = bench.request(.append)
        for _ in 1...2 {
            bench.now = bench.now + .seconds(7)
            #expect(bench.machine.ticked(at: bench.now) == [])
            _ = bench.segmentDone(on: 0)
        }
        #expect(bench.machine.pendingReadCount + bench.machine.pendingWriteCount == 0)
    }

    @Test func `an append whose transaction was not seen to end is sent again with a check`() {
        var bench = Bench(connectionCount: 1)
        _ = bench.request(.append)
        _ = bench.request(.append)
        bench.machine.commandCompleted(on: 0)
        #expect(bench.machine.disconnected(0, lost, at: bench.now) == [])
        bench.now = bench.now + .milliseconds(200)
        #expect(bench.machine.ticked(at: bench.now) == [.connect(0)])
        _ = bench.machine.connected(0, at: bench.now)
        // The append that was never sent is certain. It is sent after the uncertain one.
        #expect(bench.machine.prepared(0, at: bench.now) == [.send(0, checkedSegment(1))])
        #expect(bench.segmentDone(on: 0) == [.answer(1, nil), .send(0, segment(2))])
    }

    @Test func `a write that must not be repeated is unavailable when its connection dies, and other requests go on`() {
        var bench = Bench(connectionCount: 2)
        _ = bench.request(.write(isRepeatable: false), key: 0)
        _ = bench.request(.append, key: 2)
        _ = bench.request(.read)
        #expect(
            bench.machine.disconnected(0, lost, at: bench.now) == [
                .answer(1, StorageError(.unavailable, detail: "lost").withUnknownOutcome), .send(1, segment(2)),
            ])
        #expect(bench.request(.append, key: 2) == [], "still after the first of its key, on the same connection")
    }

    @Test func `an uncertain append stays uncertain, whatever the next one results in`() {
        var bench = Bench(connectionCount: 2)
        _ = bench.request(.append, key: 0)
        _ = bench.machine.disconnected(0, lost, at: bench.now)
        let busy = StorageError(.busy, detail: "lock timeout")
        bench.machine.commandFailed(busy, on: 1)
        bench.machine.commandAborted(on: 1)
        #expect(bench.machine.synced(on: 1, at: bench.now) == [.answer(1, busy.withUnknownOutcome)])
    }

    @Test func `a request that ends every connection fails`() {
        var bench = Bench(connectionCount: 1)
        _ = bench.request(.read)
        for attempt in 1...PoolSettings().sendCountMax {
            let actions = bench.machine.disconnected(0, lost, at: bench.now)
            let isLast = attempt == PoolSettings().sendCountMax
            #expect(
                actions == (isLast ? [.answer(1, StorageError(.unavailable, detail: "lost").withUnknownOutcome)] : []))
            bench.now = bench.now + .seconds(1)
            #expect(bench.machine.ticked(at: bench.now) == [.connect(0)])
            _ = bench.machine.connected(0, at: bench.now)
            _ = bench.machine.prepared(0, at: bench.now)
        }
    }

    /// The pause before the connection is tried again.
    private func pause(_ bench: inout Bench) -> Duration {
        let before = bench.now
        while bench.machine.ticked(at: bench.now).isEmpty { bench.now = bench.now + .milliseconds(1) }
        return bench.now.since(before)
    }

    @Test func `a server that accepts and closes is retried after longer pauses, one that worked at once`() {
        var bench = Bench(connectionCount: 1)
        func hangUp() -> Duration {
            _ = bench.machine.disconnected(0, lost, at: bench.now)
            let waited = pause(&bench)
            _ = bench.machine.connected(0, at: bench.now)
            _ = bench.machine.prepared(0, at: bench.now)
            return waited
        }
        for _ in 1...4 { _ = hangUp() }
        #expect(hangUp() >= .milliseconds(800))
        _ = bench.request(.read)
        _ = bench.segmentDone(on: 0)
        #expect(hangUp() <= .milliseconds(51))
        for _ in 1...4 { _ = hangUp() }
        bench.now = bench.now + PoolSettings().backoffMax
        #expect(hangUp() <= .milliseconds(51))
    }

    @Test func `a connection that does not answer in time is closed and its append looked up`() {
        var bench = Bench(connectionCount: 2)
        _ = bench.request(.append, key: 0)
        bench.now = bench.now + PoolSettings().answerTimeout
        // Longer than any caller waits: the caller gets an unknown outcome.
        #expect(
            bench.machine.ticked(at: bench.now) == [
                .disconnect(0), .answer(1, StorageError(.unavailable, detail: "no answer in time").withUnknownOutcome),
            ])
    }

    @Test func `once every connect has failed requests are refused at once, with the reason`() {
        var bench = Bench(connectionCount: 2, isReady: false)
        _ = bench.machine.ticked(at: bench.now)
        let refused = StorageError(.unavailable, detail: "refused")
        _ = bench.machine.disconnected(0, refused, at: bench.now)
        #expect(bench.request(.read) == [])
        _ = bench.machine.disconnected(1, refused, at: bench.now)
        #expect(bench.request(.read) == [.answer(2, refused)])
        // The earlier request may still be answered when the database is back.
        #expect(bench.machine.pendingReadCount == 1)
        bench.now = bench.now + .seconds(5)
        #expect(bench.machine.ticked(at: bench.now).contains(.answer(1, refused)))
    }

    @Test func `pauses between connects grow to a bound and differ`() {
        var bench = Bench(connectionCount: 1, isReady: false)
        var pauses: [Duration] = []
        for _ in 0..<10 {
            var actions = bench.machine.ticked(at: bench.now)
            let before = bench.now
            while actions.isEmpty {
                bench.now = bench.now + .milliseconds(1)
                actions = bench.machine.ticked(at: bench.now)
            }
            #expect(actions == [.connect(0)])
            pauses.append(bench.now.since(before))
            _ = bench.machine.disconnected(0, lost, at: bench.now)
        }
        #expect(pauses[0] == .zero)
        #expect((.milliseconds(50)...(.milliseconds(101))).contains(pauses[1]))
        #expect((.milliseconds(100)...(.milliseconds(201))).contains(pauses[2]))
        #expect((.milliseconds(1000)...(.milliseconds(2001))).contains(pauses[9]))
        #expect(Set(pauses).count == pauses.count)
    }

    @Test func `a request that waits too long after others is busy, not lost`() {
        var bench = Bench(connectionCount: 1)
        _ = bench.request(.append)
        _ = bench.request(.append)
        bench.now = bench.now + .seconds(5)
        #expect(
            bench.machine.ticked(at: bench.now) == [.answer(2, StorageError(.busy, detail: "waited too long"))])
        #expect(bench.segmentDone(on: 0) == [.answer(1, nil)])
    }

    @Test func `writes and reads beyond their bounds are refused`() {
        var bench = Bench(connectionCount: 1, isReady: false)
        for _ in 0..<PoolSettings().writeCountMax { #expect(bench.request(.append) == []) }
        for _ in 0..<PoolSettings().readCountMax { #expect(bench.request(.read) == []) }
        #expect(bench.request(.append).count == 1 && bench.request(.read).count == 1)
    }

    @Test func `a stopped pool finishes its requests and refuses new ones`() {
        var bench = Bench(connectionCount: 1)
        _ = bench.request(.append)
        bench.machine.stopped()
        #expect(!bench.machine.isFinished)
        #expect(bench.request(.append) == [.answer(2, StorageError(.unavailable, detail: "closed"))])
        #expect(bench.segmentDone(on: 0) == [.answer(1, nil)])
        #expect(bench.machine.isFinished)
        #expect(bench.machine.aborted() == [.disconnect(0)])
    }
}
