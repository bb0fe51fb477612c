internal import Chat
package import Primitives
package import Storage

/// The broker of nodes whose store is PostgreSQL. It receives the changes of other writers on a connection of its own:
/// by LISTEN, and after a gap by reading what it missed. The triggers send the notifications, so that other services
/// need not know of it.
///
/// Belongs to its loop's thread.
package final class PostgresBroker: Broker, PostgresSessionDelegate, SocketLoopClient, @unchecked Sendable {
    // @unchecked: the state belongs to the loop's thread; other threads only carry the reference there.
    private let loop: any SocketLoop
    private let location: PostgresLocation
    private let configuration: PostgresConfiguration
    private let recent: RecentChanges
    private let nodeLock: NodeLock?
    private weak var observer: (any BrokerObserver)?
    private var machine: PostgresBrokerMachine
    /// The connection; nil until the broker begins.
    private var session: PostgresSession?
    /// The query in flight.
    private var asked: PostgresStatement?
    private var answer: PostgresBrokerAnswer?
    /// The last reported state of each message. Two generations, as in `recent`.
    private var lastReported = LastReported()
    /// What was written before this horizon is not news, whatever a notification names.
    private var horizon = NewsHorizon()
    private var turnedAt: MonotonicInstant
    private var hasEnded = false
    private var gapCount = 0
    private var refusedNotificationCount = 0

    /// The interval of the timer.
    private static let tick = Duration.milliseconds(250)
    /// The interval at which generations rotate: more than the machine's `silence` and `overlap` together.
    private static let turnPeriod = Duration.seconds(30)

    /// A broker that reports the changes from `start` on, a time of the database. The node's stores record their writes
    /// in `recent`. On the loop's thread.
    package init(
        _ location: PostgresLocation, configuration: PostgresConfiguration, loop: any SocketLoop,
        recent: RecentChanges, start: Timestamp, nodeLock: NodeLock? = nil
    ) {
        precondition(loop.isCurrent, "a broker is made on its loop's thread")
        self.loop = loop
        self.location = location
        self.configuration = configuration
        self.recent = recent
        self.nodeLock = nodeLock
        machine = PostgresBrokerMachine(
            settings: PostgresBrokerMachine.Settings(), start: start, jitterSeed: UInt64.random(in: 0...UInt64.max),
            now: loop.now)
        turnedAt = loop.now
    }

    /// See `Broker`. When nodes share the database, it orders the changes of a shop: by the commits, with times from a
    /// row of the shop that is locked until the commit.
    package var ordersChanges: Bool { configuration.isShared }

    /// See `Broker`.
    package var statistics: BrokerStatistics? {
        session.map { session in
            BrokerStatistics(
                isReceiving: session.isOpen, gapCount: gapCount, refusedNotificationCount: refusedNotificationCount,
                holdsNodeLock: nodeLock?.isHeld ?? false)
        }
    }

    /// See `Broker`. Begins to connect.
    package func begin(_ observer: any BrokerObserver) {
        precondition(session == nil, "a broker begins once")
        self.observer = observer
        session = PostgresSession(index: 0, loop: loop, location: location, delegate: self)
        timerFired()
    }

    /// See `Broker`. Closes the connection, with which the node's lock is lost.
    package func end() {
        hasEnded = true
        guard let session else { return }
        session.close()
        nodeLock?.learned(.unknown)
    }

    // MARK: - Actions

    private func perform(_ actions: [PostgresBrokerAction]) {
        reportLock()
        for action in actions where !hasEnded {
            switch action {
            case .connect: session?.connect()
            case .disconnect: session?.close()
            case .prepare:
                session?.prepare(
                    settings: configuration.sessionSettings + Self.settings,
                    statements: [.currentTime, .deletionsSince, .changesSince, .changesNamed, .resolveMessage],
                    for: configuration.shape,
                    commands: [Self.listenCommand])
            case .askTime: query(.currentTime, [.boolean(configuration.isShared)])
            case .readDeletions(let place): query(.deletionsSince, page(after: place))
            case .readChanges(let place): query(.changesSince, page(after: place))
            case .resolve(let id, let time): query(.resolveMessage, [.text(id.text), .optional(time)])
            case .lookUp(let ids):
                query(
                    .changesNamed, [.texts(ids.map(\.text)), horizon.transaction.map(PostgresValue.integer) ?? .null])
            case .deliver(let change): deliver(change)
            case .deliverNotified(let change): deliverNotified(change)
            case .deliverFound(let change): deliverFound(change)
            }
        }
    }

    /// Publishes the lock's status to the node when it changed.
    private func reportLock() {
        guard !hasEnded, let nodeLock, nodeLock.learned(machine.lockStatus) else { return }
        observer?.brokerReported(.nodeLock(machine.lockStatus))
    }

    /// A page of missed changes may take longer than a request.
    private static let settings = [
        ("application_name", "shopstream-listener"), ("statement_timeout", "60000"),
    ]

    private func page(after place: ChangePlace) -> [PostgresValue] {
        [.time(place.time), .text(place.id.text), .integer(Int64(PostgresBrokerMachine.Settings().pageCountMax))]
    }

    /// The channel's name contains the tables' schema, which only the server knows.
    private static let listenCommand = """
        DO $$ BEGIN EXECUTE format('LISTEN %I', '\(PostgresSchema.channelPrefix)' || current_schema()); END $$
        """

    private func query(_ statement: PostgresStatement, _ parameters: [PostgresValue]) {
        asked = statement
        answer = nil
        session?.send(statement, parameters)
        session?.endSegment()
    }

    private func deliver(_ change: BrokerEvent) {
        if case .missed = change { gapCount += 1 }
        observer?.brokerReported(change)
    }

    /// Reports a state that a notification led to. A state that was reported before is news again if a different one
    /// was reported since: an edit may restore an earlier state.
    private func deliverNotified(_ change: BrokerEvent) {
        guard let (id, key) = change.key else { return }
        guard recent.note(key) || lastReported.isOther(id, than: key) else { return }
        lastReported.note(id, key)
        observer?.brokerReported(change)
    }

    /// Reports a state that a read of the tables found, unless this node made or reported it.
    private func deliverFound(_ change: BrokerEvent) {
        guard let (id, key) = change.key, recent.note(key) else { return }
        lastReported.note(id, key)
        observer?.brokerReported(change)
    }

    // MARK: - Events

    /// See `PostgresSessionDelegate`.
    package func sessionConnected(_ index: Int) { perform(machine.connected(at: loop.now)) }

    /// See `PostgresSessionDelegate`.
    package func sessionPrepared(_ index: Int) { perform(machine.prepared(at: loop.now)) }

    /// See `PostgresSessionDelegate`.
    package func sessionFailed(_ index: Int, _ error: StorageError) {
        machine.disconnected(at: loop.now)
        reportLock()
    }

    /// See `PostgresSessionDelegate`.
    package func sessionReceived(_ index: Int, _ event: PostgresHandle.Event) {
        switch event {
        case .completed(let result):
            answer = asked.flatMap { PostgresBrokerAnswer($0, result) }
            if asked == .currentTime, let transaction = result.integer(0, 2) { horizon.saw(transaction) }
        case .failed, .aborted: answer = nil
        case .synced:
            if let answer {
                perform(machine.answered(answer, at: loop.now))
            } else {
                // The answer is missing. As after any gap, read the changes again on a new connection.
                session?.close()
                machine.disconnected(at: loop.now)
                reportLock()
            }
        }
    }

    /// See `PostgresSessionDelegate`.
    package func sessionNotified(_ index: Int, payload: String) {
        // No origin is the node's own when the broker orders the changes: it then reports this node's too.
        let notification = ChangeNotification(payload, ownOrigin: ordersChanges ? nil : configuration.origin)
        if notification == .unknown { refusedNotificationCount += 1 }
        perform(machine.notified(notification, at: loop.now))
    }

    /// See `SocketLoopClient`.
    package func timerFired() {
        guard !hasEnded else { return }
        session?.takeBuffered()
        let now = loop.now
        perform(machine.ticked(at: now))
        recent.setBroker(isUpToDate: machine.isUpToDate)
        let doubts = recent.takeDoubts()
        if !doubts.isEmpty { perform(machine.doubted(doubts, at: now)) }
        if machine.isUpToDate, now.since(turnedAt) >= Self.turnPeriod {
            turnedAt = now
            recent.turn()
            lastReported.turn()
            horizon.turn()
        }
        loop.schedule(at: now + Self.tick, client: self)
    }
}

extension BrokerEvent {
    /// The message that the change concerns and its state after the change; nil when it concerns no message.
    fileprivate var key: (MessageID, RecentChanges.Key)? {
        switch self {
        case .messageCreated(let message), .messageEdited(let message): (message.id, RecentChanges.Key(message))
        case .messageDeleted(let id, _): (id, RecentChanges.Key(endOf: id))
        case .membershipsChanged, .missed, .nodeLock: nil
        }
    }
}
