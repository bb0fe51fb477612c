import Primitives
import Synchronization

/// The latest changes of messages that this node has made or told: what a listener re-reads after it was away is not
/// told again. Bounded; any thread; O(1).
public final class RecentChanges: Sendable {
    private struct State {
        var keys: Set<UInt64> = []
        var order: [UInt64] = []
        var next = 0
        var latest: Timestamp
    }

    private let countMax: Int
    private let state: Mutex<State>

    /// Remembers at most `countMax`; nothing before `start` is of interest.
    public init(since start: Timestamp, countMax: Int = 65_536) {
        precondition(countMax > 0)
        self.countMax = countMax
        state = Mutex(State(latest: start))
    }

    /// The latest time that was noted.
    var latest: Timestamp { state.withLock { $0.latest } }

    /// Notes a change; false when it was noted before.
    @discardableResult
    func note(_ id: MessageID, changedAt time: Timestamp) -> Bool {
        // 64 bits of a hash stand for the change: among so few a wrong match is out of the question.
        let key = id.stableHash ^ (UInt64(bitPattern: time.microsecondsSinceEpoch) &* 0x9e37_79b9_7f4a_7c15)
        return state.withLock { state in
            state.latest = max(state.latest, time)
            guard state.keys.insert(key).inserted else { return false }
            if state.order.count < countMax {
                state.order.append(key)
            } else {
                state.keys.remove(state.order[state.next])
                state.order[state.next] = key
                state.next = (state.next + 1) % countMax
            }
            return true
        }
    }
}
