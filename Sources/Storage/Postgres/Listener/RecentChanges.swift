import Chat
import Primitives
import Synchronization

/// The latest changes of messages that this node has made or told: what a listener re-reads after it was away is not
/// told again. And the node's own writes of which it does not know whether they were applied: they are to be looked up.
///
/// Two generations bound it: `turn` drops the older one, and so does a younger one that is full. Any thread; O(1).
public final class RecentChanges: Sendable {
    /// A state of a message, or its end; two that differ have different keys but for a hash's chance.
    struct Key: Hashable, Sendable {
        private let hash: Int

        /// The message as it is after the change.
        init(_ message: Message) {
            self.init(message.id, text: message.text, changedAt: message.changedAt, isEdited: message.isEdited)
        }

        /// The same, from its parts. One time alone would not do: others may change a message twice at one time.
        init(_ id: MessageID, text: String, changedAt time: Timestamp, isEdited: Bool) {
            var hasher = Hasher()
            hasher.combine(id)
            hasher.combine(text)
            hasher.combine(time)
            hasher.combine(isEdited)
            hash = hasher.finalize()
        }

        /// The message's end.
        init(endOf id: MessageID) {
            var hasher = Hasher()
            hasher.combine(id)
            hash = hasher.finalize()
        }
    }

    /// A write of our own that was answered as uncertain.
    struct Doubt: Hashable, Sendable {
        /// What it would have left behind.
        enum Outcome: Hashable, Sendable {
            /// The message, changed at that time.
            case changed(at: Timestamp)
            /// No message.
            case deleted(from: ShopID)
        }

        let id: MessageID
        let outcome: Outcome
    }

    private struct State {
        var younger: Set<Key> = []
        var older: Set<Key> = []
        var doubts: [Doubt] = []
        var isListenerUpToDate = false

        mutating func turn() {
            swap(&younger, &older)
            younger.removeAll(keepingCapacity: true)
        }
    }

    private let generationCountMax: Int
    private let state = Mutex(State())

    /// Remembers at most `countMax` changes: while a listener is away, those of so long count.
    public init(countMax: Int = 1 << 20) {
        precondition(countMax >= 2, "a generation holds one change at least")
        generationCountMax = countMax / 2
    }

    /// Notes a change; false when it was noted before.
    @discardableResult
    func note(_ key: Key) -> Bool {
        state.withLock { state in
            guard !state.older.contains(key), state.younger.insert(key).inserted else { return false }
            if state.younger.count >= generationCountMax { state.turn() }
            return true
        }
    }

    /// What was noted before the last turn is forgotten. To be called while nothing is missed, and less often than a
    /// look at what was missed reaches back.
    func turn() { state.withLock { $0.turn() } }

    /// A write that was noted failed, and may have been applied all the same: should it show, it is news.
    func doubt(_ key: Key, _ doubt: Doubt) {
        state.withLock { state in
            state.younger.remove(key)
            state.older.remove(key)
            // No more writes than these are ever under way.
            if state.doubts.count < generationCountMax { state.doubts.append(doubt) }
        }
    }

    /// Whether the node has published all that it heard, so that what is visible now may count as published.
    var isMarkDue: Bool { state.withLock { $0.isListenerUpToDate } }

    /// The listener says whether it has published all that it heard.
    func setListener(isUpToDate: Bool) { state.withLock { $0.isListenerUpToDate = isUpToDate } }

    /// The doubts since the last call.
    func takeDoubts() -> [Doubt] {
        state.withLock { state in
            defer { state.doubts = [] }
            return state.doubts
        }
    }
}
