import Chat
import GRDB
import Primitives

extension SQLiteStore {
    /// See `MessageStore`. O(log n + count), and O(skipped) entries of an index.
    public func slice(_ query: MessageSliceQuery) async throws(StorageError) -> MessageSlice {
        try await read { db in
            let (sql, arguments) = Self.statement(query)
            let rows = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
            var bounds = SliceBounds(query)
            var messages: [Message] = []
            // Reads row by row until the slice is full.
            while let row = try rows.next() {
                let message = Self.message(row)
                guard bounds.take(textByteCount: message.text.utf8.count) else {
                    return MessageSlice(messages: messages, isLast: false)
                }
                messages.append(message)
            }
            return MessageSlice(messages: messages, isLast: true)
        }
    }

    private static func statement(_ query: MessageSliceQuery) -> (sql: String, StatementArguments) {
        let shop = query.shopID.text
        func from(_ place: MessageCursor) -> StatementArguments {
            [shop, place.createdAt.microsecondsSinceEpoch, place.id.text]
        }
        switch (query.order, query.start) {
        case (.creation, .after(let place)), (.creation, .at(let place)): return (Queries.sliceByCreation, from(place))
        case (.creation, .skipping): return (Queries.sliceByCreation, [shop, Timestamp.earliestMicroseconds, ""])
        case (.change, .after(let place)), (.change, .at(let place)): return (Queries.sliceByChange, from(place))
        case (.change, .skipping): return (Queries.sliceByChange, [shop, Timestamp.earliestMicroseconds, ""])
        case (.newestFirst, .skipping(let count)):
            // Reading one row more than the slice holds shows whether there are more.
            return (Queries.newestSlice, [shop, query.messageCountMax + 1, count])
        case (.newestFirst, .after(let place)): return (Queries.sliceBefore, from(place))
        case (.newestFirst, .at(let place)): return (Queries.sliceDownFrom, from(place))
        }
    }

    /// See `MessageStore`. O(log n + count).
    public func places(
        in shopID: ShopID, after cursor: MessageCursor, countMax: Int
    ) async throws(StorageError) -> [MessageCursor] {
        try await read { db in
            let rows = try Row.fetchCursor(
                db.cachedStatement(sql: Queries.placesAfter),
                arguments: [shopID.text, cursor.createdAt.microsecondsSinceEpoch, cursor.id.text, countMax])
            var places: [MessageCursor] = []
            while let row = try rows.next() {
                places.append(
                    MessageCursor(createdAt: Timestamp(microsecondsSinceEpoch: row[0]), id: MessageID(row[1])))
            }
            return places
        }
    }

    /// See `MessageStore`. O(messages of the shop).
    public func messageCount(in shopID: ShopID) async throws(StorageError) -> Int {
        try await read { db in
            try Int.fetchOne(db.cachedStatement(sql: Queries.countMessages), arguments: [shopID.text]) ?? 0
        }
    }

    /// See `MessageStore`. O(log n).
    public func latestChange(in shopID: ShopID, upTo horizon: Timestamp) async throws(StorageError) -> Timestamp? {
        let microseconds = try await lookUp { db in
            try Int64.fetchOne(
                db.cachedStatement(sql: Queries.latestChange),
                arguments: [shopID.text, horizon.microsecondsSinceEpoch])
        }
        return microseconds.map(Timestamp.init(microsecondsSinceEpoch:))
    }

    /// See `MessageStore`. O(log n).
    public func message(_ id: MessageID) async throws(StorageError) -> Message? {
        try await lookUp { db in try Self.fetch(db, Queries.messageByID, [id.text]).first }
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
