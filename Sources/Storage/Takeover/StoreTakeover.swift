import Primitives

/// The wait for a store that another process uses: decides when to try the lock, which calls wait for it, and for how
/// long. A value that takes the time as an argument. Its owner locks it and performs the actions.
///
/// A call waits at most `Limits.takeoverWait`, and at most `Limits.takeoverCallCountMax` calls wait at a time. The wait
/// for the lock itself has no limit.
struct StoreTakeover {
    /// Identifies a waiting call.
    struct Ticket: Hashable, Sendable {
        let number: UInt64
    }

    /// The decision about a call.
    enum Admission: Equatable {
        /// Forward the call: the store is open.
        case forward
        /// Suspend the call; resume it when an action names the ticket.
        case wait(Ticket)
        /// Fail the call at once.
        case refuse(StorageError)
    }

    /// What to do next.
    enum Action: Equatable {
        /// Try the lock, then report with `lockTried`.
        case tryLock
        /// Open the store, then report with `opened` or `openFailed`.
        case open
        /// Forward these calls, in this order.
        case forward([Ticket])
        /// Fail these calls.
        case refuse([Ticket], StorageError)
        /// Close the store that was just opened, because its owner has closed.
        case discard
        /// Log the report.
        case report(TakeoverReport)
    }

    /// The result of trying the lock.
    enum LockTry: Equatable {
        case taken
        /// Another process holds it; its id, when known.
        case held(by: Int32?)
        case failed(StorageError)
    }

    private enum Phase: Equatable {
        /// Another process holds the lock, as far as is known. Becomes `opening`, or `closed`.
        case locked(nextTry: MonotonicInstant)
        /// This process holds the lock and is opening the store. Becomes `open`, `unopened` or `closed`.
        case opening
        /// The store did not open; opening it is retried. Becomes `opening`, or `closed`.
        case unopened(nextTry: MonotonicInstant)
        /// Becomes `closed`.
        case open
        /// The final phase.
        case closed
    }

    private struct Waiting {
        let ticket: Ticket
        let deadline: MonotonicInstant
    }

    private let callWait: Duration
    private var phase: Phase
    /// In the order of arrival, which is also that of the deadlines.
    private var waiting: [Waiting] = []
    private var ticketCount: UInt64 = 0
    /// The last report to the log, and its time.
    private var reported: (report: TakeoverReport, at: MonotonicInstant)?

    init(at now: MonotonicInstant, callWait: Duration = Limits.takeoverWait) {
        self.callWait = callWait
        phase = .locked(nextTry: now)
    }

    /// Whether calls are forwarded.
    var isOpen: Bool { phase == .open }
    /// Whether the machine no longer needs the time.
    var isOver: Bool { phase == .open || phase == .closed }
    /// The number of waiting calls.
    var waitingCount: Int { waiting.count }

    // MARK: - Calls

    /// A call arrived. O(1).
    mutating func callArrived(at now: MonotonicInstant) -> Admission {
        switch phase {
        case .open: return .forward
        case .closed: return .refuse(Self.closed)
        case .locked, .opening, .unopened: break
        }
        guard waiting.count < Limits.takeoverCallCountMax else {
            return .refuse(StorageError(.overloaded, detail: "calls that wait for the store"))
        }
        ticketCount += 1
        let ticket = Ticket(number: ticketCount)
        waiting.append(Waiting(ticket: ticket, deadline: now + callWait))
        return .wait(ticket)
    }

    // MARK: - Time, the lock and the store

    /// Time passed. A lock that is due is tried before a waiting call fails: if this process was paused, the other one
    /// may have ended in time. O(waiting).
    mutating func timePassed(at now: MonotonicInstant) -> [Action] {
        switch phase {
        case .locked(let nextTry) where now >= nextTry: return [.tryLock]
        case .unopened(let nextTry) where now >= nextTry:
            phase = .opening
            return [.open]
        case .locked, .opening, .unopened: return expire(at: now)
        case .open, .closed: return []
        }
    }

    /// The lock was tried.
    mutating func lockTried(_ outcome: LockTry, at now: MonotonicInstant) -> [Action] {
        guard case .locked = phase else {
            preconditionFailure("a lock was tried twice, or after the end")
        }
        switch outcome {
        case .taken:
            phase = .opening
            return [.report(.released), .open]
        case .held(let holder):
            phase = .locked(nextTry: now + Limits.takeoverPeriod)
            return report(.held(by: holder), at: now) + expire(at: now)
        case .failed(let error):
            phase = .locked(nextTry: now + Limits.takeoverPeriod)
            return report(.failed(error), at: now) + expire(at: now)
        }
    }

    /// The store was opened.
    mutating func opened() -> [Action] {
        guard phase != .closed else { return [.discard] }
        precondition(phase == .opening)
        phase = .open
        return [.report(.opened), .forward(takeWaiting())]
    }

    /// The store did not open. Opening it is retried, because an operator may fix the cause.
    mutating func openFailed(_ error: StorageError, at now: MonotonicInstant) -> [Action] {
        guard phase != .closed else { return [] }
        precondition(phase == .opening)
        phase = .unopened(nextTry: now + Limits.takeoverOpenPause)
        return report(.failed(error), at: now) + expire(at: now)
    }

    /// The owner ends the wait. An open store remains open.
    mutating func abandoned() -> [Action] { isOpen ? [] : closed() }

    /// The owner closes the store. Waiting calls fail.
    mutating func closed() -> [Action] {
        phase = .closed
        let tickets = takeWaiting()
        return tickets.isEmpty ? [] : [.refuse(tickets, Self.closed)]
    }

    // MARK: - Helpers

    private static let closed = StorageError(.unavailable, detail: "closed")

    private mutating func takeWaiting() -> [Ticket] {
        defer { waiting = [] }
        return waiting.map(\.ticket)
    }

    private mutating func expire(at now: MonotonicInstant) -> [Action] {
        let late = waiting.prefix { $0.deadline <= now }
        guard !late.isEmpty else { return [] }
        waiting.removeFirst(late.count)
        return [.refuse(late.map(\.ticket), StorageError(.busy, detail: "another process uses the store"))]
    }

    private mutating func report(_ report: TakeoverReport, at now: MonotonicInstant) -> [Action] {
        if let reported, reported.report == report, now.since(reported.at) < Limits.takeoverReportPeriod { return [] }
        reported = (report, now)
        return [.report(report)]
    }
}

/// What a takeover reports to the log.
public enum TakeoverReport: Hashable, Sendable {
    /// Another process uses the store; its id, when known. Reported at first, and then once per
    /// `Limits.takeoverReportPeriod`.
    case held(by: Int32?)
    /// The other process released the store.
    case released
    /// The store is open.
    case opened
    /// The lock cannot be tried, or the store does not open. Reported at the same rate.
    case failed(StorageError)
}
