public import Primitives

/// How long turns of the loop took, from their first work to the next look for completions: what arrives meanwhile waits
/// for so long. Counts by bounds.
public struct LoopLag: Sendable {
    /// The upper bounds of the counts, in seconds; the last count has none.
    public static let bounds: [Double] = [
        0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1,
    ]
    /// Turns over it are long, in seconds; one of `bounds`.
    public static let longTurnBound = 0.01
    /// The length of the spans over which the longest turns are kept.
    static let maximumSpan = Duration.seconds(60)
    private static let nanosecondBounds = bounds.map { UInt64($0 * 1e9) }

    /// One count for each bound, and one for longer turns.
    public private(set) var counts = [UInt64](repeating: 0, count: bounds.count + 1)
    /// All turns together, in nanoseconds.
    public private(set) var totalNanoseconds: UInt64 = 0

    /// The longest turn of this span and of the one before, and when this one ends.
    private var maximum: UInt64 = 0
    private var maximumBefore: UInt64 = 0
    private var spanEnd = MonotonicInstant(nanoseconds: 0)

    /// No turns.
    public init() {}

    /// The turns that were long.
    public var longTurnCount: UInt64 {
        zip(Self.bounds, counts).reduce(counts.reduce(0, +)) { $1.0 <= Self.longTurnBound ? $0 - $1.1 : $0 }
    }

    /// The longest turn of the last 60 s at least, and of the last 120 s at most, in nanoseconds. So each long turn is in
    /// it when it is read once a minute, by any number of readers.
    public func longestTurnNanoseconds(at now: MonotonicInstant) -> UInt64 {
        if now < spanEnd { return max(maximum, maximumBefore) }
        return now < spanEnd + Self.maximumSpan ? maximum : 0
    }

    /// Counts a turn that has ended. Most are below the first bound.
    mutating func turnTook(_ nanoseconds: UInt64, until now: MonotonicInstant) {
        if now >= spanEnd { beginSpan(at: now) }
        maximum = max(maximum, nanoseconds)
        totalNanoseconds += nanoseconds
        counts[Self.nanosecondBounds.firstIndex { nanoseconds <= $0 } ?? Self.bounds.count] += 1
    }
    @inline(never)
    private mutating func beginSpan(at now: MonotonicInstant) {
        maximumBefore = now < spanEnd + Self.maximumSpan ? maximum : 0
        maximum = 0
        spanEnd = now + Self.maximumSpan
    }
}
