import Primitives

/// The clock of deadlines: monotonic time less the spans in which the reactor was kept from running.
///
/// While a process is stopped, or a reactor is held by one piece of work, it neither reads what peers have sent nor
/// sends what they are owed. Such a span counts against no peer: every deadline of the reactor moves by as much. It is
/// known by a reading that comes late: a wait in the kernel ends at its deadline, and everything between two waits is
/// over within `toleratedSpan`. Of a span that ends late only `toleratedSpan` counts, as nothing tells when in it the
/// reactor was last served; so a reactor that is always late has deadlines yet. The clock never goes back.
///
/// A value; the monotonic clock comes in.
struct ServiceClock {
    /// How late a reading may be; and what a later one counts.
    static let toleratedSpan = Duration.milliseconds(100)

    /// The time of the last reading, on this clock.
    private(set) var now: MonotonicInstant
    /// The same on the monotonic clock.
    private(set) var readAt: MonotonicInstant
    /// What was left out so far.
    private(set) var pausedNanoseconds: UInt64 = 0
    /// Readings that left something out.
    private(set) var pauseCount: UInt64 = 0

    /// A clock that agrees with the monotonic one at first.
    init(now: MonotonicInstant) {
        self.now = now
        readAt = now
    }

    /// Reads the clock. The reading was due by `expectedAt` on the monotonic clock; a time before the last reading
    /// stands for that.
    mutating func read(_ monotonic: MonotonicInstant, expectedAt: MonotonicInstant) {
        var span = monotonic.since(readAt)
        if monotonic > max(expectedAt, readAt) + Self.toleratedSpan {
            pausedNanoseconds += (span - Self.toleratedSpan).wholeNanoseconds
            pauseCount += 1
            span = Self.toleratedSpan
        }
        readAt = max(readAt, monotonic)
        now = now + span
    }

    /// Where a time of this clock lies on the monotonic one, as long as nothing more is left out.
    func monotonic(_ instant: MonotonicInstant) -> MonotonicInstant {
        instant + .nanoseconds(Int64(clamping: pausedNanoseconds))
    }

    /// The opposite of `monotonic`, with the same reservation.
    func deadline(at monotonic: MonotonicInstant) -> MonotonicInstant {
        monotonic.nanoseconds == .max
            ? monotonic
            : MonotonicInstant(nanoseconds: monotonic.nanoseconds - min(pausedNanoseconds, monotonic.nanoseconds))
    }
}
