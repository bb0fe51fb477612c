internal import Primitives

/// Values by user, each kept for `period` after it was last set, and at most for twice as long.
///
/// Two generations: when the younger one is a period old it becomes the older one, whose values go all at once. So no
/// sweep is needed, and what is dropped costs O(1) a value to set. A value without a clock; `Value` is trivial.
struct GenerationTable<Value: BitwiseCopyable> {
    private let period: Duration
    private let generationCountMax: Int
    private var younger: [UserLimits.User: Value] = [:]
    private var older: [UserLimits.User: Value] = [:]
    private var turnedAt = MonotonicInstant(nanoseconds: 0)
    /// Values that were dropped before their time, for room.
    private(set) var evictionCount = 0

    /// An empty table of at most `countMax` values.
    init(period: Duration, countMax: Int) {
        precondition(countMax >= 2, "a generation holds one value at least")
        self.period = period
        generationCountMax = countMax / 2
    }

    /// The values that are held.
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

    /// Drops the values whose time is over; O(1) but for freeing them.
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
