/// A point on the monotonic clock, in nanoseconds since an arbitrary origin; it never goes back.
///
/// Protocols take it as an argument and never read a clock, so that a simulation can run a day in a second.
public struct MonotonicInstant: Hashable, Comparable, Sendable {
    /// Nanoseconds since the clock's origin.
    public var nanoseconds: UInt64

    /// An instant `nanoseconds` after the clock's origin.
    @inlinable
    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// Whether `left` is before `right`.
    @inlinable
    public static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The instant `duration` later. A negative duration counts as zero; a sum past the last instant saturates.
    @inlinable
    public static func + (instant: Self, duration: Duration) -> Self {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
        return Self(nanoseconds: overflow ? .max : sum)
    }

    /// The time from `earlier` to this instant, or zero when `earlier` is later.
    @inlinable
    public func since(_ earlier: Self) -> Duration {
        guard nanoseconds > earlier.nanoseconds else { return .zero }
        let span = Int64(clamping: nanoseconds &- earlier.nanoseconds)
        return Duration(attoseconds: Int128(span) * 1_000_000_000)
    }

    /// The earlier one of two times, either of which may be missing. O(1), no allocation.
    @inlinable
    public static func earlier(_ first: Self?, _ second: Self?) -> Self? {
        guard let first, let second else { return first ?? second }
        return min(first, second)
    }
}

extension Duration {
    /// The duration in nanoseconds, clamped to 0 … `UInt64.max`.
    @inlinable
    public var wholeNanoseconds: UInt64 {
        // Up to 18 seconds: one division of 64 bits instead of several of 128.
        if let attoseconds = UInt64(exactly: attoseconds) { return attoseconds / 1_000_000_000 }
        let (seconds, attoseconds) = components
        if seconds < 0 || attoseconds < 0 { return 0 }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return .max }
        let (sum, carry) = whole.addingReportingOverflow(UInt64(attoseconds / 1_000_000_000))
        return carry ? .max : sum
    }
}
