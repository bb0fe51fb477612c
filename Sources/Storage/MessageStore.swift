import Chat
import Primitives

/// Keeps messages.
///
/// Callable from any thread; it never blocks the caller's, and resumes the caller on its own executor. Every function
/// throws `.overloaded` when too much is waiting and `.unavailable` once the store is closed. Cancellation of the
/// calling task has no effect: what was asked for is done.
public protocol MessageStore: Sendable {
    /// Stores a message; it is durable when this returns.
    ///
    /// Calls for one shop take effect, and return, in the order in which they were made; those that wait together
    /// share a commit.
    /// Returns the time that it was given: its own, or a later one where several nodes write a shop and the store
    /// orders their changes; `edit` says it with the message.
    /// Throws `.conflict` when the id is taken, `.invalid` for what cannot be stored; neither harms the others.
    @discardableResult
    func append(_ message: Message) async throws(StorageError) -> Timestamp

    /// Gives a message another text, and with it `updatedAt` and `isEdited`; it is durable when this returns.
    ///
    /// Returns the message as it is then, nil when there is none. Takes effect in order with the other changes of its
    /// shop, which is `shopID`.
    func edit(
        _ id: MessageID, in shopID: ShopID, text: String, at time: Timestamp
    ) async throws(StorageError) -> Message?

    /// Removes a message; it is durable when this returns. Returns what it was, nil when there was none. Takes effect
    /// in order with the other changes of its shop, which is `shopID`.
    func delete(_ id: MessageID, in shopID: ShopID) async throws(StorageError) -> Message?

    /// A part of a list of a shop's messages. One read, which is short: see `MessageSliceQuery`. A shop that does not
    /// exist has none. Left out are messages that another writer dated outside of `Timestamp`'s bounds: a reader could
    /// not go on from their times.
    func slice(_ query: MessageSliceQuery) async throws(StorageError) -> MessageSlice

    /// A part of what was committed so late that a list in the order of changes has passed its time: see
    /// `LateMessagesQuery`. In the order of changes, keeping to the limits of a slice.
    func lateSlice(_ query: LateMessagesQuery) async throws(StorageError) -> MessageSlice

    /// The places of the messages nearest to `cursor` on the newer side, the nearest first, `countMax` at most.
    func places(
        in shopID: ShopID, after cursor: MessageCursor, countMax: Int
    ) async throws(StorageError) -> [MessageCursor]

    /// The messages of a shop. O(messages of the shop) in a database: remember it.
    func messageCount(in shopID: ShopID) async throws(StorageError) -> Int

    /// The latest time of any message of the shop that is no later than `horizon`, nil without one. A shop's clock
    /// starts after it.
    func latestChange(in shopID: ShopID, upTo horizon: Timestamp) async throws(StorageError) -> Timestamp?

    /// One message, or nil.
    func message(_ id: MessageID) async throws(StorageError) -> Message?

    /// Does what keeps the store's files small. To be called every second or so by one caller; a failure is left to the
    /// next call.
    func maintain() async

    /// Returns when the store can read and write, throws otherwise: for the readiness check.
    func ping() async throws(StorageError)

    /// Writes what waits, then closes. What comes after is refused. A second call returns at once.
    func close() async

    /// Counts for metrics; O(1), any thread.
    var statistics: StoreStatistics { get }
}

extension MessageStore {
    /// Nothing, for stores that need no upkeep.
    public func maintain() async {}

    /// Nothing, for stores that one process writes: there, changes of a shop are committed in the order of their times.
    public func lateSlice(_ query: LateMessagesQuery) async throws(StorageError) -> MessageSlice {
        MessageSlice(messages: [], isLast: true)
    }
}

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
