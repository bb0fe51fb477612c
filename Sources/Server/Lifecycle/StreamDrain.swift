import Primitives
import Reactor

/// When each stream of a shard ends while the server stops: one after another, evenly over a span, so that their clients
/// do not all reconnect at once. A value; time is an argument.
struct StreamDrain {
    /// The streams that have not ended, the next one last.
    private var remaining: [ConnectionID]
    private let count: Int
    private let beganAt: MonotonicInstant
    private let span: Duration
    /// The timer for the next stream.
    var timer: TimerID?

    /// Ends `connections` in their order, the first at once.
    init(_ connections: [ConnectionID], over span: Duration, at now: MonotonicInstant) {
        remaining = connections.reversed()
        count = connections.count
        beganAt = now
        self.span = span
    }

    /// When the next stream ends; nil when all have ended.
    var nextAt: MonotonicInstant? {
        guard !remaining.isEmpty else { return nil }
        return beganAt + span * (count - remaining.count) / count
    }

    /// Takes the next stream if it is due.
    mutating func popDue(at now: MonotonicInstant) -> ConnectionID? {
        guard let nextAt, nextAt <= now else { return nil }
        return remaining.popLast()
    }
}
