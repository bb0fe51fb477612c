internal import Primitives

/// The bytes that a user stored within the last hour, in periods of five minutes. A byte counts for at least an hour
/// and at most five minutes longer.
struct UploadWindow: BitwiseCopyable {
    private static let periodSeconds: UInt64 = 300
    /// The periods of an hour, and the one in progress.
    private static let periodCount = 13
    /// After this time nothing counts.
    static let duration: Duration = .seconds(periodSeconds * UInt64(periodCount))

    /// The bytes of each period, by the period's number modulo the count.
    private var byteCounts = InlineArray<13, Int>(repeating: 0)
    /// The period in which a byte was last counted.
    private var latest: UInt64 = 0

    private static func period(at now: MonotonicInstant) -> UInt64 {
        now.nanoseconds / (periodSeconds * 1_000_000_000)
    }

    /// The number of bytes that count now.
    func byteCount(at now: MonotonicInstant) -> Int {
        var window = self
        window.advance(to: Self.period(at: now))
        var sum = 0
        for index in window.byteCounts.indices { sum += window.byteCounts[index] }
        return sum
    }

    /// Counts bytes.
    mutating func add(_ byteCount: Int, at now: MonotonicInstant) {
        advance(to: Self.period(at: now))
        byteCounts[Self.slot(latest)] += byteCount
    }

    /// Subtracts bytes that were counted recently, beginning with the newest periods.
    mutating func remove(_ byteCount: Int, at now: MonotonicInstant) {
        advance(to: Self.period(at: now))
        var rest = byteCount
        for age in 0..<min(UInt64(Self.periodCount), latest + 1) {
            let slot = Self.slot(latest - age)
            let taken = min(rest, byteCounts[slot])
            byteCounts[slot] -= taken
            rest -= taken
        }
    }

    /// The seconds until at most `byteCount` bytes count, at least 1; a whole window when that never happens.
    func waitForRoom(ofByteCount byteCount: Int, at now: MonotonicInstant) -> Int {
        var window = self
        let current = Self.period(at: now)
        for ahead in 1...UInt64(Self.periodCount) {
            window.advance(to: current + ahead)
            var sum = 0
            for index in window.byteCounts.indices { sum += window.byteCounts[index] }
            if sum <= byteCount || ahead == UInt64(Self.periodCount) {
                let end = (current + ahead) * Self.periodSeconds
                return max(1, Int(end - now.nanoseconds / 1_000_000_000))
            }
        }
        return Int(Self.periodSeconds)
    }

    private mutating func advance(to period: UInt64) {
        guard period > latest else { return }
        for passed in 1...min(period - latest, UInt64(Self.periodCount)) {
            byteCounts[Self.slot(latest + passed)] = 0
        }
        latest = period
    }

    private static func slot(_ period: UInt64) -> Int { Int(period % UInt64(periodCount)) }
}
