public import Primitives

/// When the file of keys is read, and which tokens wait for that. A value; time comes in as an argument.
///
/// One read is in flight at a time. Tokens with an unknown `kid` cause one at most every `period`; such a token waits when
/// a read is in flight, or due within `waitMax`, and is refused at once else. So many wait as `waiterCountMax` says:
/// tokens with made-up `kid`s must pile up neither reads nor requests.
public struct KeyReloads: Sendable {
    /// From one read on account of unknown `kid`s to the next.
    public static let period: Duration = .seconds(10)
    /// How long a token waits.
    public static let waitMax: Duration = .seconds(2)
    /// The tokens that wait, of all reactors together.
    public static let waiterCountMax = 256

    /// What a token with an unknown `kid` does.
    public enum Decision: Hashable, Sendable {
        /// It is refused at once.
        case refuse
        /// It waits for the read that is in flight or scheduled.
        case wait
        /// It waits, and the read begins now.
        case read
        /// It waits, and the read begins at the time.
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

    /// The first token with an unknown `kid` causes a read at once.
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

    /// The time of the scheduled read has come; true when it is to begin.
    public mutating func scheduledTimeCame(at now: MonotonicInstant) -> Bool {
        guard phase == .scheduled else { return false }
        begin(at: now)
        return true
    }

    private mutating func begin(at now: MonotonicInstant) {
        phase = .reading(isWantedAgain: false)
        dueAt = now + Self.period
    }

    /// The keys are to be read whatever tokens say: by a period, or a signal. True when a read is to begin; another one
    /// follows the read that is in flight, as that may have seen the file before it changed.
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

    /// The read is over: all that waited are judged by it. True when another one is to begin.
    public mutating func readEnded() -> Bool {
        waiterCount = 0
        if phase == .reading(isWantedAgain: true) {
            phase = .reading(isWantedAgain: false)
            return true
        }
        phase = .idle
        return false
    }

    /// A token gave up waiting.
    public mutating func waiterLeft() { waiterCount = max(0, waiterCount - 1) }
}
