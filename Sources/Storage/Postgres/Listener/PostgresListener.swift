import Chat
import Primitives

/// Receives the changes of other writers on a connection of its own: by LISTEN, and after a gap by reading what it
/// missed. A node has one.
///
/// Belongs to its loop's thread.
public final class PostgresListener: PostgresSessionDelegate, SocketLoopClient, @unchecked Sendable {
    // @unchecked: the state belongs to the loop's thread; other threads only carry the reference there.
    private let loop: any SocketLoop
    private let configuration: PostgresConfiguration
    private let recent: RecentChanges
    private let nodeLock: NodeLock?
    private weak var observer: (any StoreChangeObserver)?
    private var machine: ListenerMachine
    private var session: PostgresSession?
    /// The query in flight.
    private var asked: PostgresStatement?
    private var answer: ListenerAnswer?
    /// The last reported state of each message. Two generations, as in `recent`.
    private var toldLast = ToldLast()
    /// What was written before this horizon is not news, whatever a notification names.
    private var horizon = NewsHorizon()
    private var turnedAt: MonotonicInstant
    private var isStopped = false
    /// How often changes may have been missed and were read from the tables.
    public private(set) var gapCount = 0
    /// Notifications that the triggers did not send.
    public private(set) var refusedNotificationCount = 0

    /// The interval of the timer.
    private static let tick = Duration.milliseconds(250)
    /// The interval at which generations rotate: more than the machine's `silence` and `overlap` together.
    private static let turnPeriod = Duration.seconds(30)

    /// Begins to connect, and reports the changes from `start` on, a time of the database. The node's stores record
    /// their writes in `recent`.
    public init(
        _ location: PostgresLocation, configuration: PostgresConfiguration, loop: any SocketLoop,
        recent: RecentChanges, start: Timestamp, nodeLock: NodeLock? = nil, observer: any StoreChangeObserver
    ) {
        precondition(loop.isCurrent, "a listener is made on its loop's thread")
        self.loop = loop
        self.configuration = configuration
        self.recent = recent
        self.nodeLock = nodeLock
        self.observer = observer
        machine = ListenerMachine(
            settings: ListenerMachine.Settings(), start: start, jitterSeed: UInt64.random(in: 0...UInt64.max),
            now: loop.now)
        turnedAt = loop.now
        session = PostgresSession(index: 0, loop: loop, location: location, delegate: self)
        timerFired()
    }

    /// Whether notifications are being received.
    public var isListening: Bool { session?.isOpen ?? false }

    /// Closes the connection and reports nothing further. On the loop's thread.
    public func stop() {
        isStopped = true
        session?.close()
        nodeLock?.learned(.unknown)
    }

    // MARK: - Actions

    private func perform(_ actions: [ListenerAction]) {
        tellLock()
        for action in actions where !isStopped {
            switch action {
            case .connect: session?.connect()
            case .disconnect: session?.close()
            case .prepare:
                session?.prepare(
                    settings: configuration.sessionSettings + Self.settings,
                    statements: [.currentTime, .deletionsSince, .changesSince, .changesNamed, .settleMessage],
                    for: configuration.shape,
                    commands: [Self.listenCommand])
            case .askTime: query(.currentTime, [.boolean(configuration.isShared)])
            case .readDeletions(let place): query(.deletionsSince, page(after: place))
            case .readChanges(let place): query(.changesSince, page(after: place))
            case .settle(let id, let time): query(.settleMessage, [.text(id.text), .optional(time)])
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
    private func tellLock() {
        guard !isStopped, let nodeLock, nodeLock.learned(machine.lockStatus) else { return }
        observer?.storeChanged(.nodeLock(machine.lockStatus))
    }

    /// A page of missed changes may take longer than a request.
    private static let settings = [
        ("application_name", "shopstream-listener"), ("statement_timeout", "60000"),
    ]

    private func page(after place: ListenerPlace) -> [PostgresValue] {
        [.time(place.time), .text(place.id.text), .integer(Int64(ListenerMachine.Settings().pageCountMax))]
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

    private func deliver(_ change: StoreChange) {
        if case .missed = change { gapCount += 1 }
        observer?.storeChanged(change)
    }

    /// Reports a state that a notification led to. A state that was reported before is news again if a different one
    /// was reported since: an edit may restore an earlier state.
    private func deliverNotified(_ change: StoreChange) {
        guard let (id, key) = change.key else { return }
        guard recent.note(key) || toldLast.isOther(id, than: key) else { return }
        toldLast.note(id, key)
        observer?.storeChanged(change)
    }

    /// Reports a state that a read of the tables found, unless this node made or reported it.
    private func deliverFound(_ change: StoreChange) {
        guard let (id, key) = change.key, recent.note(key) else { return }
        toldLast.note(id, key)
        observer?.storeChanged(change)
    }

    // MARK: - Events

    func sessionConnected(_ index: Int) { perform(machine.connected(at: loop.now)) }

    func sessionPrepared(_ index: Int) { perform(machine.prepared(at: loop.now)) }

    func sessionFailed(_ index: Int, _ error: StorageError) {
        machine.disconnected(at: loop.now)
        tellLock()
    }

    func sessionReceived(_ index: Int, _ event: PostgresHandle.Event) {
        switch event {
        case .completed(let result):
            answer = asked.flatMap { ListenerAnswer($0, result) }
            if asked == .currentTime, let transaction = result.integer(0, 2) { horizon.saw(transaction) }
        case .failed, .aborted: answer = nil
        case .synced:
            if let answer {
                perform(machine.answered(answer, at: loop.now))
            } else {
                // The answer is missing. As after any gap, read the changes again on a new connection.
                session?.close()
                machine.disconnected(at: loop.now)
                tellLock()
            }
        }
    }

    func sessionNotified(_ index: Int, payload: String) {
        // When nodes share the database, it orders the changes of a shop. The listener then publishes this node's own
        // changes in that order, together with those of others.
        let notification = ChangeNotification(payload, ownOrigin: configuration.isShared ? "-" : configuration.origin)
        if notification == .unknown { refusedNotificationCount += 1 }
        perform(machine.notified(notification, at: loop.now))
    }

    /// See `SocketLoopClient`.
    public func timerFired() {
        guard !isStopped else { return }
        session?.takeBuffered()
        let now = loop.now
        perform(machine.ticked(at: now))
        recent.setListener(isUpToDate: machine.isUpToDate)
        let doubts = recent.takeDoubts()
        if !doubts.isEmpty { perform(machine.doubted(doubts, at: now)) }
        if machine.isUpToDate, now.since(turnedAt) >= Self.turnPeriod {
            turnedAt = now
            recent.turn()
            toldLast.turn()
            horizon.turn()
        }
        loop.schedule(at: now + Self.tick, client: self)
    }
}

extension StoreChange {
    /// The message that the change concerns and its state after the change; nil when it concerns no message.
    fileprivate var key: (MessageID, RecentChanges.Key)? {
        switch self {
        case .messageCreated(let message), .messageEdited(let message): (message.id, RecentChanges.Key(message))
        case .messageDeleted(let id, _): (id, RecentChanges.Key(endOf: id))
        case .membershipsChanged, .missed, .nodeLock: nil
        }
    }
}
