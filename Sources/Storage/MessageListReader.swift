import Chat
import Primitives

/// Reads a list of a shop's messages from a store, slice by slice. Each slice is returned before the next one is read.
///
/// The slices are read at different moments. In the order of changes, a message that is edited meanwhile may occur
/// twice, at its old position and at its new one. No message is missed: a change moves a message towards the end, and
/// what another writer commits before the position that the list has reached is returned as a late message, see
/// `LateMessages`.
public struct MessageListReader: Sendable {
    private let store: any MessageStore
    private var query: MessageSliceQuery
    private var cut: ListCut
    private let order: ListCut.Order
    private var late: LateMessages
    private var isAtEnd = false

    /// Creates a reader of at most `limit` of the shop's messages (clamped to 1 to `Limits.pageMessageCountMax`).
    ///
    /// Without `changedAfter` the list has all messages, in the order of `createdAt`. With it, the list has the
    /// messages whose last change is later, in the order of that change, so that a client continues after the last one
    /// that it received. `ListCut` decides where the list ends. Late messages, whose times are not later, precede the
    /// list and do not count towards the limit; the client may have received some of them already.
    public init(of shopID: ShopID, changedAfter: Timestamp?, limit: Int, from store: any MessageStore) {
        self.store = store
        order = changedAfter == nil ? .creation : .change
        cut = ListCut(order, limit: Limits.page(limit))
        late = LateMessages(of: shopID, after: changedAfter)
        let start = changedAfter.map { MessageSliceQuery.Start.after(MessageCursor(endOf: $0)) } ?? .skipping(0)
        query = MessageSliceQuery(
            shopID: shopID, order: changedAfter == nil ? .creation : .change, start: start,
            countMax: Limits.page(limit) + 1)
    }

    /// Whether the list was cut because there are more messages. Valid once the list was read to its end.
    public var hasMore: Bool { cut.isCut }

    /// Returns the next messages, at least one; nil at the end.
    public mutating func next() async throws(StorageError) -> [Message]? {
        while true {
            if let messages = try await late.next(from: store) { return messages }
            let released = cut.takeReleased()
            if !released.isEmpty { return released }
            guard !isAtEnd else { return nil }
            let slice = try await store.slice(query)
            for message in slice.messages where !cut.add(message) { break }
            isAtEnd = slice.isLast || cut.isCut
            late.sliceWasRead(slice, endingAt: slice.messages.last.map(order.time(of:)))
            if let last = slice.messages.last {
                query.start = .after(MessageCursor(createdAt: order.time(of: last), id: last.id))
                query.adapt(to: slice)
            } else {
                isAtEnd = true
            }
            if isAtEnd, !cut.isCut { cut.finish() }
        }
    }
}

/// Reads a page of a shop's messages, newest first, slice by slice.
public struct MessagePageReader: Sendable {
    private let store: any MessageStore
    private var query: MessageSliceQuery
    /// The number of messages that the page may still take.
    private var remainingCount: Int
    /// The page ends before this position.
    private let floor: MessageCursor?
    private var isAtEnd = false
    /// Whether there are older messages. Valid once the page was read to its end.
    public private(set) var hasMore = false

    /// Creates a reader of at most `limit` messages from `start` on (clamped to 1 to `Limits.pageMessageCountMax`) that
    /// are newer than `floor`.
    public init(
        of shopID: ShopID, from start: MessageSliceQuery.Start, downTo floor: MessageCursor? = nil, limit: Int,
        from store: any MessageStore
    ) {
        self.store = store
        self.floor = floor
        remainingCount = Limits.page(limit)
        query = MessageSliceQuery(
            shopID: shopID, order: .newestFirst, start: start, countMax: remainingCount + 1)
    }

    /// Returns the next messages, at least one; nil at the end.
    public mutating func next() async throws(StorageError) -> [Message]? {
        guard !isAtEnd else { return nil }
        let slice = try await store.slice(query)
        var messages = slice.messages
        if let floor, let end = messages.firstIndex(where: { MessageCursor(of: $0) <= floor }) {
            messages.removeSubrange(end...)
            isAtEnd = true
        }
        if messages.count > remainingCount {
            messages.removeSubrange(remainingCount...)
            (hasMore, isAtEnd) = (true, true)
        }
        remainingCount -= messages.count
        if slice.isLast { isAtEnd = true }
        guard let last = messages.last else {
            isAtEnd = true
            return nil
        }
        query.start = .after(MessageCursor(of: last))
        query.adapt(to: slice)
        query.countMax = min(query.countMax, remainingCount + 1)
        return messages
    }
}

extension MessageCursor {
    /// The position after all messages of a time. Identifiers are not empty, and the last time has no successor.
    init(endOf time: Timestamp) {
        self.init(createdAt: time.successor, id: MessageID(time == .latest ? "\u{10FFFF}" : ""))
    }
}

extension MessageSliceQuery {
    /// Requests about as many messages as fill the next slice, judging by the last one, so that a store that finds rows
    /// before it sums up their texts finds few that it does not return.
    fileprivate mutating func adapt(to slice: MessageSlice) {
        let byteCount = slice.messages.reduce(1) { $0 + $1.text.utf8.count }
        let typicalCount = Limits.sliceByteCountMax * slice.messages.count / byteCount
        countMax = min(max(4, 2 * typicalCount), Limits.sliceMessageCountMax)
    }
}
