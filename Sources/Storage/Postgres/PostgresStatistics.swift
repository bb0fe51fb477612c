import Synchronization

/// What the stores of a node have done together. Any thread.
public final class PostgresStatistics: Sendable {
    private let state = Mutex(StoreStatistics())

    /// All zero.
    public init() {}

    /// One moment's values.
    public var current: StoreStatistics { state.withLock { $0 } }

    func append(began byteCount: Int) {
        state.withLock { state in
            state.waitingMessageCount += 1
            state.waitingByteCount += byteCount
        }
    }

    func append(ended byteCount: Int) {
        state.withLock { state in
            state.waitingMessageCount -= 1
            state.waitingByteCount -= byteCount
        }
    }

    func answered(isStored: Bool) {
        state.withLock { state in
            if isStored { state.storedCount += 1 } else { state.failedCount += 1 }
        }
    }

    func committed(messageCount: Int) {
        state.withLock { state in
            state.commitCount += 1
            state.batchMessageCountMax = max(state.batchMessageCountMax, messageCount)
        }
    }
}

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

    /// Nothing yet.
    public init() {}
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
