import Primitives

extension PostgresStore {
    /// See `MessageStore`.
    public func append(_ message: Message) async throws(StorageError) {
        do throws(StorageError) {
            try await store(message)
        } catch {
            statisticsTotal.answered(isStored: false)
            throw error
        }
        statisticsTotal.answered(isStored: true)
    }

    private func store(_ message: Message) async throws(StorageError) {
        try Validation.check(message)
        let work = PostgresWork(
            statement: .insertMessage,
            parameters: [
                .text(message.id.text), .text(message.shopID.text), .text(message.userID.text), .text(message.text),
                .time(message.createdAt), .optional(message.updatedAt), .boolean(message.isEdited),
                .optional(message.parentID?.text), .optional(message.username),
            ],
            checkParameters: [
                .text(message.id.text), .text(message.shopID.text), .text(message.userID.text),
                .time(message.createdAt),
            ])
        let results = try await noting(
            RecentChanges.Key(message), .changed(at: message.changedAt), of: message.id
        ) { () async throws(StorageError) in
            try await self.run(work, .append, key: message.shopID.stableHash)
        }
        // Either it was inserted, or the check behind it found the very row that an earlier attempt had left.
        let isStored = results.first?.affectedCount == 1 || (results.count > 1 && results.last?.rowCount == 1)
        if !isStored { throw StorageError(.conflict, detail: "message id") }
    }

    /// See `MessageStore`.
    public func edit(
        _ id: MessageID, in shopID: ShopID, text: String, at time: Timestamp
    ) async throws(StorageError) -> Message? {
        try Validation.check(text: text)
        let key = RecentChanges.Key(id, text: text, changedAt: time, isEdited: true)
        let result = try await noting(key, .changed(at: time), of: id) { () async throws(StorageError) in
            try await self.write(
                .editMessage, [.text(id.text), .text(text), .time(time)], key: shopID.stableHash, isRepeatable: true)
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

    /// Runs a write that the listener is not to take for another's; should its outcome stay unknown, the listener looks
    /// for it and tells it.
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

    /// See `MessageStore`. O(log n + limit).
    public func messages(
        in shopID: ShopID, changedAfter: Timestamp?, limit: Int
    ) async throws(StorageError) -> MessagePage {
        let limit = Limits.page(limit)
        var (countMax, byteCountMax) = (limit, Limits.pageByteCountMax)
        while true {
            // One more than the page holds tells whether there are more.
            let bounds: [PostgresValue] = [.integer(Int64(countMax) + 1), .integer(Int64(byteCountMax))]
            let result =
                if let changedAfter {
                    try await read(.messagesByChange, [.text(shopID.text), .time(changedAfter)] + bounds)
                } else {
                    try await read(.messagesByCreation, [.text(shopID.text)] + bounds)
                }
            var builder = PageBuilder(changedAfter == nil ? .creation : .change, limit: limit)
            let isAllRead = try await Self.add(result, to: &builder, countMax: countMax, byteCountMax: byteCountMax)
            // What came is of one time, and there is more of it: the page holds that as well.
            let reachesFarther =
                countMax < Limits.momentMessageCountMax || byteCountMax < Limits.momentByteCountMax
            if builder.isCut || isAllRead || !reachesFarther { return builder.page }
            countMax = min(4 * countMax, Limits.momentMessageCountMax)
            byteCountMax = min(4 * byteCountMax, Limits.momentByteCountMax)
        }
    }

    /// Fills a page; other tasks of the caller's executor have a turn between its parts. Whether the rows are all that
    /// there are, given their bounds.
    private static func add(
        _ result: PostgresResult, to builder: inout PageBuilder, countMax: Int, byteCountMax: Int
    ) async throws(StorageError) -> Bool {
        var byteCount = 0
        for row in 0..<result.rowCount {
            let sum = result.integer(row, 9).map(Int.init) ?? byteCount
            guard builder.add(try message(result, row), byteCount: sum - byteCount) else { return false }
            byteCount = sum
            if row % Limits.messagesPerSlice == Limits.messagesPerSlice - 1 { await Task.yield() }
        }
        return result.rowCount <= countMax && byteCount <= byteCountMax
    }

    /// See `MessageStore`. O(messages of the shop).
    public func page(_ number: Int, in shopID: ShopID, limit: Int) async throws(StorageError) -> NumberedPage {
        let limit = Limits.page(limit)
        let (product, isBeyond) = (max(1, number) - 1).multipliedReportingOverflow(by: limit)
        let skipped = isBeyond ? Int64.max : Int64(product)
        let result = try await read(
            .numberedPage, [.text(shopID.text), .integer(Int64(limit)), .integer(skipped)])
        guard let total = result.integer(0, 9) else { throw StorageError(.unexpected, detail: "no count") }
        // Without a message on the page there is one row, which holds the count alone.
        let isEmpty = result.text(0, 0) == nil
        return NumberedPage(messages: isEmpty ? [] : try Self.messages(result), totalMessageCount: Int(total))
    }

    /// See `MessageStore`. O(log n + limit).
    public func messages(
        in shopID: ShopID, before cursor: MessageCursor, limit: Int
    ) async throws(StorageError) -> MessagePage {
        try await nearest(.messagesBefore, shopID, cursor, limit: Limits.page(limit))
    }

    /// See `MessageStore`. O(log n + limit).
    public func messages(
        in shopID: ShopID, after cursor: MessageCursor, limit: Int
    ) async throws(StorageError) -> MessagePage {
        var page = try await nearest(.messagesAfter, shopID, cursor, limit: Limits.page(limit))
        page.messages.reverse()
        return page
    }

    private func nearest(
        _ statement: PostgresStatement, _ shopID: ShopID, _ cursor: MessageCursor, limit: Int
    ) async throws(StorageError) -> MessagePage {
        let result = try await read(
            statement,
            [.text(shopID.text), .time(cursor.createdAt), .text(cursor.id.text), .integer(Int64(limit) + 1)])
        return try Self.page(result, limit: limit)
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

    /// One more than the limit was asked for: it tells whether there are more.
    private static func page(_ result: PostgresResult, limit: Int) throws(StorageError) -> MessagePage {
        var messages = try messages(result)
        let hasMore = messages.count > limit
        if hasMore { messages.removeLast() }
        return MessagePage(messages: messages, hasMore: hasMore)
    }

    static func messages(_ result: PostgresResult) throws(StorageError) -> [Message] {
        var messages: [Message] = []
        messages.reserveCapacity(result.rowCount)
        for row in 0..<result.rowCount { messages.append(try message(result, row)) }
        return messages
    }

    static func message(_ result: PostgresResult, _ row: Int) throws(StorageError) -> Message {
        guard let id = result.text(row, 0), let shopID = result.text(row, 1), let userID = result.text(row, 2),
            let text = result.text(row, 3), let createdAt = result.time(row, 4)
        else { throw StorageError(.corrupt, detail: "a message lacks a column") }
        return Message(
            id: MessageID(id), shopID: ShopID(shopID), userID: UserID(userID), text: text,
            createdAt: createdAt, updatedAt: result.time(row, 5), isEdited: result.boolean(row, 6) ?? false,
            parentID: result.text(row, 7).map(MessageID.init(_:)), username: result.text(row, 8))
    }
}
