import Primitives
import Storage

/// What the last look at the store said: all that `/readyz` answers from, however often it is asked. The first shard
/// looks once a second, and tells the others what changed. A value; time is an argument.
struct ReadinessCheck {
    enum State: Sendable, Hashable {
        /// The store reads and writes.
        case ready
        /// The last check failed.
        case failed(StorageError.Kind)
        /// A check has been in flight for longer than `ServerLimits.readinessWait`.
        case unanswered
    }

    /// At first ready: a server starts with a store that it has just opened.
    private(set) var state = State.ready
    private var begunAt: MonotonicInstant?

    /// Begins a check; false while one is in flight.
    mutating func begin(at now: MonotonicInstant) -> Bool {
        guard begunAt == nil else { return false }
        begunAt = now
        return true
    }

    /// The check is over, with a failure or nil. True when the state changed.
    mutating func ended(_ failure: StorageError.Kind?) -> Bool {
        begunAt = nil
        return become(failure.map(State.failed) ?? .ready)
    }

    /// Looks whether the check in flight takes too long. True when the state changed.
    mutating func timePassed(at now: MonotonicInstant) -> Bool {
        guard let begunAt, now.since(begunAt) >= ServerLimits.readinessWait else { return false }
        return become(.unanswered)
    }

    /// Takes another state; true when it is another.
    mutating func become(_ next: State) -> Bool {
        defer { state = next }
        return state != next
    }
}
