internal import Chat
internal import Primitives
internal import Storage

/// The broker's one connection, and the order in which changes are reported. A pure state machine.
///
/// One query is in flight at a time. Notifications that arrive meanwhile wait, and the next look-up takes them
/// together. Missed changes are therefore delivered before later ones, and a flood of notifications costs one query
/// after another. Missed changes are read page by page, from the time up to which everything is known, in the
/// database's own time. That time advances only when the last page was read.
struct PostgresBrokerMachine {
    private enum Phase: Equatable {
        case waiting(until: MonotonicInstant)
        case connecting(deadline: MonotonicInstant)
        case preparing(deadline: MonotonicInstant)
        /// Listening. The query in flight, if any, must be answered by the deadline.
        case listening(query: Query?, deadline: MonotonicInstant)
    }

    private enum Query: Equatable {
        case time
        case deletions(since: ChangePlace)
        case changes
        case lookUp([HintedMessage])
        case resolve(Doubt)
    }

    /// Durations and limits.
    struct Settings {
        var connectTimeout: Duration = .seconds(5)
        var answerTimeout: Duration = .seconds(8)
        /// A page of missed changes may take longer, as no request waits for it.
        var pageTimeout: Duration = .seconds(65)
        /// The first pause after a failure. It doubles with each failure, and half of it is random.
        var retryPauseMin: Duration = .milliseconds(500)
        var retryPauseMax: Duration = .seconds(10)
        /// A connection that has been silent for this long is checked with a query.
        var silence: Duration = .seconds(5)
        /// The interval at which the broker asks for a lock that another node holds.
        var lockPause: Duration = .milliseconds(500)
        /// How far a read of missed changes reaches back, as commits are not in the order of their times and clocks
        /// differ.
        var overlap: Duration = .seconds(10)
        /// Notified messages that may wait for a query. When there are more, the changes are read from the table
        /// instead.
        var waitingCountMax = 4_096
        /// The maximum number of messages in one look-up.
        var lookUpCountMax = 256
        /// The maximum number of rows in a page.
        var pageCountMax = 1_000
        /// A write of unknown outcome is looked up again after this pause …
        var doubtPause: Duration = .seconds(1)
        /// … for as long as the server may still be executing it.
        var doubtTime: Duration = .seconds(15)
    }

    private struct Doubt: Equatable {
        let doubt: RecentChanges.Doubt
        var dueAt: MonotonicInstant
        let until: MonotonicInstant
    }

    private let settings: Settings
    private let start: Timestamp
    private var phase: Phase
    private var jitter: UInt64
    private var failureCount = 0
    private var waiting = HintQueue()
    private var doubts = FIFOQueue<Doubt>()
    /// Too many notifications waited: their changes must be read from the tables.
    private var hasOverflowed = false
    private var receivedAt: MonotonicInstant

    /// While `isBehind`: everything up to this time of the database was reported.
    private var knownTo: Timestamp
    /// Changes were missed. They are read once the connection is set up.
    private var isBehind = true
    /// When the current read of missed changes began.
    private var readBeganAt: Timestamp
    /// The last reading of the database's clock on this connection.
    private var clock: (database: Timestamp, at: MonotonicInstant)?
    /// When everything that had been received was last fully reported.
    private var caughtUpAt: MonotonicInstant
    private var hasListened = false
    /// What the database last reported about the node's lock, on this connection.
    private(set) var lockStatus = NodeLock.Status.unknown
    private var lockAskedAt: MonotonicInstant

    /// A machine that reports the changes from `start` on, a time of the database.
    init(settings: Settings, start: Timestamp, jitterSeed: UInt64, now: MonotonicInstant) {
        self.settings = settings
        self.start = start
        phase = .waiting(until: now)
        jitter = jitterSeed
        receivedAt = now
        lockAskedAt = now
        caughtUpAt = now
        knownTo = start
        readBeganAt = start
    }

    /// Whether everything that was received so far has been reported.
    var isUpToDate: Bool {
        guard case .listening(nil, _) = phase else { return false }
        return !isBehind && waiting.isEmpty
    }

    /// The database's time at a moment of this connection.
    private func databaseTime(at moment: MonotonicInstant) -> Timestamp? {
        clock.map { clock in
            clock.database.advanced(byMicroseconds: Int64(clamping: moment.since(clock.at).wholeNanoseconds / 1000))
        }
    }
}

// MARK: - The connection

