/// How a store on PostgreSQL behaves.
public struct PostgresConfiguration: Sendable {
    /// Connections on each loop.
    public var connectionCount: Int {
        get { pool.connectionCount }
        set { pool.connectionCount = newValue }
    }
    /// A request that was not sent within this time fails: its connection is away, or too much is before it.
    public var queueTimeout: Duration = .seconds(5)
    /// The server gives a statement up after this time.
    public var statementTimeout: Duration = .seconds(5)
    /// The server gives a wait for a lock up after this time.
    public var lockTimeout: Duration = .seconds(3)
    /// Marks what this node writes, so that it knows its own notifications.
    public var origin: String
    /// Whether other nodes write the same tables, and are to hear of this one's messages.
    public var isShared = false { didSet { pool.areRoundsSorted = isShared } }
    /// Which columns the tables have.
    public var shape = PostgresTableShape()
    var pool = PoolSettings()

    /// The defaults, under a mark of their own.
    public init(origin: String) { self.origin = origin }

    /// For a command, or the start of a server: an import takes as long as it takes.
    static var patient: Self {
        var configuration = Self(origin: "shopstream-command")
        configuration.connectionCount = 1
        configuration.statementTimeout = .seconds(3600)
        configuration.pool.answerTimeout = configuration.statementTimeout + .seconds(3)
        return configuration
    }

    /// What a session sets when it begins.
    var sessionSettings: [(name: String, value: String)] {
        [
            ("statement_timeout", "\(statementTimeout.wholeMilliseconds)"),
            ("lock_timeout", "\(lockTimeout.wholeMilliseconds)"),
            ("idle_in_transaction_session_timeout", "\(statementTimeout.wholeMilliseconds)"),
            // Under stricter levels writers of one shop would fail each other.
            ("default_transaction_isolation", "read committed"),
            (PostgresSchema.originSetting, origin),
            (PostgresSchema.announceSetting, isShared ? "on" : "off"),
        ]
    }
}

extension PostgresConfiguration {
    /// Nothing is answered before it is on the disk, even where the server's default is to say so too early.
    static let durabilityCommand = """
        SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
        """
}

extension Duration {
    fileprivate var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
