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
    /// Throws `.conflict` when the id is taken, `.invalid` for what cannot be stored; neither harms the others.
    func append(_ message: Message) async throws(StorageError)

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

    /// The messages of a shop, at most `limit` (1 to `Limits.pageMessageCountMax`; clamped).
    ///
    /// Lists and pages leave out messages that another writer dated outside of `Timestamp`'s bounds: a reader could not
    /// go on from their times.
    ///
    /// Without `changedAfter`: all, in the order of `createdAt`. With it: those whose last change is later, in the
    /// order of that change, so that a reader goes on from the last one it got. Equal times are ordered by the bytes
    /// of the id, and are on one page: it ends before them, or holds more than `limit` when it begins with them. A page
    /// also ends before its texts exceed `Limits.pageByteCountMax`. A shop that does not exist has none.
    func messages(in shopID: ShopID, changedAfter: Timestamp?, limit: Int) async throws(StorageError) -> MessagePage

    /// A page of the shop's messages, newest first: `number` counts from 1, each page has `limit`.
    func page(_ number: Int, in shopID: ShopID, limit: Int) async throws(StorageError) -> NumberedPage

    /// The messages nearest to `cursor` on the older side, newest first.
    func messages(in shopID: ShopID, before cursor: MessageCursor, limit: Int) async throws(StorageError) -> MessagePage

    /// The messages nearest to `cursor` on the newer side, newest first; `hasMore` speaks of newer ones.
    func messages(in shopID: ShopID, after cursor: MessageCursor, limit: Int) async throws(StorageError) -> MessagePage

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
}
