import Chat
import Primitives

extension MemoryStore {
    /// See `MessageStore`. O(log n) when the shop's times increase, else O(n).
    @discardableResult
    public func append(_ message: Message) async throws(StorageError) -> Timestamp {
        try withState { state throws(StorageError) in
            do throws(StorageError) {
                try insert(message, into: &state)
                state.statistics.storedCount += 1
                state.statistics.commitCount += 1
                state.statistics.batchMessageCountMax = 1
                return message.createdAt
            } catch {
                state.statistics.failedCount += 1
                throw error
            }
        }
    }

    private func insert(_ message: Message, into state: inout State) throws(StorageError) {
        try Validation.check(message)
        guard state.messages.count < messageCountMax else {
            if state.messages[message.id] != nil { throw StorageError(.conflict, detail: "message id") }
            throw StorageError(.full)
        }
        let entry = Entry(message)
        // One look-up, as ids are new but for mistakes.
        if let earlier = state.messages.updateValue(entry, forKey: message.id) {
            state.messages[message.id] = earlier
            throw StorageError(.conflict, detail: "message id")
        }
        state.shops[message.shopID, default: Shop()].insert(entry)
    }

    /// Removes a message from all orders.
    private static func remove(_ id: MessageID, from state: inout State) -> Message? {
        guard let entry = state.messages.removeValue(forKey: id) else { return nil }
        state.shops[entry.message.shopID, default: Shop()].remove(entry)
        return entry.message
    }

    /// See `MessageStore`. O(log n + count).
    public func slice(_ query: MessageSliceQuery) async throws(StorageError) -> MessageSlice {
        try withState { state in
            guard let shop = state.shops[query.shopID] else { return MessageSlice(messages: [], isLast: true) }
            switch query.order {
            case .creation: return Self.take(Self.later(shop.byCreation, query.start, by: .creation), query, state)
            case .change: return Self.take(Self.later(shop.byChange, query.start, by: .change), query, state)
            case .newestFirst:
                let entries = shop.byCreation
                let older =
                    switch query.start {
                    case .skipping(let count): entries.dropLast(count)
                    case .after(let place): entries[..<Self.partition(entries) { MessageCursor(of: $0) >= place }]
                    case .at(let place): entries[..<Self.partition(entries) { MessageCursor(of: $0) > place }]
                    }
                return Self.take(older.reversed(), query, state)
            }
        }
    }

    /// The entries of a list from a position on, ordered by a time.
    private static func later(
        _ entries: [Entry], _ start: MessageSliceQuery.Start, by order: Order
    ) -> ArraySlice<Entry> {
        switch start {
        case .skipping(let count): entries.dropFirst(count)
        case .after(let place), .at(let place):
            entries[
                partition(entries) { MessageCursor(createdAt: order.time(of: $0), id: $0.id) > place }...]
        }
    }

    private static func take(
        _ entries: some Sequence<Entry>, _ query: MessageSliceQuery, _ state: borrowing State
    ) -> MessageSlice {
        var bounds = SliceBounds(query)
        var messages: [Message] = []
        for entry in entries {
            guard bounds.take(textByteCount: entry.message.text.utf8.count) else {
                return MessageSlice(messages: messages, isLast: false)
            }
            messages.append(named(entry.message, in: state))
        }
        return MessageSlice(messages: messages, isLast: true)
    }

    /// See `MessageStore`. O(log n + count).
    public func places(
        in shopID: ShopID, after cursor: MessageCursor, countMax: Int
    ) async throws(StorageError) -> [MessageCursor] {
        try withState { state in
            let entries = state.shops[shopID]?.byCreation ?? []
            return Self.later(entries, .after(cursor), by: .creation).prefix(countMax).map {
                MessageCursor(of: $0.message)
            }
        }
    }

    /// See `MessageStore`. O(1).
    public func messageCount(in shopID: ShopID) async throws(StorageError) -> Int {
        try withState { state in state.shops[shopID]?.byCreation.count ?? 0 }
    }

    /// See `MessageStore`. O(log n), O(n) to move later messages.
    public func edit(
        _ id: MessageID, in shopID: ShopID, text: String, at time: Timestamp
    ) async throws(StorageError) -> Message? {
        try Validation.check(text: text)
        return try withState { state in
            guard var message = Self.remove(id, from: &state) else { return nil }
            message.text = text
            message.updatedAt = time
            message.isEdited = true
            let entry = Entry(message)
            state.messages[id] = entry
            state.shops[message.shopID, default: Shop()].insert(entry)
            return Self.named(message, in: state)
        }
    }

    /// See `MessageStore`. O(log n), O(n) to move later messages.
    public func delete(_ id: MessageID, in shopID: ShopID) async throws(StorageError) -> Message? {
        try withState { state in Self.remove(id, from: &state).map { Self.named($0, in: state) } }
    }

    /// See `MessageStore`. O(1) when no time is later than the horizon, else O(log n).
    public func latestChange(in shopID: ShopID, upTo horizon: Timestamp) async throws(StorageError) -> Timestamp? {
        try withState { state in
            guard let shop = state.shops[shopID] else { return nil }
            let created = shop.byCreation[..<Self.partition(shop.byCreation) { $0.createdAt > horizon }].last
            let changed = shop.byChange[..<Self.partition(shop.byChange) { $0.changedAt > horizon }].last
            return [created?.message.createdAt, changed?.message.changedAt].compactMap { $0 }.max()
        }
    }

    /// See `MessageStore`. O(1).
    public func message(_ id: MessageID) async throws(StorageError) -> Message? {
        try withState { state in state.messages[id].map { Self.named($0.message, in: state) } }
    }

    private static func named(_ message: Message, in state: borrowing State) -> Message {
        guard let username = state.usernames[message.userID] else { return message }
        var message = message
        message.username = username
        return message
    }

    /// The index after all messages that are ordered before `message`.
    static func place(of message: Message, in entries: [Entry], by order: Order) -> Int {
        let time = order.time(of: message)
        // The shop's clock makes times increase.
        guard let last = entries.last, order.time(of: last.message) >= time else { return entries.count }
        return partition(entries) { other in
            let otherTime = order.time(of: other)
            return time != otherTime ? time < otherTime : message.id.precedes(other.id)
        }
    }

    /// The first index whose message is `isBehind`, given that no earlier one is. O(1) when no message is, else O(log
    /// n).
    private static func partition(_ entries: [Entry], isBehind: (Message) -> Bool) -> Int {
        guard let last = entries.last, isBehind(last.message) else { return entries.count }
        var (low, high) = (0, entries.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if isBehind(entries[middle].message) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension Identifier {
    /// Whether the bytes come before those of `other`, as in SQL's binary collation.
    func precedes(_ other: Self) -> Bool { text.utf8.lexicographicallyPrecedes(other.text.utf8) }
}
