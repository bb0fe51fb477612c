import Chat
import Primitives

extension PostgresStore {
    /// See `MessageStore`.
    @discardableResult
    public func append(_ message: Message) async throws(StorageError) -> Timestamp {
        do throws(StorageError) {
            let time = try await store(message)
            statisticsTotal.answered(isStored: true)
            return time
        } catch {
            statisticsTotal.answered(isStored: false)
            throw error
        }
    }

    private func store(_ message: Message) async throws(StorageError) -> Timestamp {
        try Validation.check(message)
        let work = PostgresWork(
            statement: isShared ? .insertMessageInOrder : .insertMessage,
            parameters: [
                .text(message.id.text), .text(message.shopID.text), .text(message.userID.text), .text(message.text),
                .time(message.createdAt), .optional(message.updatedAt), .boolean(message.isEdited),
                .optional(message.parentID?.text), .optional(message.username),
            ],
            checkParameters: [
                .text(message.id.text), .text(message.shopID.text), .text(message.userID.text),
                .time(message.createdAt), .boolean(isShared),
            ])
        let results = try await noting(
            RecentChanges.Key(message), .changed(at: message.changedAt), of: message.id
        ) { () async throws(StorageError) in
            try await self.run(work, .append, key: message.shopID.stableHash)
        }
        // Either the row was inserted, or the check found the row that an earlier send had stored.
        if let first = results.first, first.affectedCount == 1 {
            return isShared ? first.time(0, 0) ?? message.createdAt : message.createdAt
        }
        guard results.count > 1, let check = results.last, check.rowCount == 1 else {
            throw StorageError(.conflict, detail: "message id")
        }
        return check.time(0, 0) ?? message.createdAt
    }

    /// See `MessageStore`.
    public func edit(
        _ id: MessageID, in shopID: ShopID, text: String, at time: Timestamp
    ) async throws(StorageError) -> Message? {
        try Validation.check(text: text)
        let key = RecentChanges.Key(id, text: text, changedAt: time, isEdited: true)
        let result = try await noting(key, .changed(at: time), of: id) { () async throws(StorageError) in
            try await self.write(
                self.isShared ? .editMessageInOrder : .editMessage, [.text(id.text), .text(text), .time(time)],
                key: shopID.stableHash, isRepeatable: true)
        }
        return try Self.messages(result).first
    }

    /// See `MessageStore`.
    public func delete(_ id: MessageID, in shopID: ShopID) async throws(StorageError) -> Message? {
        let key = RecentChanges.Key(endOf: id)
        let result = try await noting(key, .deleted(from: shopID), of: id) { () async throws(StorageError) in
            try await self.write(.deleteMessage, [.text(id.text)], key: shopID.stableHash, isRepeatable: false)
        }
        return try Self.messages(result).first
    }

    /// Whether the node holds its lock, or needs none.
    public var isWritable: Bool { nodeLock?.isHeld ?? true }

    /// See `MessageStore`. Without the lock it is a write that changes nothing, with the same time limit.
    public func waitUntilWritable(in shopID: ShopID) async throws(StorageError) {
        guard !isWritable else { return }
        _ = try await write(.ping, [], key: shopID.stableHash, isRepeatable: true)
    }

    /// Runs a write that the broker must not report as another writer's. If the outcome remains unknown, the broker
    /// looks up the message and reports its change.
    private func noting<Value>(
        _ key: RecentChanges.Key, _ outcome: RecentChanges.Doubt.Outcome, of id: MessageID,
        _ body: () async throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        recent?.note(key)
        do throws(StorageError) {
            return try await body()
        } catch {
            if error.isOutcomeUnknown { recent?.doubt(key, RecentChanges.Doubt(id: id, outcome: outcome)) }
            throw error
        }
    }

