import Primitives
import Synchronization

/// A store in memory, for benchmarks, tests and trying out: gone when the process ends. Nothing in it suspends; one
/// lock, held briefly. Holds at most `messageCountMax` messages, then throws `.full`.
public final class MemoryStore: Store {
    /// A message, shared by the orders that it stands in.
    private final class Entry: Sendable {
        let message: Message

        init(_ message: Message) { self.message = message }
    }

    /// A shop's messages in both orders. A shop has one clock, so that additions go to the end.
    private struct Shop {
        var byCreation: [Entry] = []
        var byChange: [Entry] = []
    }

    private struct State {
        var messages: [MessageID: Entry] = [:]
        var shops: [ShopID: Shop] = [:]
        var members: [ShopID: [UserID: Role]] = [:]
        var usernames: [UserID: String] = [:]
        var statistics = StoreStatistics()
        var isClosed = false
    }

    private let messageCountMax: Int
    private let state = Mutex(State())

    /// An empty store.
    public init(messageCountMax: Int = Limits.memoryMessageCountDefault) {
        precondition(messageCountMax > 0)
        self.messageCountMax = messageCountMax
    }

    /// Runs `body` under the lock, unless the store is closed.
    private func withState<Result>(
        _ body: (inout State) throws(StorageError) -> Result
    ) throws(StorageError) -> Result {
        try state.withLock { state throws(StorageError) -> Result in
            if state.isClosed { throw StorageError(.unavailable, detail: "closed") }
            return try body(&state)
        }
    }
}

// MARK: - Messages

extension MemoryStore {
    /// See `MessageStore`. O(log n) when the shop's times increase, else O(n).
    public func append(_ message: Message) async throws(StorageError) {
        try withState { state throws(StorageError) in
            do throws(StorageError) {
                try insert(message, into: &state)
                state.statistics.storedCount += 1
                state.statistics.commitCount += 1
                state.statistics.batchMessageCountMax = 1
            } catch {
                state.statistics.failedCount += 1
                throw error
            }
        }
    }

    private func insert(_ message: Message, into state: inout State) throws(StorageError) {
        try Validation.check(message)
        if state.messages[message.id] != nil { throw StorageError(.conflict, detail: "message id") }
        if state.messages.count >= messageCountMax { throw StorageError(.full) }
        let entry = Entry(message)
        state.messages[message.id] = entry
        Self.insert(entry, into: &state.shops[message.shopID, default: Shop()].byCreation, orderedBy: \.createdAt)
        Self.insert(entry, into: &state.shops[message.shopID, default: Shop()].byChange, orderedBy: \.changedAt)
    }

    /// See `MessageStore`. O(log n + limit).
    public func messages(
        in shopID: ShopID, changedAfter: Timestamp?, limit: Int
    ) async throws(StorageError) -> MessagePage {
        try withState { state in
            guard let shop = state.shops[shopID] else { return MessagePage(messages: [], hasMore: false) }
            let entries =
                if let changedAfter {
                    shop.byChange[Self.partition(shop.byChange) { $0.changedAt > changedAfter }...]
                } else {
                    shop.byCreation[...]
                }
            let limit = min(max(1, limit), Limits.pageMessageCountMax)
            return MessagePage(
                messages: entries.prefix(limit).map { Self.named($0.message, in: state) },
                hasMore: entries.count > limit
            )
        }
    }

    /// See `MessageStore`. O(1).
    public func latestChange(in shopID: ShopID) async throws(StorageError) -> Timestamp? {
        try withState { state in
            guard let shop = state.shops[shopID], let created = shop.byCreation.last, let changed = shop.byChange.last
            else { return nil }
            return max(created.message.createdAt, changed.message.changedAt)
        }
    }

    /// See `MessageStore`. O(1).
    public func message(_ id: MessageID) async throws(StorageError) -> Message? {
        try withState { state in state.messages[id].map { Self.named($0.message, in: state) } }
    }

    /// See `MessageStore`.
    public func ping() async throws(StorageError) {
        try withState { _ in }
    }

    /// See `MessageStore`. Forgets everything.
    public func close() async {
        state.withLock { state in
            let statistics = state.statistics
            state = State()
            state.statistics = statistics
            state.isClosed = true
        }
    }

    /// See `MessageStore`.
    public var statistics: StoreStatistics { state.withLock { $0.statistics } }

    private static func named(_ message: Message, in state: borrowing State) -> Message {
        guard let username = state.usernames[message.userID] else { return message }
        var message = message
        message.username = username
        return message
    }

    private static func insert(_ entry: Entry, into entries: inout [Entry], orderedBy time: KeyPath<Message, Timestamp>)
    {
        let place = partition(entries) { other in
            let (left, right) = (entry.message[keyPath: time], other[keyPath: time])
            return left != right ? left < right : entry.message.id.precedes(other.id)
        }
        entries.insert(entry, at: place)
    }

    /// The first index whose message is `isBehind`, given that all before are not. O(1) when none is, else O(log n).
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

// MARK: - Memberships

extension MemoryStore {
    /// See `MembershipStore`. O(1).
    public func role(of userID: UserID, in shopID: ShopID) async throws(StorageError) -> Role? {
        try withState { state in state.members[shopID]?[userID] }
    }

    /// See `MembershipStore`. O(1).
    public func createShop(_ shopID: ShopID, name: String?, at time: Timestamp) async throws(StorageError) {
        try Validation.check(shopID)
        try Validation.check(name: name)
        try withState { state throws(StorageError) in
            if state.members[shopID] != nil { throw StorageError(.conflict, detail: "shop id") }
            state.members[shopID] = [:]
        }
    }

    /// See `MembershipStore`. O(1).
    public func addMember(_ membership: Membership, at time: Timestamp) async throws(StorageError) {
        try Validation.check(membership)
        try withState { state throws(StorageError) in
            if state.members[membership.shopID] == nil { throw StorageError(.notFound, detail: "shop") }
            state.members[membership.shopID]?[membership.userID] = membership.role
        }
    }

    /// See `MembershipStore`. O(1).
    public func removeMember(_ userID: UserID, from shopID: ShopID) async throws(StorageError) -> Bool {
        try withState { state in state.members[shopID]?.removeValue(forKey: userID) != nil }
    }

    /// See `MembershipStore`. O(n log n).
    public func members(of shopID: ShopID) async throws(StorageError) -> [Membership] {
        let members = try withState { state in state.members[shopID] }
        guard let members else { throw StorageError(.notFound, detail: "shop") }
        return members.map { Membership(shopID: shopID, userID: $0.key, role: $0.value) }
            .sorted { $0.userID.precedes($1.userID) }
    }

    /// See `MembershipStore`. O(n).
    public func importMembers(_ rows: [Membership], at time: Timestamp) async throws(StorageError) {
        for row in rows { try Validation.check(row) }
        try withState { state in
            for row in rows { state.members[row.shopID, default: [:]][row.userID] = row.role }
        }
    }

    /// See `MembershipStore`. O(1).
    public func username(of userID: UserID) async throws(StorageError) -> String? {
        try withState { state in state.usernames[userID] }
    }

    /// See `MembershipStore`. O(1).
    public func setUsername(_ username: String?, of userID: UserID) async throws(StorageError) {
        try Validation.check(userID)
        try Validation.check(username: username)
        try withState { state in state.usernames[userID] = username }
    }
}

extension Identifier {
    /// Whether the bytes come before those of `other`, as SQL's binary collation orders them.
    func precedes(_ other: Self) -> Bool { text.utf8.lexicographicallyPrecedes(other.text.utf8) }
}
