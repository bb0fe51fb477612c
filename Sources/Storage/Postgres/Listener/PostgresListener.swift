import Chat
import Primitives

/// Hears what others change in the database, on one connection of its own: LISTEN, and after a gap a look at what was
/// missed. One for a node.
///
/// Belongs to its loop's thread.
public final class PostgresListener: PostgresSessionDelegate, PostgresLoopClient, @unchecked Sendable {
    // @unchecked: the state belongs to the loop's thread; other threads only carry the reference there.
    private let loop: any PostgresLoop
    private let configuration: PostgresConfiguration
    private let recent: RecentChanges
    private let nodeLock: NodeLock?
    private weak var observer: (any StoreChangeObserver)?
    private var machine: ListenerMachine
    private var session: PostgresSession?
    /// The query under way, and its answer.
    private var asked: PostgresStatement?
    private var answer: ListenerAnswer?
    /// What was told last of each message. Two generations, as in `recent`.
    private var toldLast = ToldLast()
    /// What was written before this horizon is no news, whatever a notification says.
    private var horizon = NewsHorizon()
    private var turnedAt: MonotonicInstant
    private var isStopped = false
    /// How often changes may have been missed, and were read again.
    public private(set) var gapCount = 0
    /// Notifications that the triggers did not send.
    public private(set) var refusedNotificationCount = 0

    /// Time is looked at so often.
    private static let tick = Duration.milliseconds(250)
    /// What is remembered is turned over as often: more than the machine's silence and overlap together.
    private static let turnPeriod = Duration.seconds(30)

    /// Begins to connect, and tells what changed from `start` on, a time of the database. The stores of the node note in
    /// `recent` what they write.
    public init(
        _ location: PostgresLocation, configuration: PostgresConfiguration, loop: any PostgresLoop,
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

    /// Whether changes are heard now.
    public var isListening: Bool { session?.isOpen ?? false }

    /// Closes the connection; nothing more is told. On the loop's thread.
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

    /// Tells the node what is known of its lock, when that changed.
    private func tellLock() {
        guard !isStopped, let nodeLock, nodeLock.learned(machine.lockStatus) else { return }
        observer?.storeChanged(.nodeLock(machine.lockStatus))
    }

    /// A page of what was missed may take longer than a request.
    private static let settings = [
        ("application_name", "shopstream-listener"), ("statement_timeout", "60000"),
    ]

    private func page(after place: ListenerPlace) -> [PostgresValue] {
        [.time(place.time), .text(place.id.text), .integer(Int64(ListenerMachine.Settings().pageCountMax))]
    }

    /// The channel is that of the tables' schema, which only the server knows.
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

    /// A state that was told before is news when another one was told of the message since: an edit may leave it as it
    /// once was.
    private func deliverNotified(_ change: StoreChange) {
        guard let (id, key) = change.key else { return }
        guard recent.note(key) || toldLast.isOther(id, than: key) else { return }
        toldLast.note(id, key)
        observer?.storeChanged(change)
    }

    /// What a look at the tables found is news unless this node has made or told it.
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
                // What was asked for is not known: as after any gap, a new connection reads it again.
                session?.close()
                machine.disconnected(at: loop.now)
                tellLock()
            }
        }
    }

    func sessionNotified(_ index: Int, payload: String) {
        // Beside other nodes the database orders the changes of a shop: the listener publishes this node's own in that
        // order, with the others'.
        let notification = ChangeNotification(payload, ownOrigin: configuration.isShared ? "-" : configuration.origin)
        if notification == .unknown { refusedNotificationCount += 1 }
        perform(machine.notified(notification, at: loop.now))
    }

    /// See `PostgresLoopClient`.
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
    /// The message that it concerns and the state in which it leaves it; nil for what concerns none.
    fileprivate var key: (MessageID, RecentChanges.Key)? {
        switch self {
        case .messageCreated(let message), .messageEdited(let message): (message.id, RecentChanges.Key(message))
        case .messageDeleted(let id, _): (id, RecentChanges.Key(endOf: id))
        case .membershipsChanged, .missed, .nodeLock: nil
        }
    }
}
