import Chat
import Primitives
import Synchronization

/// The latest changes of messages that this node made or reported, so that a broker that reads missed changes does
/// not report them again. Also the node's own writes of unknown outcome, which the broker must look up.
///
/// Two generations bound the memory: `turn` drops the older one, and a full younger one does so too. Any thread; O(1).
public final class RecentChanges: Sendable {
    /// A state of a message, or its deletion. Different states have different keys, except for hash collisions.
    package struct Key: Hashable, Sendable {
        private let hash: Int

        /// The message after the change.
        package init(_ message: Message) {
            self.init(message.id, text: message.text, changedAt: message.changedAt, isEdited: message.isEdited)
        }

        /// The key from the message's parts. The time alone does not suffice, as other writers may change a message
        /// twice at one time.
        package init(_ id: MessageID, text: String, changedAt time: Timestamp, isEdited: Bool) {
            var hasher = Hasher()
            hasher.combine(id)
            hasher.combine(text)
            hasher.combine(time)
            hasher.combine(isEdited)
            hash = hasher.finalize()
        }

        /// The message's deletion.
        package init(endOf id: MessageID) {
            var hasher = Hasher()
            hasher.combine(id)
            hash = hasher.finalize()
        }
    }

    /// A write of this node that ended with an unknown outcome.
    package struct Doubt: Hashable, Sendable {
        /// The state that the write leaves when it was applied.
        package enum Outcome: Hashable, Sendable {
            /// The message, changed at that time.
            case changed(at: Timestamp)
            /// No message.
            case deleted(from: ShopID)
        }

        /// The message that the write concerns.
        package let id: MessageID
        /// What the write leaves.
        package let outcome: Outcome

        /// Creates a doubt.
        package init(id: MessageID, outcome: Outcome) {
            self.id = id
            self.outcome = outcome
        }
    }

    private struct State {
        var younger: Set<Key> = []
        var older: Set<Key> = []
        var doubts: [Doubt] = []
        var isBrokerUpToDate = false

        mutating func turn() {
            swap(&younger, &older)
            younger.removeAll(keepingCapacity: true)
        }
    }

    private let generationCountMax: Int
    private let state = Mutex(State())

    /// Remembers at most `countMax` changes, which bounds how long the broker may be disconnected before changes are
    /// reported twice.
    public init(countMax: Int = 1 << 20) {
        precondition(countMax >= 2, "a generation holds one change at least")
        generationCountMax = countMax / 2
    }

    /// Records a change; returns false when it was recorded already.
    @discardableResult
    package func note(_ key: Key) -> Bool {
        state.withLock { state in
            guard !state.older.contains(key), state.younger.insert(key).inserted else { return false }
            if state.younger.count >= generationCountMax { state.turn() }
            return true
        }
    }

    /// Forgets what was recorded before the last turn. Call it only while nothing is missed, and at intervals longer
    /// than the overlap of a read of missed changes.
    package func turn() { state.withLock { $0.turn() } }

    /// A recorded write failed, but may have been applied. If its change appears, it is news.
    func doubt(_ key: Key, _ doubt: Doubt) {
        state.withLock { state in
            state.younger.remove(key)
            state.older.remove(key)
            // The limit exceeds the number of writes that can be in flight.
            if state.doubts.count < generationCountMax { state.doubts.append(doubt) }
        }
    }

    /// Whether the node has published everything that it received, so that what is visible now counts as published.
    var isMarkDue: Bool { state.withLock { $0.isBrokerUpToDate } }

    /// The broker reports whether it has published everything that it received.
    package func setBroker(isUpToDate: Bool) { state.withLock { $0.isBrokerUpToDate = isUpToDate } }

    /// Takes the writes of unknown outcome since the last call.
    package func takeDoubts() -> [Doubt] {
        state.withLock { state in
            defer { state.doubts = [] }
            return state.doubts
        }
    }
}
