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
    private weak var observer: (any StoreChangeObserver)?
    private var machine: ListenerMachine
    private var session: PostgresSession?
    /// What the query under way has found.
    private var found: [Message] = []
    private var hasFailed = false
    private var isStopped = false

    /// Time is looked at so often.
    private static let tick = Duration.milliseconds(250)

    /// Begins to connect. The stores of the node note in `recent` what they write.
    public init(
        _ location: PostgresLocation, configuration: PostgresConfiguration, loop: any PostgresLoop,
        recent: RecentChanges, observer: any StoreChangeObserver
    ) {
        precondition(loop.isCurrent, "a listener is made on its loop's thread")
        self.loop = loop
        self.configuration = configuration
        self.recent = recent
        self.observer = observer
        machine = ListenerMachine(settings: ListenerMachine.Settings(), now: loop.now)
        session = PostgresSession(index: 0, loop: loop, location: location, delegate: self)
        timerFired()
    }

    /// Closes the connection; nothing more is told. On the loop's thread.
    public func stop() {
        isStopped = true
        session?.close()
    }

    // MARK: - Actions

    private func perform(_ actions: [ListenerAction]) {
        for action in actions where !isStopped {
            switch action {
            case .connect: session?.connect()
            case .disconnect: session?.close()
            case .prepare:
                session?.prepare(
                    settings: configuration.sessionSettings + [("application_name", "shopstream-listener")],
                    statements: [.changesSince, .messageByID, .ping],
                    commands: [Self.listenCommand])
            case .catchUp(let since):
                query(.changesSince, [.time(since), .integer(Int64(Limits.pageMessageCountMax))])
            case .fetch(let id): query(.messageByID, [.text(id.text)])
            case .ping: query(.ping, [])
            case .deliver(let change): deliver(change)
            }
        }
    }

    /// The channel is that of the tables' schema, which only the server knows.
    private static let listenCommand = """
        DO $$ BEGIN EXECUTE format('LISTEN %I', '\(PostgresSchema.channelPrefix)' || current_schema()); END $$
        """

    private func query(_ statement: PostgresStatement, _ parameters: [PostgresValue]) {
        found = []
        hasFailed = false
        session?.send(statement, parameters)
        session?.endSegment()
    }

    private func deliver(_ change: StoreChange) {
        switch change {
        case .messageCreated(let message), .messageEdited(let message):
            guard recent.note(message.id, changedAt: message.changedAt) else { return }
        case .messageDeleted, .membershipChanged, .missed: break
        }
        observer?.storeChanged(change)
    }

    // MARK: - Events

    func sessionConnected(_ index: Int) { perform(machine.connected(at: loop.now)) }

    func sessionPrepared(_ index: Int) { perform(machine.prepared(latest: recent.latest, at: loop.now)) }

    func sessionFailed(_ index: Int, _ error: StorageError) { machine.disconnected(at: loop.now) }

    func sessionReceived(_ index: Int, _ event: PostgresHandle.Event) {
        switch event {
        case .completed(let result):
            // The answer to a ping has one column; messages have more.
            if result.columnCount > 1 { found = (try? PostgresStore.messages(result)) ?? [] }
        case .failed, .aborted: hasFailed = true
        case .synced:
            if hasFailed {
                // What was asked for is not known: as after any gap, a new connection reads it again.
                session?.close()
                machine.disconnected(at: loop.now)
            } else {
                perform(machine.answered(found, latest: recent.latest, at: loop.now))
            }
        }
    }

    func sessionNotified(_ index: Int, payload: String) {
        let notification = ChangeNotification(payload, ownOrigin: configuration.origin)
        perform(machine.notified(notification, at: loop.now))
    }

    /// See `PostgresLoopClient`.
    public func pollCompleted(_ poll: PollID) {}

    /// See `PostgresLoopClient`.
    public func timerFired() {
        guard !isStopped else { return }
        perform(machine.ticked(at: loop.now))
        loop.schedule(at: loop.now + Self.tick, client: self)
    }
}
