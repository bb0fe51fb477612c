import Chat
import Primitives

/// A part of a list of messages that is read at once: at most `Limits.sliceMessageCountMax` messages and
/// `Limits.sliceByteCountMax` bytes of text, or a single larger message. A list is read slice by slice, each from the
/// position at which the last one ended, so that no read takes long and no list is held in memory.
public struct MessageSliceQuery: Sendable {
    /// The order of the list. Messages of equal times are ordered by the bytes of their ids.
    public enum Order: Sendable {
        /// By `createdAt`, oldest first.
        case creation
        /// By the last change, oldest first. Positions in this order contain the times of changes.
        case change
        /// By `createdAt`, newest first.
        case newestFirst
    }

    /// Where a slice begins.
    public enum Start: Sendable {
        /// At the first message, or after skipping this many (only in `newestFirst`; O(skipped)).
        case skipping(Int)
        /// After a position: later in the list's order than its message.
        case after(MessageCursor)
        /// At the message of a position (only in `newestFirst`).
        case at(MessageCursor)
    }

    /// The shop whose messages are listed.
    public var shopID: ShopID
    /// The order of the list.
    public var order: Order
    /// Where the slice begins.
    public var start: Start
    /// The maximum number of messages to return, at least 1. The module's limits apply as well.
    public var countMax: Int

    /// Creates a query.
    public init(shopID: ShopID, order: Order, start: Start, countMax: Int) {
        self.shopID = shopID
        self.order = order
        self.start = start
        self.countMax = countMax
    }

    /// The number of messages that a store returns at most.
    var messageCountMax: Int { min(max(1, countMax), Limits.sliceMessageCountMax) }
}

/// What a query for a slice found.
public struct MessageSlice: Sendable {
    /// The messages in the list's order.
    public var messages: [Message]
    /// Whether they end the list.
    public var isLast: Bool
    /// For a list in the order of changes, what was visible when the slice was read; nil for a store without late
    /// messages.
    public var snapshot: StoreSnapshot?

    /// Creates a slice.
    public init(messages: [Message], isLast: Bool, snapshot: StoreSnapshot? = nil) {
        self.messages = messages
        self.isLast = isLast
        self.snapshot = snapshot
    }
}

/// The limits of one slice while it is read.
struct SliceBounds {
    private let countMax: Int
    private var count = 0
    private var byteCount = 0

    init(_ query: MessageSliceQuery) { self.init(countMax: query.messageCountMax) }

    init(countMax: Int) { self.countMax = countMax }

    /// Whether a single message exceeds a slice.
    var isExceeded: Bool { byteCount > Limits.sliceByteCountMax }

    /// Whether the slice has room for a message whose text has `textByteCount` bytes. The first message always fits.
    mutating func take(textByteCount: Int) -> Bool {
        let fits = count == 0 || count < countMax && byteCount + textByteCount <= Limits.sliceByteCountMax
        if fits { (count, byteCount) = (count + 1, byteCount + textByteCount) }
        return fits
    }
}
