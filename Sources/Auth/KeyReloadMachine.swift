public import Primitives

/// Decides when the keys are read and which tokens wait for that read. A value; the time is an argument.
///
/// One read is in flight at a time. Each read says when the next one is due at the latest (`nextReadAt`), whatever
/// caused it, so that a failed read is repeated soon also when it came early. Tokens with an unknown `kid` trigger at most one read per `period`. Such a token
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
    /// When a token may trigger the next read.
    private var dueAt: MonotonicInstant
    /// When the next read is due though no token triggers it.
    private var refreshAt: MonotonicInstant
    private var waiterCount = 0

    /// The keys were read at `now`. The first token with an unknown `kid` triggers a read at once.
    public init(at now: MonotonicInstant, nextReadAfter wait: Duration) {
        dueAt = now
        refreshAt = now + wait
    }

    /// When the next read begins though no token triggers it; nil while a read is in flight, whose end says so.
    public var nextReadAt: MonotonicInstant? {
        if case .reading = phase { nil } else { refreshAt }
    }

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

    /// The time `nextReadAt` was reached. Returns whether to begin the read: not when a read since then moved that time
    /// or is in flight.
    public mutating func refreshTimeCame(at now: MonotonicInstant) -> Bool {
        guard let nextReadAt, nextReadAt <= now else { return false }
        phase = .reading(isWantedAgain: false)
        return true
    }

    /// A signal requests a read, independently of tokens. Returns whether to begin it. When a read is in
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

    /// The read has ended, and all waiting tokens are verified with its keys. The next one is due after `wait` at the
    /// latest. Returns whether to begin another one now.
    public mutating func readEnded(at now: MonotonicInstant, nextReadAfter wait: Duration) -> Bool {
        waiterCount = 0
        refreshAt = now + wait
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
