import Chat
import Primitives
import Synchronization

/// A store in memory, for benchmarks, tests and demos. Its contents are lost when the process ends. No call suspends.
/// One lock protects the state and is held briefly. Holds at most `messageCountMax` messages, then throws `.full`.
public final class MemoryStore: Store {
    /// A message, shared by the two orders of its shop.
    final class Entry: Sendable {
        let message: Message

        init(_ message: Message) { self.message = message }
    }

    /// A shop's messages in both orders. The shop's one clock makes times increase, so additions go to the end.
    struct Shop {
        var byCreation: [Entry] = []
        var byChange: [Entry] = []
        /// No message has a later time. Kept here, because the last messages are in memory that no cache has.
        private var latestTime = Timestamp.earliest
        /// The number of messages that name an image, by the name of the image's file.
        var imageNameCounts: [String: Int] = [:]

        mutating func insert(_ entry: Entry) {
            for name in ImageNames.names(in: entry.message.text) { imageNameCounts[name, default: 0] += 1 }
            let (createdAt, changedAt) = (entry.message.createdAt, entry.message.changedAt)
            if min(createdAt, changedAt) > latestTime {
                byCreation.append(entry)
                byChange.append(entry)
            } else {
                Self.insert(entry, into: &byCreation, by: .creation)
                Self.insert(entry, into: &byChange, by: .change)
            }
            latestTime = max(latestTime, createdAt, changedAt)
        }

        private static func insert(_ entry: Entry, into entries: inout [Entry], by order: Order) {
            let place = MemoryStore.place(of: entry.message, in: entries, by: order)
            if place == entries.count { entries.append(entry) } else { entries.insert(entry, at: place) }
        }

        mutating func remove(_ entry: Entry) {
            for name in ImageNames.names(in: entry.message.text) {
                let count = imageNameCounts[name] ?? 0
                imageNameCounts[name] = count > 1 ? count - 1 : nil
            }
            Self.remove(entry, from: &byCreation, by: .creation)
            Self.remove(entry, from: &byChange, by: .change)
        }

        private static func remove(_ entry: Entry, from entries: inout [Entry], by order: Order) {
            let place = MemoryStore.place(of: entry.message, in: entries, by: order) - 1
            precondition(place >= 0 && entries[place] === entry, "a message stands where its time puts it")
            entries.remove(at: place)
        }
    }

    /// The time that orders messages.
    enum Order {
        case creation
        case change

        func time(of message: Message) -> Timestamp {
            switch self {
            case .creation: message.createdAt
            case .change: message.changedAt
            }
        }
    }

    struct State {
        var messages: [MessageID: Entry] = [:]
        var shops: [ShopID: Shop] = [:]
        var members: [ShopID: [UserID: ShopRole]] = [:]
        /// The roles that members files set.
        var importedRoles: [MembershipChange: ShopRole] = [:]
        var usernames: [UserID: String] = [:]
        var images: [MessageID: Image] = [:]
        var keptImages: Set<MessageID> = []
        /// The memberships that changed. The first one has the position `membershipChangeCount - count + 1`.
        var membershipChanges: [MembershipChange] = []
        var membershipChangeCount: Int64 = 0
        var statistics = StoreStatistics()
        var isClosed = false
    }

    let messageCountMax: Int
    let state = Mutex(State())

    /// Creates an empty store.
    public init(messageCountMax: Int = Limits.memoryMessageCountDefault) {
        precondition(messageCountMax > 0)
        self.messageCountMax = messageCountMax
    }

    /// Runs `body` under the lock, unless the store is closed.
    func withState<Result>(
        _ body: (inout State) throws(StorageError) -> Result
    ) throws(StorageError) -> Result {
        try state.withLock { state throws(StorageError) -> Result in
            if state.isClosed { throw StorageError(.unavailable, detail: "closed") }
            return try body(&state)
        }
    }
}

// MARK: - Lifecycle

extension MemoryStore {
    /// See `MessageStore`.
    public func ping() async throws(StorageError) {
        try withState { _ in }
    }

    /// See `MessageStore`. Drops all contents.
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
}
