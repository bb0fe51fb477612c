/// What a store has done since it was opened, and what waits. One moment's values, consistent with each other.
public struct StoreStatistics: Hashable, Sendable {
    /// Messages that were stored.
    public var storedCount = 0
    /// Messages that were refused or failed.
    public var failedCount = 0
    /// Transactions that stored messages; fewer than messages, since those that wait together share one.
    public var commitCount = 0
    /// The most messages that one transaction stored.
    public var batchMessageCountMax = 0
    /// Messages that wait to be written now.
    public var waitingMessageCount = 0
    /// The bytes of their texts.
    public var waitingByteCount = 0

    /// Nothing yet.
    public init() {}
}