extension PostgresBrokerMachine {
    mutating func connected(at now: MonotonicInstant) -> [PostgresBrokerAction] {
        phase = .preparing(deadline: now + settings.connectTimeout)
        return [.prepare]
    }

    /// LISTEN is in effect: every change from here on produces a notification.
    mutating func prepared(at now: MonotonicInstant) -> [PostgresBrokerAction] {
        receivedAt = now
        failureCount = 0
        return ask(.time, .askTime, at: now)
    }

    /// The connection failed or could not be made; the caller has closed it.
    ///
    /// The lock is lost with the connection, so another node may acquire it from now on.
    mutating func disconnected(at now: MonotonicInstant) {
        lockStatus = .unknown
        fallBehind()
        if case .listening(.resolve(let doubt), _) = phase { doubts.prepend([doubt]) }
        failureCount += 1
        phase = .waiting(until: now + pause())
        waiting.removeAll()
        hasOverflowed = false
        clock = nil
    }

    private mutating func fallBehind() {
        guard !isBehind else { return }
        isBehind = true
        knownTo = databaseTime(at: caughtUpAt) ?? knownTo
    }

    /// The pause before the next connect. It is randomised so that the brokers of all nodes do not reconnect at once.
    private mutating func pause() -> Duration {
        jitter = jitter &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let doubled = settings.retryPauseMin * (1 << min(max(failureCount - 1, 0), 16))
        let half = min(doubled, settings.retryPauseMax) / 2
        return half + half * Int(jitter >> 54) / 1024
    }

    /// Time passed.
    mutating func ticked(at now: MonotonicInstant) -> [PostgresBrokerAction] {
        switch phase {
        case .waiting(let until) where until <= now:
            phase = .connecting(deadline: now + settings.connectTimeout)
            return [.connect]
        case .connecting(let deadline) where deadline <= now, .preparing(let deadline) where deadline <= now,
            .listening(.some, let deadline) where deadline <= now:
            disconnected(at: now)
            return [.disconnect]
        case .listening(nil, _) where receivedAt + settings.silence <= now: return ask(.time, .askTime, at: now)
        case .listening(nil, _) where lockStatus == .taken && lockAskedAt + settings.lockPause <= now:
            return ask(.time, .askTime, at: now)
        case .listening(nil, _): return resolveDoubts(at: now)
        case .waiting, .connecting, .preparing, .listening: return []
        }
    }

    private mutating func ask(
        _ query: Query, _ action: PostgresBrokerAction, at now: MonotonicInstant
    ) -> [PostgresBrokerAction] {
        let timeout =
            switch query {
            case .deletions, .changes: settings.pageTimeout
            case .time, .lookUp, .resolve: settings.answerTimeout
            }
        phase = .listening(query: query, deadline: now + timeout)
        return [action]
    }
}

// MARK: - Changes

extension PostgresBrokerMachine {
    /// A notification arrived.
    mutating func notified(_ notification: ChangeNotification, at now: MonotonicInstant) -> [PostgresBrokerAction] {
        receivedAt = now
        switch notification {
        case .own, .unknown: return []
        case .memberships: return [.deliver(.membershipsChanged)]
        case .message(let id, let hint):
            if !hasOverflowed, !waiting.add(id, hint, countMax: settings.waitingCountMax) {
                fallBehind()
                hasOverflowed = true
                waiting.removeAll()
            }
            return nextQuery(at: now)
        }
    }

    /// Writes ended with an unknown outcome.
    mutating func doubted(_ more: [RecentChanges.Doubt], at now: MonotonicInstant) -> [PostgresBrokerAction] {
        for doubt in more { doubts.append(Doubt(doubt: doubt, dueAt: now, until: now + settings.doubtTime)) }
        return nextQuery(at: now)
    }

