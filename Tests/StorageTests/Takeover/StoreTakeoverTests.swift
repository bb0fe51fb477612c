import Primitives
import Testing

@testable import Storage

/// The wait for a store that another process uses, as scripts of events and the actions that follow.
@Suite struct StoreTakeoverTests {
    private typealias Ticket = StoreTakeover.Ticket

    private let start = MonotonicInstant(nanoseconds: 1_000_000_000)
    private let busy = StorageError(.busy, detail: "another process uses the store")
    private let closed = StorageError(.unavailable, detail: "closed")

    private func takeover() -> StoreTakeover { StoreTakeover(at: start) }

    /// A machine whose lock another process held a moment ago.
    private func waitingTakeover() -> StoreTakeover {
        var takeover = takeover()
        _ = takeover.timePassed(at: start)
        _ = takeover.lockTried(.held(by: 7), at: start)
        return takeover
    }

    @Test func `the lock is tried at once and then in its period, and the store is opened under it`() {
        var takeover = takeover()
        #expect(takeover.timePassed(at: start) == [.tryLock])
        #expect(takeover.lockTried(.held(by: 7), at: start) == [.report(.held(by: 7))])
        #expect(takeover.timePassed(at: start + .milliseconds(49)) == [])
        #expect(takeover.timePassed(at: start + .milliseconds(50)) == [.tryLock])
        #expect(takeover.lockTried(.taken, at: start) == [.report(.released), .open])
        #expect(takeover.timePassed(at: start + .seconds(1)) == [], "the store is being opened")
        #expect(!takeover.isOpen && !takeover.isOver)
        #expect(takeover.opened() == [.report(.opened), .forward([])])
        #expect(takeover.isOpen && takeover.isOver)
        #expect(takeover.callArrived(at: start) == .forward)
    }

    @Test func `calls wait for the store and continue in their order`() {
        var takeover = takeover()
        #expect(takeover.callArrived(at: start) == .wait(Ticket(number: 1)))
        _ = takeover.timePassed(at: start)
        _ = takeover.lockTried(.taken, at: start)
        #expect(takeover.callArrived(at: start) == .wait(Ticket(number: 2)), "while it is being opened too")
        #expect(takeover.opened().last == .forward([Ticket(number: 1), Ticket(number: 2)]))
        #expect(takeover.waitingCount == 0)
    }

    @Test func `a call is refused after five seconds, and later ones keep waiting`() {
        var takeover = waitingTakeover()
        _ = takeover.callArrived(at: start)
        _ = takeover.callArrived(at: start + .seconds(1))
        let late = start + Limits.takeoverWait
        #expect(takeover.timePassed(at: late) == [.tryLock])
        #expect(takeover.lockTried(.held(by: 7), at: late) == [.refuse([Ticket(number: 1)], busy)])
        #expect(takeover.waitingCount == 1)
    }

    @Test func `a call is refused in time while the store is being opened or does not open`() {
        var takeover = waitingTakeover()
        _ = takeover.callArrived(at: start)
        _ = takeover.callArrived(at: start + .seconds(2))
        _ = takeover.timePassed(at: start + .seconds(1))
        _ = takeover.lockTried(.taken, at: start + .seconds(1))
        #expect(takeover.timePassed(at: start + .seconds(5)) == [.refuse([Ticket(number: 1)], busy)])
        let corrupt = StorageError(.corrupt)
        #expect(
            takeover.openFailed(corrupt, at: start + .seconds(7))
                == [.report(.failed(corrupt)), .refuse([Ticket(number: 2)], busy)])
        #expect(takeover.timePassed(at: start + .milliseconds(7_999)) == [])
        #expect(takeover.timePassed(at: start + .seconds(8)) == [.open])
        #expect(takeover.opened() == [.report(.opened), .forward([])])
    }

    @Test func `after a pause of this process the lock is tried before a call is refused`() {
        var takeover = waitingTakeover()
        _ = takeover.callArrived(at: start)
        let late = start + .seconds(60)
        #expect(takeover.timePassed(at: late) == [.tryLock])
        #expect(takeover.lockTried(.taken, at: late) == [.report(.released), .open])
        #expect(takeover.opened() == [.report(.opened), .forward([Ticket(number: 1)])])
    }

    @Test func `the number of waiting calls is bounded, and further ones are refused at once`() {
        var takeover = waitingTakeover()
        for _ in 0..<Limits.takeoverCallCountMax { _ = takeover.callArrived(at: start) }
        let overloaded = StorageError(.overloaded, detail: "calls that wait for the store")
        #expect(takeover.callArrived(at: start) == .refuse(overloaded))
        let late = start + Limits.takeoverWait
        _ = takeover.timePassed(at: late)
        _ = takeover.lockTried(.held(by: 7), at: late)
        #expect(takeover.callArrived(at: late) == .wait(Ticket(number: UInt64(Limits.takeoverCallCountMax) + 1)))
    }

    @Test func `a long wait is logged once a minute, and when its reason changes`() {
        var takeover = takeover()
        let failure = StorageError(.unavailable)
        var reports: [TakeoverReport] = []
        for step in 0...2_400 {
            let now = start + .milliseconds(50 * step)
            #expect(takeover.timePassed(at: now) == [.tryLock])
            let outcome: StoreTakeover.LockTry = (10..<20).contains(step) ? .failed(failure) : .held(by: 7)
            for case .report(let report) in takeover.lockTried(outcome, at: now) { reports.append(report) }
        }
        #expect(reports == [.held(by: 7), .failed(failure), .held(by: 7), .held(by: 7)])
    }

    @Test func `a close refuses the calls that wait, and all later ones`() {
        var takeover = waitingTakeover()
        _ = takeover.callArrived(at: start)
        #expect(takeover.abandoned() == [.refuse([Ticket(number: 1)], closed)])
        #expect(takeover.isOver && !takeover.isOpen)
        #expect(takeover.callArrived(at: start) == .refuse(closed))
        #expect(takeover.timePassed(at: start + .seconds(60)) == [])
        #expect(takeover.closed() == [])
    }

    @Test func `a store that opens after the close is discarded`() {
        var takeover = waitingTakeover()
        _ = takeover.timePassed(at: start + .seconds(1))
        _ = takeover.lockTried(.taken, at: start + .seconds(1))
        var other = takeover
        #expect(takeover.closed() == [])
        #expect(takeover.opened() == [.discard])
        #expect(other.closed() == [])
        #expect(other.openFailed(StorageError(.corrupt), at: start) == [])
    }

    @Test func `a store stays open after the end of the wait, until its close`() {
        var takeover = waitingTakeover()
        _ = takeover.timePassed(at: start + .seconds(1))
        _ = takeover.lockTried(.taken, at: start + .seconds(1))
        _ = takeover.opened()
        #expect(takeover.abandoned() == [])
        #expect(takeover.callArrived(at: start) == .forward)
        #expect(takeover.closed() == [])
        #expect(takeover.callArrived(at: start) == .refuse(closed))
    }
}
