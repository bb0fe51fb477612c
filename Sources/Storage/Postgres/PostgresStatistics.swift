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