    /// The query was answered.
    mutating func answered(_ answer: PostgresBrokerAnswer, at now: MonotonicInstant) -> [PostgresBrokerAction] {
        guard case .listening(let query?, _) = phase else { return [] }
        receivedAt = now
        phase = .listening(query: nil, deadline: now)
        var actions: [PostgresBrokerAction] = []
        switch (query, answer) {
        case (.time, .time(let time, let holdsLock)):
            clock = (time, now)
            lockStatus = holdsLock ? .held : .taken
            lockAskedAt = now
        case (.deletions(let since), .changes(let changes, let rowCount, let last)):
            actions = changes.map { .deliverFound($0) }
            if let last, rowCount >= settings.pageCountMax {
                return actions + ask(.deletions(since: since), .readDeletions(after: last), at: now)
            }
            return actions + ask(.changes, .readChanges(after: since), at: now)
        case (.changes, .changes(let changes, let rowCount, let last)):
            actions = changes.map { .deliverFound($0) }
            if let last, rowCount >= settings.pageCountMax {
                return actions + ask(.changes, .readChanges(after: last), at: now)
            }
            knownTo = readBeganAt
            isBehind = hasOverflowed
            hasOverflowed = false
        case (.lookUp(let hinted), .found(let found)):
            let changes = zip(hinted, found).compactMap { hinted, found in found.change(hinted) }
            actions = changes.inOrderOfChange.map(PostgresBrokerAction.deliverNotified)
        case (.resolve(let doubt), .message(let message)): actions = resolve(doubt, message, at: now)
        case (.time, _), (.deletions, _), (.changes, _), (.lookUp, _), (.resolve, _):
            preconditionFailure("an answer to another question")
        }
        return actions + nextQuery(at: now)
    }

    /// Starts the next piece of work when no query is in flight.
    private mutating func nextQuery(at now: MonotonicInstant) -> [PostgresBrokerAction] {
        guard case .listening(nil, _) = phase else { return [] }
        if isBehind { return readMissedChanges(at: now) }
        let hinted = waiting.take(settings.lookUpCountMax)
        if !hinted.isEmpty { return ask(.lookUp(hinted), .lookUp(hinted.map(\.id)), at: now) }
        caughtUpAt = now
        return resolveDoubts(at: now)
    }

    /// Starts to read missed changes. Changes before `start` are never reported, although later reads reach back
    /// further.
    private mutating func readMissedChanges(at now: MonotonicInstant) -> [PostgresBrokerAction] {
        readBeganAt = databaseTime(at: now) ?? knownTo
        // Notifications that wait from here on arrived after the read began.
        hasOverflowed = false
        let overlap = Int64(clamping: settings.overlap.wholeNanoseconds / 1000)
        let since = knownTo.advanced(byMicroseconds: -overlap)
        let place = ChangePlace(time: max(since, start), id: MessageID(""))
        let gap: [PostgresBrokerAction] = hasListened ? [.deliver(.missed)] : []
        hasListened = true
        return gap + ask(.deletions(since: place), .readDeletions(after: place), at: now)
    }
}

// MARK: - Doubts

extension PostgresBrokerMachine {
    /// Looks up the first write of unknown outcome that is due, when there is nothing else to do.
    private mutating func resolveDoubts(at now: MonotonicInstant) -> [PostgresBrokerAction] {
        guard isUpToDate, let first = doubts.first, first.dueAt <= now else { return [] }
        _ = doubts.popFirst()
        let changedAt: Timestamp? =
            switch first.doubt.outcome {
            case .changed(let time): time
            case .deleted: nil
            }
        return ask(.resolve(first), .resolve(first.doubt.id, changedAt: changedAt), at: now)
    }

    /// Decides by the message's current state whether the write was applied. If it was not, it still may be.
    private mutating func resolve(
        _ doubt: Doubt, _ message: Message?, at now: MonotonicInstant
    ) -> [PostgresBrokerAction] {
        switch (doubt.doubt.outcome, message) {
        case (.deleted(let shop), nil): return [.deliverFound(.messageDeleted(doubt.doubt.id, shop))]
        case (.changed(let time), let message?) where message.changedAt == time:
            return [.deliverFound(message.change)]
        case (.deleted, .some), (.changed, _):
            if now < doubt.until {
                doubts.append(Doubt(doubt: doubt.doubt, dueAt: now + settings.doubtPause, until: doubt.until))
            }
            return []
        }
    }
}

extension Message {
    /// The message's last change.
    var change: BrokerEvent { updatedAt == nil ? .messageCreated(self) : .messageEdited(self) }
}

extension [BrokerEvent] {
    /// Ordered by the times of change, deletions last. A row may already contain a later change than the one that was
    /// notified, and a client that has seen a time must have received everything that is dated before it.
    fileprivate var inOrderOfChange: [BrokerEvent] {
        func time(_ change: BrokerEvent) -> Timestamp {
            switch change {
            case .messageCreated(let message), .messageEdited(let message): message.changedAt
            case .messageDeleted, .membershipsChanged, .missed, .nodeLock: .latest
            }
        }
        return enumerated().sorted { (time($0.element), $0.offset) < (time($1.element), $1.offset) }.map(\.element)
    }
}
