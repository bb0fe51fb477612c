import Chat
import Primitives

// Whole lists and pages in memory, for tools and tests. The server reads them slice by slice.

extension MessageStore {
    /// Reads the list of a `MessageListReader`.
    public func messages(
        in shopID: ShopID, changedAfter: Timestamp?, limit: Int
    ) async throws(StorageError) -> MessagePage {
        var reader = MessageListReader(of: shopID, changedAfter: changedAfter, limit: limit, from: self)
        var messages: [Message] = []
        while let more = try await reader.next() { messages += more }
        return MessagePage(messages: messages, hasMore: reader.hasMore)
    }

    /// A page of the shop's messages, newest first. Pages are numbered from 1 and hold `limit` messages each.
    public func page(_ number: Int, in shopID: ShopID, limit: Int) async throws(StorageError) -> NumberedPage {
        let total = try await messageCount(in: shopID)
        let (skipped, isBeyond) = (max(1, number) - 1).multipliedReportingOverflow(by: Limits.page(limit))
        guard !isBeyond, skipped < total else { return NumberedPage(messages: [], totalMessageCount: total) }
        let page = try await messages(in: shopID, from: .skipping(skipped), limit: limit)
        return NumberedPage(messages: page.messages, totalMessageCount: total)
    }

    /// The messages nearest to `cursor` that are older, newest first.
    public func messages(
        in shopID: ShopID, before cursor: MessageCursor, limit: Int
    ) async throws(StorageError) -> MessagePage {
        try await messages(in: shopID, from: .after(cursor), limit: limit)
    }

    /// The messages nearest to `cursor` that are newer, newest first; `hasMore` refers to newer ones.
    public func messages(
        in shopID: ShopID, after cursor: MessageCursor, limit: Int
    ) async throws(StorageError) -> MessagePage {
        guard let (reader, hasMore) = try await newerPage(in: shopID, after: cursor, limit: limit) else {
            return MessagePage(messages: [], hasMore: false)
        }
        var (pages, messages) = (reader, [Message]())
        while let more = try await pages.next() { messages += more }
        return MessagePage(messages: messages, hasMore: hasMore)
    }

    private func messages(
        in shopID: ShopID, from start: MessageSliceQuery.Start, limit: Int
    ) async throws(StorageError) -> MessagePage {
        var reader = MessagePageReader(of: shopID, from: start, limit: limit, from: self)
        var messages: [Message] = []
        while let more = try await reader.next() { messages += more }
        return MessagePage(messages: messages, hasMore: reader.hasMore)
    }

    /// The page of the messages nearest to `cursor` that are newer, newest first, and whether there are newer ones; nil
    /// when there are none. The nearest ones are looked up first, because the page is read from its other end.
    public func newerPage(
        in shopID: ShopID, after cursor: MessageCursor, limit: Int
    ) async throws(StorageError) -> (MessagePageReader, hasMore: Bool)? {
        let limit = Limits.page(limit)
        let places = try await places(in: shopID, after: cursor, countMax: limit + 1)
        guard let last = places.last else { return nil }
        let hasMore = places.count > limit
        let reader = MessagePageReader(
            of: shopID, from: hasMore ? .after(last) : .at(last), downTo: cursor, limit: min(limit, places.count),
            from: self)
        return (reader, hasMore)
    }
}
