import Primitives

/// The clock of deadlines: monotonic time without the spans in which the reactor could not run.
///
/// While the process is stopped, or one piece of work holds the reactor, the reactor neither reads what peers have sent
/// nor sends what they wait for. Such a span counts against no peer: every deadline of the reactor moves by its length.
/// The clock detects a span by a late reading: a wait in the kernel ends at its deadline, and everything between two
/// waits ends within `toleratedSpan`. Of a span that ends late only `toleratedSpan` counts, because it is unknown when
/// in it the reactor last ran. A reactor that is always late therefore still reaches its deadlines. The clock never
/// goes back.
///
/// A value; the monotonic time is an argument.
struct ServiceClock {
    /// How late a reading may be, and how much of a later one counts.
    static let toleratedSpan = Duration.milliseconds(100)

    /// The time of the last reading, on this clock.
    private(set) var now: MonotonicInstant
    /// The time of the last reading, on the monotonic clock.
    private(set) var readAt: MonotonicInstant
    /// The time that was left out so far.
    private(set) var pausedNanoseconds: UInt64 = 0
    /// The number of readings that left time out.
    private(set) var pauseCount: UInt64 = 0

    /// A clock that agrees with the monotonic clock at first.
    init(now: MonotonicInstant) {
        self.now = now
        readAt = now
    }

    /// Reads the clock. The reading was due by `expectedAt` on the monotonic clock, or by the last reading if that is
    /// later.
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

    /// Converts a time of this clock to the monotonic clock; right as long as no more time is left out.
    func monotonic(_ instant: MonotonicInstant) -> MonotonicInstant {
        instant + .nanoseconds(Int64(clamping: pausedNanoseconds))
    }

    /// The inverse of `monotonic`, under the same condition.
    func deadline(at monotonic: MonotonicInstant) -> MonotonicInstant {
        monotonic.nanoseconds == .max
            ? monotonic
            : MonotonicInstant(nanoseconds: monotonic.nanoseconds - min(pausedNanoseconds, monotonic.nanoseconds))
    }
}
