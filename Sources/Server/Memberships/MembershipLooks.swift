import Primitives

/// When the log of changed memberships is read beside the rounds of housekeeping, because of notifications.
///
/// One look is in flight at a time, and a pause follows each: notifications that come meanwhile share the next look, so
/// that a flood of them, forged ones included, costs a bounded number of queries.
struct MembershipLooks {
    /// From one look to the next.
    static let pause: Duration = .milliseconds(50)

    private enum Phase {
        case idle(since: MonotonicInstant?)
        case scheduled
        case looking(isHintedAgain: Bool)
    }

    private var phase = Phase.idle(since: nil)

    init() {}

    /// Memberships may have changed; returns when to look, nil when a look is due already.
    mutating func hinted(at now: MonotonicInstant) -> MonotonicInstant? {
        switch phase {
        case .idle(let since):
            phase = .scheduled
            return max(now, since.map { $0 + Self.pause } ?? now)
        case .scheduled: return nil
        case .looking:
            phase = .looking(isHintedAgain: true)
            return nil
        }
    }

    /// A look begins: what is hinted from here on needs another one.
    mutating func began() { phase = .looking(isHintedAgain: false) }

    /// The look is over; returns when the next one is due, nil when none is.
    mutating func ended(at now: MonotonicInstant) -> MonotonicInstant? {
        guard case .looking(true) = phase else {
            phase = .idle(since: now)
            return nil
        }
        phase = .scheduled
        return now + Self.pause
    }
}
