/// One store's connections to PostgreSQL at one moment.
public struct PostgresPoolStatistics: Hashable, Sendable {
    /// Connections that it is to have …
    public var connectionCount = 0
    /// … and those that stand.
    public var readyConnectionCount = 0
    /// Connections that stood and were lost.
    public var lostConnectionCount = 0
    /// Reads that were not answered.
    public var pendingReadCount = 0
    /// Writes that were not answered.
    public var pendingWriteCount = 0
}

extension PoolMachine {
    /// The figures of this moment.
    var statistics: PostgresPoolStatistics {
        PostgresPoolStatistics(
            connectionCount: connections.count, readyConnectionCount: connections.count { $0.isReady },
            lostConnectionCount: lostConnectionCount, pendingReadCount: pendingReadCount,
            pendingWriteCount: pendingWriteCount)
    }
}
