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
        /// The number of messages that name an image, by the name of the image's file.
        var imageNameCounts: [String: Int] = [:]
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
