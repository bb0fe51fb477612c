import GRDB
import Primitives

extension SQLiteStore {
    /// See `MessageStore`. O(log n + limit).
    public func messages(
        in shopID: ShopID, changedAfter: Timestamp?, limit: Int
    ) async throws(StorageError) -> MessagePage {
        let limit = Limits.page(limit)
        return try await read { db in
            if let changedAfter {
                return try Self.page(
                    .change, limit: limit, db, Queries.messagesByChange,
                    [shopID.text, changedAfter.microsecondsSinceEpoch])
            }
            return try Self.page(.creation, limit: limit, db, Queries.messagesByCreation, [shopID.text])
        }
    }

    /// Steps through the rows, which come as they are asked for, until the page is full.
    private static func page(
        _ order: PageBuilder.Order, limit: Int, _ db: Database, _ query: String, _ arguments: StatementArguments
    ) throws -> MessagePage {
        let rows = try Row.fetchCursor(db.cachedStatement(sql: query), arguments: arguments)
        var builder = PageBuilder(order, limit: limit)
        while let row = try rows.next() {
            let message = message(row)
            guard builder.add(message, byteCount: message.text.utf8.count) else { break }
        }
        return builder.page
    }

    /// See `MessageStore`. O(messages of the shop), since pages are counted from the newest.
    public func page(_ number: Int, in shopID: ShopID, limit: Int) async throws(StorageError) -> NumberedPage {
        let limit = Limits.page(limit)
        let (skipped, isBeyond) = (max(1, number) - 1).multipliedReportingOverflow(by: limit)
        return try await read { db in
            let count = try Int.fetchOne(db.cachedStatement(sql: Queries.countMessages), arguments: [shopID.text]) ?? 0
            guard !isBeyond, skipped < count else { return NumberedPage(messages: [], totalMessageCount: count) }
            let messages = try Self.fetch(db, Queries.newestMessages, [shopID.text, limit, skipped])
            return NumberedPage(messages: messages, totalMessageCount: count)
        }
    }

    /// See `MessageStore`. O(log n + limit).
    public func messages(
        in shopID: ShopID, before cursor: MessageCursor, limit: Int
    ) async throws(StorageError) -> MessagePage {
        try await nearest(Queries.messagesBefore, shopID, cursor, limit: Limits.page(limit))
    }

    /// See `MessageStore`. O(log n + limit).
    public func messages(
        in shopID: ShopID, after cursor: MessageCursor, limit: Int
    ) async throws(StorageError) -> MessagePage {
        var page = try await nearest(Queries.messagesAfter, shopID, cursor, limit: Limits.page(limit))
        page.messages.reverse()
        return page
    }

    /// The messages that a query finds from the cursor on, the nearest first.
    private func nearest(
        _ query: String, _ shopID: ShopID, _ cursor: MessageCursor, limit: Int
    ) async throws(StorageError) -> MessagePage {
        var messages = try await read { db in
            try Self.fetch(
                db, query, [shopID.text, cursor.createdAt.microsecondsSinceEpoch, cursor.id.text, limit + 1])
        }
        let hasMore = messages.count > limit
        if hasMore { messages.removeLast() }
        return MessagePage(messages: messages, hasMore: hasMore)
    }

    /// See `MessageStore`. O(log n).
    public func latestChange(in shopID: ShopID, upTo horizon: Timestamp) async throws(StorageError) -> Timestamp? {
        let microseconds = try await read { db in
            try Int64.fetchOne(
                db.cachedStatement(sql: Queries.latestChange),
                arguments: [shopID.text, horizon.microsecondsSinceEpoch])
        }
        return microseconds.map(Timestamp.init(microsecondsSinceEpoch:))
    }

    /// See `MessageStore`. O(log n).
    public func message(_ id: MessageID) async throws(StorageError) -> Message? {
        try await read { db in try Self.fetch(db, Queries.messageByID, [id.text]).first }
    }

    static func fetch(_ db: Database, _ query: String, _ arguments: StatementArguments) throws -> [Message] {
        let rows = try Row.fetchCursor(db.cachedStatement(sql: query), arguments: arguments)
        var messages: [Message] = []
        while let row = try rows.next() { messages.append(message(row)) }
        return messages
    }

    private static func message(_ row: Row) -> Message {
        Message(
            id: MessageID(row[0]),
            shopID: ShopID(row[1]),
            userID: UserID(row[2]),
            text: row[3],
            createdAt: Timestamp(microsecondsSinceEpoch: row[4]),
            updatedAt: (row[5] as Int64?).map(Timestamp.init(microsecondsSinceEpoch:)),
            isEdited: row[6],
            parentID: (row[7] as String?).map(MessageID.init(_:)),
            username: row[8]
        )
    }
}