    /// See `MessageStore`. O(log n + count), and O(skipped) entries of an index.
    public func slice(_ query: MessageSliceQuery) async throws(StorageError) -> MessageSlice {
        // Reading one row more than the slice holds shows whether there are more.
        let bounds: [PostgresValue] = [
            .text(query.shopID.text), .integer(Int64(Limits.sliceByteCountMax)),
            .integer(Int64(query.messageCountMax) + 1),
        ]
        func from(_ place: MessageCursor) -> [PostgresValue] {
            bounds + [.time(place.createdAt), .text(place.id.text)]
        }
        let result =
            switch (query.order, query.start) {
            case (.creation, .skipping), (.change, .skipping): try await read(.sliceByCreation, bounds)
            case (.creation, .after(let place)), (.creation, .at(let place)):
                try await read(.sliceByCreationAfter, from(place))
            case (.change, .after(let place)), (.change, .at(let place)):
                try await read(.sliceByChangeAfter, from(place))
            case (.newestFirst, .skipping(let count)):
                try await read(.newestSlice, bounds + [.integer(Int64(count))])
            case (.newestFirst, .after(let place)): try await read(.sliceBefore, from(place))
            case (.newestFirst, .at(let place)): try await read(.sliceDownFrom, from(place))
            }
        return try Self.slice(result, within: SliceBounds(query))
    }

    /// Decodes the rows of a slice. There is one row too many when the list has more.
    static func slice(_ result: PostgresResult, within bounds: SliceBounds) throws(StorageError) -> MessageSlice {
        var taken = bounds
        var slice = MessageSlice(messages: [], isLast: false)
        slice.snapshot = result.rowCount == 0 ? nil : result.text(0, 9).map(StoreSnapshot.init(text:))
        for row in 0..<result.rowCount {
            let message = try Self.message(result, row)
            guard taken.take(textByteCount: message.text.utf8.count) else { return slice }
            slice.messages.append(message)
        }
        // When the first message alone exceeds a slice, the query returns no other row, whether or not there are more.
        slice.isLast = !taken.isExceeded
        return slice
    }

    /// See `MessageStore`. O(log n + count).
    public func places(
        in shopID: ShopID, after cursor: MessageCursor, countMax: Int
    ) async throws(StorageError) -> [MessageCursor] {
        let result = try await read(
            .placesAfter,
            [.text(shopID.text), .time(cursor.createdAt), .text(cursor.id.text), .integer(Int64(countMax))])
        var places: [MessageCursor] = []
        for row in 0..<result.rowCount {
            guard let createdAt = result.time(row, 0), let id = result.text(row, 1) else {
                throw StorageError(.corrupt, detail: "a message lacks a column")
            }
            places.append(MessageCursor(createdAt: createdAt, id: MessageID(id)))
        }
        return places
    }

    /// See `MessageStore`. O(messages of the shop).
    public func messageCount(in shopID: ShopID) async throws(StorageError) -> Int {
        guard let count = try await read(.countMessages, [.text(shopID.text)]).integer(0, 0) else {
            throw StorageError(.unexpected, detail: "no count")
        }
        return Int(clamping: count)
    }

    /// See `MessageStore`. O(log n).
    public func latestChange(in shopID: ShopID, upTo horizon: Timestamp) async throws(StorageError) -> Timestamp? {
        try await read(.latestChange, [.text(shopID.text), .time(horizon)]).time(0, 0)
    }

    /// See `MessageStore`. O(log n).
    public func message(_ id: MessageID) async throws(StorageError) -> Message? {
        try Self.messages(try await read(.messageByID, [.text(id.text)])).first
    }

    // MARK: - Rows

    static func messages(_ result: PostgresResult) throws(StorageError) -> [Message] {
        var messages: [Message] = []
        messages.reserveCapacity(result.rowCount)
        for row in 0..<result.rowCount { messages.append(try message(result, row)) }
        return messages
    }

    /// Decodes the message in a row. Throws `.corrupt` when the row lacks a column.
    package static func message(_ result: PostgresResult, _ row: Int) throws(StorageError) -> Message {
        guard let id = result.text(row, 0), let shopID = result.text(row, 1), let userID = result.text(row, 2),
            let text = result.text(row, 3), let createdAt = result.time(row, 4)
        else { throw StorageError(.corrupt, detail: "a message lacks a column") }
        return Message(
            id: MessageID(id), shopID: ShopID(shopID), userID: UserID(userID), text: text,
            createdAt: createdAt, updatedAt: result.time(row, 5), isEdited: result.boolean(row, 6) ?? false,
            parentID: result.text(row, 7).map(MessageID.init(_:)), username: result.text(row, 8))
    }
}
