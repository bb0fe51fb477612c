import Chat
import Primitives
import Synchronization

/// A store in memory, for benchmarks, tests and trying out: gone when the process ends. Nothing in it suspends; one
/// lock, held briefly. Holds at most `messageCountMax` messages, then throws `.full`.
public final class MemoryStore: Store {
    /// A message, shared by the orders that it stands in.
    final class Entry: Sendable {
        let message: Message

        init(_ message: Message) { self.message = message }
    }

    /// A shop's messages in both orders. A shop has one clock, so that additions go to the end.
    struct Shop {
        var byCreation: [Entry] = []
        var byChange: [Entry] = []
        /// By the name of an image's file, how many messages name it.
        var imageNameCounts: [String: Int] = [:]
    }

    struct State {
        var messages: [MessageID: Entry] = [:]
        var shops: [ShopID: Shop] = [:]
        var members: [ShopID: [UserID: ShopRole]] = [:]
        /// The roles that members files gave.
        var importedRoles: [MembershipChange: ShopRole] = [:]
        var usernames: [UserID: String] = [:]
        var images: [MessageID: Image] = [:]
        var keptImages: Set<MessageID> = []
        /// The memberships that changed; the first has the position `membershipChangeCount - count + 1`.
        var membershipChanges: [MembershipChange] = []
        var membershipChangeCount: Int64 = 0
        var statistics = StoreStatistics()
        var isClosed = false
    }

    let messageCountMax: Int
    let state = Mutex(State())

    /// An empty store.
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

// MARK: - Life

extension MemoryStore {
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
}
