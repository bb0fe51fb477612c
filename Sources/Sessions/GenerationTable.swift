internal import Primitives

/// Values by user. Each is kept for `period` after it was last set, and at most twice as long.
///
/// There are two generations: when the younger one is a period old it becomes the older one, whose values are dropped
/// all at once. No sweep is needed, and dropping costs O(1) per value that was set. A value without a clock; `Value` is
/// trivial.
struct GenerationTable<Value: BitwiseCopyable> {
    /// How long a value is kept after it was last set. A new period is that of the values already set too.
    var period: Duration
    private let generationCountMax: Int
    private var younger: [UserLimits.User: Value] = [:]
    private var older: [UserLimits.User: Value] = [:]
    private var turnedAt = MonotonicInstant(nanoseconds: 0)
    /// Values that were evicted too early.
    private(set) var evictionCount = 0

    /// Creates an empty table of at most `countMax` values.
    init(period: Duration, countMax: Int) {
        precondition(countMax >= 2, "a generation holds one value at least")
        self.period = period
        generationCountMax = countMax / 2
    }

    /// The number of values.
    var count: Int { younger.count + older.count }

    /// The value of a user, if it was set within the period. O(1).
    subscript(_ user: UserLimits.User) -> Value? { younger[user] ?? older[user] }

    /// Sets a user's value. O(1) amortised.
    mutating func set(_ value: Value, of user: UserLimits.User, at now: MonotonicInstant) {
        removeExpired(at: now)
        older.removeValue(forKey: user)
        if younger.count >= generationCountMax, younger[user] == nil {
            evictionCount += older.count
            turn(at: now)
        }
        younger[user] = value
    }

    /// Drops expired values. O(1), except for freeing them.
    mutating func removeExpired(at now: MonotonicInstant) {
        let age = now.since(turnedAt)
        guard age >= period else { return }
        if age >= period * 2 { younger = [:] }
        turn(at: now)
    }

    private mutating func turn(at now: MonotonicInstant) {
        older = younger
        younger = [:]
        turnedAt = now
    }
}
