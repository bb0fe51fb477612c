import Chat
import Primitives

/// Reads a list of a shop's messages from a store, slice by slice: what is read is given away before the next slice.
///
/// The slices are reads of different moments. A message that is edited meanwhile may come twice in the order of
/// changes, at its old place and at its new one; none is missed, as a change moves a message towards the end, and what
/// another writer committed behind the place that the list has reached comes as a late message: see `LateMessages`.
public struct MessageListReader: Sendable {
    private let store: any MessageStore
    private var query: MessageSliceQuery
    private var cut: ListCut
    private let order: ListCut.Order
    private var late: LateMessages
    private var isAtEnd = false

    /// The shop's messages, at most `limit` (1 to `Limits.pageMessageCountMax`; clamped).
    ///
    /// Without `changedAfter`: all, in the order of `createdAt`. With it: those whose last change is later, in the order
    /// of that change, so that a reader goes on from the last one it got. See `ListCut` for where it ends. Late messages,
    /// whose times are not later, come in front of it and do not count towards the limit; the reader may have some of
    /// them.
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

    /// Whether the list was cut: there are more messages. Of a list that was read to its end.
    public var hasMore: Bool { cut.isCut }

    /// The next messages, at least one; nil at the end.
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
    /// The messages that the page may still have.
    private var remainingCount: Int
    /// The page ends before this place.
    private let floor: MessageCursor?
    private var isAtEnd = false
    /// Whether there are older messages. Of a page that was read to its end.
    public private(set) var hasMore = false

    /// At most `limit` messages from `start` on (1 to `Limits.pageMessageCountMax`; clamped), those newer than `floor`.
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

    /// The next messages, at least one; nil at the end.
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
    /// The place after all messages of a time: identifiers are not empty, and the last time has no successor.
    init(endOf time: Timestamp) {
        self.init(createdAt: time.successor, id: MessageID(time == .latest ? "\u{10FFFF}" : ""))
    }
}

extension MessageSliceQuery {
    /// Asks for about as many messages as fill the next slice, given the last one: a store that finds rows before it
    /// weighs their texts finds few in vain.
    fileprivate mutating func adapt(to slice: MessageSlice) {
        let byteCount = slice.messages.reduce(1) { $0 + $1.text.utf8.count }
        let typicalCount = Limits.sliceByteCountMax * slice.messages.count / byteCount
        countMax = min(max(4, 2 * typicalCount), Limits.sliceMessageCountMax)
    }
}
