import Chat
import Primitives

/// Asks for late messages of a list in the order of changes. A message is late when it is dated no later than a
/// position that the list (or the client that continues it) has passed, but was not yet visible at that time. Only a
/// store with several writing processes has late messages. They precede the rest of the list and do not count towards
/// its limit.
public struct LateMessagesQuery: Sendable {
    /// What was visible when the list passed the position.
    public enum Seen: Sendable {
        /// Everything that was shown before or together with the latest change of the time `upTo`, from which a reader
        /// continues.
        case atTime
        /// What a slice saw, by its own snapshot.
        case bySlice(StoreSnapshot)
    }

    /// The shop whose messages are listed.
    public var shopID: ShopID
    /// The latest time that the messages' last changes may have.
    public var upTo: Timestamp
    /// The messages to leave out.
    public var seen: Seen
    /// The position in the order of changes after which to continue; nil to start with the first.
    public var after: MessageCursor?

    /// Creates a query.
    public init(shopID: ShopID, upTo: Timestamp, seen: Seen, after: MessageCursor? = nil) {
        self.shopID = shopID
        self.upTo = upTo
        self.seen = seen
        self.after = after
    }
}

/// What was visible in a store when a slice was read. Opaque. It remains valid for as long as reading a list may take.
public struct StoreSnapshot: Hashable, Sendable {
    let text: String
}

/// The late messages of a list that is being read.
///
/// The late messages that precede the k-th slice are read after that slice. They are those that were not visible to the
/// slice before, or, for the first slice, to the reader. So before a slice is returned, everything has been returned
/// that was committed before the slice was read and is dated no later: either an earlier slice saw it, as it is dated
/// after the start of that slice, or the earlier slice did not see it, and it is late.
struct LateMessages {
    private let shopID: ShopID
    /// The position that the list has passed, and what was visible at that time; nil when the store has no late
    /// messages.
    private var passed: (time: Timestamp, seen: LateMessagesQuery.Seen)?
    private var pending: LateMessagesQuery?

    /// The late messages of a list that continues after `time`. A list from the beginning has none.
    init(of shopID: ShopID, after time: Timestamp?) {
        self.shopID = shopID
        passed = time.map { ($0, .atTime) }
    }

    /// A slice was read that ends at `place` (nil when it is empty). The late messages are due before the slice is
    /// returned.
    mutating func sliceWasRead(_ slice: MessageSlice, endingAt place: Timestamp?) {
        guard let passed else { return }
        pending = LateMessagesQuery(shopID: shopID, upTo: passed.time, seen: passed.seen)
        self.passed = slice.snapshot.flatMap { snapshot in place.map { ($0, .bySlice(snapshot)) } }
    }

    /// Returns the next late messages; nil when all that were due have been returned.
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
