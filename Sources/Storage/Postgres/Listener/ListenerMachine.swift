import Primitives

/// What the listener wants done.
enum ListenerAction: Equatable {
    /// Begin to connect.
    case connect
    /// Set the session up, LISTEN included.
    case prepare
    /// Close what there is of the connection.
    case disconnect
    /// Read the messages that changed after the time.
    case catchUp(since: Timestamp)
    /// Read one message.
    case fetch(MessageID)
    /// Ask something, to see whether the connection lives.
    case ping
    /// Tell the observer.
    case deliver(StoreChange)
}

/// The listener's one connection, and the order in which changes are told. A pure state machine.
///
/// One query is under way at a time; notifications that come meanwhile wait, so that what was missed is told before
/// what came after it.
struct ListenerMachine {
    private enum Phase: Equatable {
        case waiting(until: MonotonicInstant)
        case connecting(deadline: MonotonicInstant)
        case preparing(deadline: MonotonicInstant)
        /// Listening; the query that is under way, if any, must be answered by the deadline.
        case listening(query: Query?, deadline: MonotonicInstant)
    }

    private enum Query: Equatable {
        case catchUp
        case fetch(isEdit: Bool)
        case ping
    }

    /// Times to wait.
    struct Settings {
        var connectTimeout: Duration = .seconds(5)
        var answerTimeout: Duration = .seconds(8)
        var retryPause: Duration = .seconds(1)
        /// A connection that has been silent for so long is asked.
        var silence: Duration = .seconds(15)
        /// What is re-read reaches back so far: commits come in another order than their times, and clocks differ.
        var overlap: Duration = .seconds(10)
        /// Notifications that may wait for a query; more are read from the table instead.
        var waitingCountMax = 10_000
    }

    private let settings: Settings
    private var phase: Phase
    private var waiting = PoolQueue<ChangeNotification>()
    private var hasListened = false
    /// Too many waited: what they said is read again.
    private var hasOverflowed = false
    private var heardAt: MonotonicInstant

    init(settings: Settings, now: MonotonicInstant) {
        self.settings = settings
        phase = .waiting(until: now)
        heardAt = now
    }

    // MARK: - The connection

    mutating func connected(at now: MonotonicInstant) -> [ListenerAction] {
        phase = .preparing(deadline: now + settings.connectTimeout)
        return [.prepare]
    }

    /// LISTEN is in force. What came before the first time is nobody's to be told; after a gap, `latest` is the time of
    /// the last change that is known.
    mutating func prepared(latest: Timestamp, at now: MonotonicInstant) -> [ListenerAction] {
        heardAt = now
        phase = .listening(query: nil, deadline: now)
        guard hasListened else {
            hasListened = true
            return []
        }
        return [.deliver(.missed)] + catchUp(since: latest, at: now)
    }

    private mutating func catchUp(since latest: Timestamp, at now: MonotonicInstant) -> [ListenerAction] {
        phase = .listening(query: .catchUp, deadline: now + settings.answerTimeout)
        let microseconds = latest.microsecondsSinceEpoch - Int64(settings.overlap / .microseconds(1))
        return [.catchUp(since: max(Timestamp(microsecondsSinceEpoch: microseconds), .earliest))]
    }

    /// The connection could not be made, or died; the caller has closed it.
    mutating func disconnected(at now: MonotonicInstant) {
        phase = .waiting(until: now + settings.retryPause)
        _ = waiting.takeAll()
        hasOverflowed = false
    }

    /// Time went by.
    mutating func ticked(at now: MonotonicInstant) -> [ListenerAction] {
        switch phase {
        case .waiting(let until) where until <= now:
            phase = .connecting(deadline: now + settings.connectTimeout)
            return [.connect]
        case .connecting(let deadline) where deadline <= now, .preparing(let deadline) where deadline <= now,
            .listening(.some, let deadline) where deadline <= now:
            disconnected(at: now)
            return [.disconnect]
        case .listening(nil, _) where heardAt + settings.silence <= now:
            phase = .listening(query: .ping, deadline: now + settings.answerTimeout)
            return [.ping]
        case .waiting, .connecting, .preparing, .listening: return []
        }
    }

    // MARK: - Changes

    /// A notification came.
    mutating func notified(_ notification: ChangeNotification, at now: MonotonicInstant) -> [ListenerAction] {
        heardAt = now
        if waiting.count >= settings.waitingCountMax {
            hasOverflowed = true
            _ = waiting.takeAll()
        }
        if !hasOverflowed { waiting.append(notification) }
        return deliverWaiting(at: now)
    }

    /// The query is answered, with the messages that it found; `latest` is the time of the last change that is known.
    mutating func answered(_ messages: [Message], latest: Timestamp, at now: MonotonicInstant) -> [ListenerAction] {
        guard case .listening(let query?, _) = phase else { return [] }
        heardAt = now
        phase = .listening(query: nil, deadline: now)
        var actions: [ListenerAction] = []
        switch query {
        case .catchUp:
            for message in messages {
                actions.append(.deliver(message.updatedAt == nil ? .messageCreated(message) : .messageEdited(message)))
            }
        case .fetch(let isEdit):
            // None: it was deleted meanwhile, of which a notification tells.
            for message in messages {
                actions.append(.deliver(isEdit ? .messageEdited(message) : .messageCreated(message)))
            }
        case .ping: break
        }
        if hasOverflowed {
            hasOverflowed = false
            return actions + [.deliver(.missed)] + catchUp(since: latest, at: now)
        }
        return actions + deliverWaiting(at: now)
    }

    private mutating func deliverWaiting(at now: MonotonicInstant) -> [ListenerAction] {
        var actions: [ListenerAction] = []
        while case .listening(nil, _) = phase, let notification = waiting.popFirst() {
            switch notification {
            case .own, .unknown: break
            case .change(let change): actions.append(.deliver(change))
            case .large(let id, let isEdit):
                phase = .listening(query: .fetch(isEdit: isEdit), deadline: now + settings.answerTimeout)
                actions.append(.fetch(id))
            }
        }
        return actions
    }
}
