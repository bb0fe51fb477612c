import Primitives
import Reactor

/// Where a shard reads civil time: for tokens, the times of messages and `Date`.
enum CivilClock: Sendable {
    /// The machine's wall clock.
    case system
    /// The driver's clock, counted from its origin at a civil time: a simulation's, so that a seed repeats every byte.
    case counted(from: Timestamp)
}

extension Shard {
    /// The civil time now, to the microsecond.
    var civilTime: Timestamp {
        switch civilClock {
        case .system:
            WallClock.now
        case .counted(let origin):
            Timestamp(
                microsecondsSinceEpoch: origin.microsecondsSinceEpoch + Int64(reactor.io.now.nanoseconds / 1_000))
        }
    }
}
