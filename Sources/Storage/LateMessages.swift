import Chat
import Primitives

/// Asks for messages that were committed behind a list in the order of changes: dated no later than a place that the
/// list, or the client that goes on from it, has passed, but not yet visible then. Only a store that several processes
/// write has any; there they come before what follows in the list, and do not count towards its limit.
public struct LateMessagesQuery: Sendable {
    /// What was visible when the list passed the place.
    public enum Seen: Sendable {
        /// All that was shown before or along with the latest change of the time `upTo`: a reader goes on from there.
        case atTime
        /// What a slice saw, as it said itself.
        case bySlice(StoreSnapshot)
    }

    /// The shop whose messages are listed.
    public var shopID: ShopID
    /// The messages' last changes are dated no later.
    public var upTo: Timestamp
    /// What is left out.
    public var seen: Seen
    /// The place in the order of changes after which to go on; nil from the first.
    public var after: MessageCursor?

    /// A query with these parts.
    public init(shopID: ShopID, upTo: Timestamp, seen: Seen, after: MessageCursor? = nil) {
        self.shopID = shopID
        self.upTo = upTo
        self.seen = seen
        self.after = after
    }
}

/// What was visible in a store when a slice was read. Opaque; good for as long as a list may take to be read.
public struct StoreSnapshot: Hashable, Sendable {
    let text: String
}

/// The late messages of a list, while it is read.
///
/// What is given before the k-th slice is read after it, and was not visible to the slice before, or for the first slice
/// to the reader. So when a slice is given, all that was committed before it and is dated no later is given too: it was
/// visible to an earlier slice and dated after its beginning, or not visible to it and thus late.
struct LateMessages {
    private let shopID: ShopID
    /// The place that the list has passed, and what was visible then; nil: the store has no late messages.
    private var passed: (time: Timestamp, seen: LateMessagesQuery.Seen)?
    private var pending: LateMessagesQuery?

    /// Of a list that goes on after `time`; none of a list from the beginning.
    init(of shopID: ShopID, after time: Timestamp?) {
        self.shopID = shopID
        passed = time.map { ($0, .atTime) }
    }

    /// A slice was read, which ends at `place` (nil: it is empty): what is late is due before it is given.
    mutating func sliceWasRead(_ slice: MessageSlice, endingAt place: Timestamp?) {
        guard let passed else { return }
        pending = LateMessagesQuery(shopID: shopID, upTo: passed.time, seen: passed.seen)
        self.passed = slice.snapshot.flatMap { snapshot in place.map { ($0, .bySlice(snapshot)) } }
    }

    /// The next late messages; nil when all that were due are given.
    mutating func next(from store: any MessageStore) async throws(StorageError) -> [Message]? {
        while var query = pending {
            let slice = try await store.lateSlice(query)
            query.after = slice.messages.last.map { MessageCursor(createdAt: $0.changedAt, id: $0.id) }
            pending = slice.isLast || slice.messages.isEmpty ? nil : query
            if !slice.messages.isEmpty { return slice.messages }
        }
        return nil
    }
}
