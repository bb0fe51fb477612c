public import Primitives

/// Decides when the file of keys is read and which tokens wait for that read. A value; the time is an argument.
///
/// One read is in flight at a time. Tokens with an unknown `kid` trigger at most one read per `period`. Such a token
/// waits when a read is in flight, or due within `waitMax`; otherwise it is refused at once. At most `waiterCountMax`
/// tokens wait: tokens with invented `kid`s must accumulate neither reads nor requests.
public struct KeyReloadMachine: Sendable {
    /// The interval between two reads that unknown `kid`s trigger.
    public static let period: Duration = .seconds(10)
    /// How long a token waits.
    public static let waitMax: Duration = .seconds(2)
    /// The maximum number of waiting tokens, over all reactors.
    public static let waiterCountMax = 256

    /// What to do with a token with an unknown `kid`.
    public enum Decision: Hashable, Sendable {
        /// Refuse it at once.
        case refuse
        /// Let it wait for the read that is in flight or scheduled.
        case wait
        /// Let it wait, and begin a read now.
        case read
        /// Let it wait, and begin a read at the time.
        case readAt(MonotonicInstant)
    }

    private enum Phase: Hashable, Sendable {
        case idle
        case scheduled
        case reading(isWantedAgain: Bool)
    }

    private var phase = Phase.idle
    private var dueAt: MonotonicInstant
    private var waiterCount = 0

    /// The first token with an unknown `kid` triggers a read at once.
    public init(at now: MonotonicInstant) { dueAt = now }

    /// A token named an unknown key. Unless refused, it counts as waiting until `waiterLeft` or the end of a read.
    public mutating func keyMissed(at now: MonotonicInstant) -> Decision {
        guard waiterCount < Self.waiterCountMax else { return .refuse }
        switch phase {
        case .scheduled, .reading:
            waiterCount += 1
            return .wait
        case .idle where dueAt <= now:
            waiterCount += 1
            begin(at: now)
            return .read
        case .idle where dueAt <= now + Self.waitMax:
            waiterCount += 1
            phase = .scheduled
            return .readAt(dueAt)
        case .idle: return .refuse
        }
    }

    /// The time of the scheduled read was reached. Returns whether to begin the read.
    public mutating func scheduledTimeCame(at now: MonotonicInstant) -> Bool {
        guard phase == .scheduled else { return false }
        begin(at: now)
        return true
    }

    private mutating func begin(at now: MonotonicInstant) {
        phase = .reading(isWantedAgain: false)
        dueAt = now + Self.period
    }

    /// A period or a signal requests a read, independently of tokens. Returns whether to begin it. When a read is in
    /// flight, another one follows it, because the first may have read the file before it changed.
    public mutating func wanted() -> Bool {
        switch phase {
        case .idle, .scheduled:
            phase = .reading(isWantedAgain: false)
            return true
        case .reading:
            phase = .reading(isWantedAgain: true)
            return false
        }
    }

    /// The read has ended, and all waiting tokens are verified with its keys. Returns whether to begin another one.
    public mutating func readEnded() -> Bool {
        waiterCount = 0
        if phase == .reading(isWantedAgain: true) {
            phase = .reading(isWantedAgain: false)
            return true
        }
        phase = .idle
        return false
    }

    /// A waiting token's time ran out.
    public mutating func waiterLeft() { waiterCount = max(0, waiterCount - 1) }
}
