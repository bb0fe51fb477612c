import Primitives

/// The streams of a lane that wait before they connect again, and the rate at which they may. A value without I/O; time
/// comes in as an argument.
struct ReconnectQueue: Sendable {
    private var waiting: [(stream: UInt32, dueAt: MonotonicInstant)] = []
    private let perSecondMax: Double
    /// Connects that may begin at once.
    private var credit = 1.0
    private var creditedAt: MonotonicInstant?

    /// A queue that lets at most `perSecondMax` streams a second go.
    init(perSecondMax: Double) {
        precondition(perSecondMax > 0)
        self.perSecondMax = perSecondMax
    }

    /// The number of streams that wait. O(1).
    var count: Int { waiting.count }

    /// Adds a stream that is due after `wait`. Amortised O(1).
    mutating func add(_ stream: UInt32, after wait: Duration, at now: MonotonicInstant) {
        waiting.append((stream, now + wait))
    }

    /// Takes the streams that are due and within the rate, the earliest first. O(n), and O(n log n) when some are due.
    mutating func takeDue(at now: MonotonicInstant) -> [UInt32] {
        let elapsed = Double(now.since(creditedAt ?? now).wholeNanoseconds) / 1e9
        creditedAt = now
        // What was not used is not saved up: a pause is followed by no burst.
        credit = min(credit + elapsed * perSecondMax, max(1, perSecondMax * Self.burstSeconds))
        guard credit >= 1, waiting.contains(where: { $0.dueAt <= now }) else { return [] }
        waiting.sort { $0.dueAt < $1.dueAt }
        let due = waiting.prefix { $0.dueAt <= now }.prefix(Int(credit))
        credit -= Double(due.count)
        defer { waiting.removeFirst(due.count) }
        return due.map(\.stream)
    }

    /// The span of time whose connects may begin at once; lanes look fifty times a second.
    private static let burstSeconds = 0.05
}
