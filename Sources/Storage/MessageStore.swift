import Chat
import Primitives

/// Keeps messages.
///
/// Any thread may call it. A call never blocks the caller's thread and resumes the caller on its own executor. Every
/// function throws `.overloaded` when too many calls wait, and `.unavailable` once the store is closed. Cancelling the
/// calling task has no effect: the store completes the call.
public protocol MessageStore: Sendable {
    /// Stores a message, which is durable when this returns.
    ///
    /// Calls for one shop take effect, and return, in the order in which they were made. Calls that wait at the same
    /// time share a commit. Returns the message's time: its own, or a later one where several nodes write a shop and
    /// the store orders their changes. `edit` returns that time with the message. Throws `.conflict` when the id is
    /// taken and `.invalid` when the message cannot be stored. Neither affects the other messages.
    @discardableResult
    func append(_ message: Message) async throws(StorageError) -> Timestamp

    /// Sets a message's text, `updatedAt` and `isEdited`. The change is durable when this returns.
    ///
    /// Returns the message after the change; nil when it does not exist. Takes effect in order with the other changes
    /// of its shop, `shopID`.
    func edit(
        _ id: MessageID, in shopID: ShopID, text: String, at time: Timestamp
    ) async throws(StorageError) -> Message?

    /// Removes a message. The change is durable when this returns. Returns the removed message; nil when it did not
    /// exist. Takes effect in order with the other changes of its shop, `shopID`.
    func delete(_ id: MessageID, in shopID: ShopID) async throws(StorageError) -> Message?

    /// Returns a part of a list of a shop's messages. One short read, see `MessageSliceQuery`. A shop that does not
    /// exist has no messages. Messages that another writer dated outside the bounds of `Timestamp` are left out, as a
    /// client could not continue after their times.
    func slice(_ query: MessageSliceQuery) async throws(StorageError) -> MessageSlice

    /// Returns a part of the messages that were committed after a list in the order of changes had passed their time,
    /// see `LateMessagesQuery`. In the order of changes, within the limits of a slice.
    func lateSlice(_ query: LateMessagesQuery) async throws(StorageError) -> MessageSlice

    /// The positions of at most `countMax` messages that are newer than `cursor`, nearest first.
    func places(
        in shopID: ShopID, after cursor: MessageCursor, countMax: Int
    ) async throws(StorageError) -> [MessageCursor]

    /// The number of messages of a shop. O(messages of the shop) in a database: cache it.
    func messageCount(in shopID: ShopID) async throws(StorageError) -> Int

    /// The latest time of any of the shop's messages that is no later than `horizon`; nil when there is none. A shop's
    /// clock starts after it.
    func latestChange(in shopID: ShopID, upTo horizon: Timestamp) async throws(StorageError) -> Timestamp?

    /// Returns one message; nil when it does not exist.
    func message(_ id: MessageID) async throws(StorageError) -> Message?

    /// Whether this process may write now. When it may not, await `waitUntilWritable` before reading a shop's clock: the
    /// process that may write advances that clock. O(1).
    var isWritable: Bool { get }

    /// Returns when this process may write.
    func waitUntilWritable(in shopID: ShopID) async throws(StorageError)

    /// Keeps the store's files small. One caller calls it about once a second. After a failure the next call tries
    /// again.
    func maintain() async

    /// Returns when the store can read and write, throws otherwise. For the readiness check.
    func ping() async throws(StorageError)

    /// Writes the pending changes, then closes. Later calls fail. A second call returns at once.
    func close() async

    /// Counters for metrics. O(1), any thread.
    var statistics: StoreStatistics { get }
}

extension MessageStore {
    /// True, for stores that one process writes.
    public var isWritable: Bool { true }

    /// Returns at once, for stores that one process writes.
    public func waitUntilWritable(in shopID: ShopID) async throws(StorageError) {}

    /// Does nothing, for stores that need no maintenance.
    public func maintain() async {}

    /// Returns no messages, for stores with one writing process: such a store commits a shop's changes in the order of
    /// their times.
    public func lateSlice(_ query: LateMessagesQuery) async throws(StorageError) -> MessageSlice {
        MessageSlice(messages: [], isLast: true)
    }
}

/// What a store has done since it was opened, and what is pending. A consistent snapshot of one moment.
public struct StoreStatistics: Hashable, Sendable {
    /// Messages that were stored.
    public var storedCount = 0
    /// Messages that were rejected or failed.
    public var failedCount = 0
    /// Transactions that stored messages. Messages that wait at the same time share one.
    public var commitCount = 0
    /// The largest number of messages that one transaction stored.
    public var batchMessageCountMax = 0
    /// Messages that are waiting to be written.
    public var waitingMessageCount = 0
    /// The bytes of their texts.
    public var waitingByteCount = 0

    /// All counters zero.
    public init() {}
}
