import Synchronization

/// The counters of all stores of a node together. Any thread.
public final class PostgresStatistics: Sendable {
    private let state = Mutex(StoreStatistics())

    /// All counters zero.
    public init() {}

    /// A consistent snapshot of one moment.
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
    /// The configured number of connections.
    public var connectionCount = 0
    /// Connections that are ready.
    public var readyConnectionCount = 0
    /// Connections that were ready and were lost.
    public var lostConnectionCount = 0
    /// Reads that were not answered yet.
    public var pendingReadCount = 0
    /// Writes that were not answered yet.
    public var pendingWriteCount = 0
}

extension PoolMachine {
    /// The current figures.
    var statistics: PostgresPoolStatistics {
        PostgresPoolStatistics(
            connectionCount: connections.count, readyConnectionCount: connections.count { $0.isReady },
            lostConnectionCount: lostConnectionCount, pendingReadCount: pendingReadCount,
            pendingWriteCount: pendingWriteCount)
    }
}
