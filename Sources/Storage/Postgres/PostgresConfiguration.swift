/// The configuration of a store in PostgreSQL.
public struct PostgresConfiguration: Sendable {
    /// The number of connections on each loop.
    public var connectionCount: Int {
        get { pool.connectionCount }
        set { pool.connectionCount = newValue }
    }
    /// A request fails when it was not sent within this time, because no connection was available or too many requests
    /// were before it.
    public var queueTimeout: Duration = .seconds(5)
    /// The server cancels a statement after this time.
    public var statementTimeout: Duration = .seconds(5)
    /// The server ends a wait for a lock after this time.
    public var lockTimeout: Duration = .seconds(3)
    /// Marks this node's writes, so that it recognises its own notifications.
    public var origin: String
    /// Whether other nodes write the same tables and must be notified of this node's messages.
    public var isShared = false { didSet { pool.areRoundsSorted = isShared } }
    /// The columns that the tables have.
    public var shape = PostgresTableShape()
    var pool = PoolSettings()

    /// The defaults, with this origin.
    public init(origin: String) { self.origin = origin }

    /// The configuration for a command, or for the start of a server, with a long statement timeout: an import may take
    /// long.
    static var patient: Self {
        var configuration = Self(origin: "shopstream-command")
        configuration.connectionCount = 1
        configuration.statementTimeout = .seconds(3600)
        configuration.pool.answerTimeout = configuration.statementTimeout + .seconds(3)
        return configuration
    }

    /// The settings of each session.
    package var sessionSettings: [(name: String, value: String)] {
        [
            ("statement_timeout", "\(statementTimeout.wholeMilliseconds)"),
            ("lock_timeout", "\(lockTimeout.wholeMilliseconds)"),
            ("idle_in_transaction_session_timeout", "\(statementTimeout.wholeMilliseconds)"),
            // Under stricter isolation levels, concurrent writers of one shop would fail each other.
            ("default_transaction_isolation", "read committed"),
            (PostgresSchema.originSetting, origin),
            (PostgresSchema.announceSetting, isShared ? "on" : "off"),
        ]
    }
}

extension PostgresConfiguration {
    /// Writes are answered only once they are on disk, even where the server's default is weaker.
    static let durabilityCommand = """
        SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
        """
}

extension Duration {
    fileprivate var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
