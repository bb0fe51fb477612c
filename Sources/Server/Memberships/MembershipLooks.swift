import Primitives

/// When to read the log of changed memberships because of notifications, in addition to the rounds of housekeeping.
///
/// One look is in flight at a time, and a pause follows each. Notifications that arrive meanwhile share the next look,
/// so that a flood of them, forged ones included, costs a bounded number of queries.
struct MembershipLooks {
    /// The pause after each look.
    static let pause: Duration = .milliseconds(50)

    private enum Phase {
        case idle(since: MonotonicInstant?)
        case scheduled
        case looking(isHintedAgain: Bool)
    }

    private var phase = Phase.idle(since: nil)

    init() {}

    /// Memberships may have changed. Returns when to look; nil when a look is scheduled or in flight.
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

    /// A look begins. A notification from here on needs another one.
    mutating func began() { phase = .looking(isHintedAgain: false) }

    /// The look ended. Returns when the next one is due; nil when none is.
    mutating func ended(at now: MonotonicInstant) -> MonotonicInstant? {
        guard case .looking(true) = phase else {
            phase = .idle(since: now)
            return nil
        }
        phase = .scheduled
        return now + Self.pause
    }
}
