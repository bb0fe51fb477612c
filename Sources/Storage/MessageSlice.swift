import Chat
import Primitives

/// A part of a list of messages that is read at once: `Limits.sliceMessageCountMax` messages and
/// `Limits.sliceByteCountMax` bytes of text at most, or one message alone. A list is read slice by slice, each from the
/// place where the last one ended, so that no read takes long and no list is in memory.
public struct MessageSliceQuery: Sendable {
    /// The order of the list. Equal times are ordered by the bytes of the ids.
    public enum Order: Sendable {
        /// By `createdAt`, the oldest first.
        case creation
        /// By the last change, the oldest first. The times of places are those of changes.
        case change
        /// By `createdAt`, the newest first.
        case newestFirst
    }

    /// Where a slice begins.
    public enum Start: Sendable {
        /// With the first message of the list, or after so many (in `newestFirst` only; O(skipped)).
        case skipping(Int)
        /// After a place: later in the list's order than its message.
        case after(MessageCursor)
        /// With the message of a place (in `newestFirst` only).
        case at(MessageCursor)
    }

    /// The shop whose messages are listed.
    public var shopID: ShopID
    /// The list's order.
    public var order: Order
    /// Where the slice begins.
    public var start: Start
    /// The messages that are wanted at most, 1 or more; the limits hold besides.
    public var countMax: Int

    /// A query with these parts.
    public init(shopID: ShopID, order: Order, start: Start, countMax: Int) {
        self.shopID = shopID
        self.order = order
        self.start = start
        self.countMax = countMax
    }

    /// The bound of messages that a store keeps to.
    var messageCountMax: Int { min(max(1, countMax), Limits.sliceMessageCountMax) }
}

/// What a query for a slice found.
public struct MessageSlice: Sendable {
    /// In the list's order.
    public var messages: [Message]
    /// Whether the list ends with them.
    public var isLast: Bool
    /// What was visible when it was read, of a list in the order of changes; nil where no messages come late.
    public var snapshot: StoreSnapshot?

    /// A slice with these messages.
    public init(messages: [Message], isLast: Bool, snapshot: StoreSnapshot? = nil) {
        self.messages = messages
        self.isLast = isLast
        self.snapshot = snapshot
    }
}

/// The bounds of one slice while it is read.
struct SliceBounds {
    private let countMax: Int
    private var count = 0
    private var byteCount = 0

    init(_ query: MessageSliceQuery) { self.init(countMax: query.messageCountMax) }

    init(countMax: Int) { self.countMax = countMax }

    /// Whether one message alone is larger than a slice.
    var isExceeded: Bool { byteCount > Limits.sliceByteCountMax }

    /// Whether the slice has room for a message whose text has so many bytes; its first always fits.
    mutating func take(textByteCount: Int) -> Bool {
        let fits = count == 0 || count < countMax && byteCount + textByteCount <= Limits.sliceByteCountMax
        if fits { (count, byteCount) = (count + 1, byteCount + textByteCount) }
        return fits
    }
}
