import Primitives
import Reactor
import Synchronization

/// The source of a shard's civil time: for tokens, the times of messages and `Date`.
enum CivilClock: Sendable {
    /// The machine's wall clock.
    case system
    /// The driver's clock, counted from a civil time. For a simulation, so that a seed repeats every byte.
    case counted(from: CivilOrigin)
}

/// The civil time at which a driver's clock began. A simulation moves it. Any thread.
final class CivilOrigin: Sendable {
    private let microseconds: Atomic<Int64>

    init(_ time: Timestamp) { microseconds = Atomic(time.microsecondsSinceEpoch) }

    /// In microseconds since the Unix epoch.
    var microsecondsSinceEpoch: Int64 { microseconds.load(ordering: .relaxed) }

    /// Sets the clock back, or ahead with a negative number.
    func setBack(byMicroseconds count: Int64) { microseconds.subtract(count, ordering: .relaxed) }
}

extension Shard {
    /// The civil time now, to the microsecond.
    var civilTime: Timestamp {
        switch environment.civilClock {
        case .system:
            WallClock.now
        case .counted(let origin):
            Timestamp(
                microsecondsSinceEpoch: origin.microsecondsSinceEpoch + Int64(reactor.io.now.nanoseconds / 1_000))
        }
    }
}
