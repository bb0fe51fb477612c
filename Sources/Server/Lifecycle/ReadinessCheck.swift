import Primitives
import Storage

/// The result of the last check of the store, from which all requests of `/readyz` are answered. The first shard checks
/// once a second, and notifies the others when the state changes. A value; time is an argument.
struct ReadinessCheck {
    enum State: Sendable, Hashable {
        /// The store reads and writes.
        case ready
        /// The last check failed.
        case failed(StorageError.Kind)
        /// A check has been in flight for longer than `ServerLimits.readinessWait`.
        case unanswered
    }

    /// Ready at first: a server starts with a store that it has just opened.
    private(set) var state = State.ready
    private var begunAt: MonotonicInstant?

    /// Begins a check; false while one is in flight.
    mutating func begin(at now: MonotonicInstant) -> Bool {
        guard begunAt == nil else { return false }
        begunAt = now
        return true
    }

    /// The check ended, with a failure or nil. True when the state changed.
    mutating func ended(_ failure: StorageError.Kind?) -> Bool {
        begunAt = nil
        return become(failure.map(State.failed) ?? .ready)
    }

    /// Checks whether the check in flight takes too long. True when the state changed.
    mutating func timePassed(at now: MonotonicInstant) -> Bool {
        guard let begunAt, now.since(begunAt) >= ServerLimits.readinessWait else { return false }
        return become(.unanswered)
    }

    /// Sets the state. True when it changed.
    mutating func become(_ next: State) -> Bool {
        defer { state = next }
        return state != next
    }
}
